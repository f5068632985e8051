import numpy as np
import pytest
from scipy.sparse import csr_array

from retrieval.catalogue import Catalogue
from retrieval.errors import DataError
from retrieval.records import Item
from retrieval.retrievers.candidates import best_candidates
from retrieval.retrievers.collaborative import Scorer
from retrieval.retrievers.scorers import SimilarItems, SimilarUsers

LETTERS = Catalogue([Item(item_id=letter, title=letter) for letter in "abcd"])


def test_what_has_no_score_is_no_candidate() -> None:
    found = best_candidates(LETTERS, "mine", np.array([1.0, -np.inf, 3.0, -np.inf]), 4, ())
    assert [(candidate.item.item_id, candidate.score) for candidate in found] == [("c", 3.0), ("a", 1.0)]


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_a_score_that_is_no_number_is_an_error(number: float) -> None:
    with pytest.raises(DataError, match=f"score={number}: mine gives an item a score that is not a number"):
        best_candidates(LETTERS, "mine", np.array([1.0, number, 3.0]), 1, ("b",), positions=np.array([3, 1, 0]))


def test_the_scores_stay_as_they_are() -> None:
    scores = np.array([1.0, 2.0, 3.0, 4.0])
    best_candidates(LETTERS, "mine", scores, 1, ("d",))
    assert scores.tolist() == [1, 2, 3, 4]


def users(centred: bool) -> SimilarUsers:
    damaged = csr_array(np.full((1, 4), np.nan, dtype=np.float32))
    return SimilarUsers(directions=damaged, opinions=damaged, neighbours=1, centred=centred, rows={})


@pytest.mark.parametrize(
    "scorer",
    [SimilarItems(similarity=csr_array(np.full((4, 4), np.nan, dtype=np.float32))), users(True), users(False)],
)
def test_neighbours_that_are_damaged_are_not_taken_for_unknown(scorer: Scorer) -> None:
    scores = scorer("anna", np.array([0, 1]), np.array([5, 3], dtype=np.float32))
    assert np.isnan(scores).all()
