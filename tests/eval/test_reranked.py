import numpy as np
import pytest
from numpy.typing import NDArray

from eval.answerers import RandomRetriever
from eval.reranked import Candidates, Chance, RerankedRetriever
from retrieval.catalogue import Catalogue
from retrieval.records import UserHistory

ANNA, BEN = UserHistory(user_id="anna"), UserHistory(user_id="ben")


def reverse(history: UserHistory, candidates: Candidates) -> NDArray[np.float64]:
    return np.arange(len(candidates), dtype=np.float64)


@pytest.fixture
def of(catalogue: Catalogue) -> RandomRetriever:
    return RandomRetriever(catalogue, 0)


def ids(found: Candidates) -> list[str]:
    return [candidate.item.item_id for candidate in found]


def test_the_first_are_reordered_and_the_others_follow(of: RandomRetriever) -> None:
    before, after = of.retrieve(ANNA, 6), RerankedRetriever(of, 4, reverse).retrieve(ANNA, 6)
    assert ids(after) == [*reversed(ids(before)[:4]), *ids(before)[4:]]
    assert [(candidate.rank, candidate.score) for candidate in after] == [(n, -n) for n in range(1, 7)]


def test_a_short_answer_is_the_best_of_all_candidates(of: RandomRetriever) -> None:
    assert ids(RerankedRetriever(of, 4, reverse).retrieve(ANNA, 1)) == ids(of.retrieve(ANNA, 4))[-1:]
    assert RerankedRetriever(of, 4, reverse).retrieve(ANNA, 0) == ()


def test_what_is_excluded_is_no_candidate(of: RandomRetriever) -> None:
    out = set(ids(of.retrieve(ANNA, 2)))
    assert out.isdisjoint(ids(RerankedRetriever(of, 4, reverse).retrieve(ANNA, 12, exclude=out)))


def test_who_gets_no_candidate_has_no_answer(of: RandomRetriever, catalogue: Catalogue) -> None:
    out = {item.item_id for item in catalogue}
    assert RerankedRetriever(of, 4, lambda *_: pytest.fail("nobody is asked")).retrieve(ANNA, 5, exclude=out) == ()


def test_equal_scores_keep_the_order(of: RandomRetriever) -> None:
    same = RerankedRetriever(of, 4, lambda history, candidates: np.zeros(len(candidates)))
    assert ids(same.retrieve(ANNA, 6)) == ids(of.retrieve(ANNA, 6))


def test_chance_is_the_same_each_time_and_another_for_others(of: RandomRetriever) -> None:
    found = of.retrieve(ANNA, 12)
    assert Chance(0)(ANNA, found).tolist() == Chance(0)(ANNA, found).tolist()
    others = (Chance(0)(ANNA, found), Chance(1)(ANNA, found), Chance(0)(BEN, found))
    assert len({tuple(scores) for scores in others}) == 3
