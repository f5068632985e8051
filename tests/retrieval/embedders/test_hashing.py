import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.linalg import norm

from retrieval.embedders.base import HashingConfig
from retrieval.embedders.hashing import HashingEmbedder

ANY_TEXT = st.text(st.characters(exclude_categories=[]))  # lone surrogates too


@given(ANY_TEXT, st.integers(1, 16))
def test_a_vector_has_length_one_even_where_words_cancel_out(text: str, dimension: int) -> None:
    (vector,) = HashingEmbedder(HashingConfig(dimension=dimension)).embed([text])
    assert norm(vector) == pytest.approx(1, abs=1e-5)


def test_upper_case_reads_as_lower_case() -> None:
    loud, quiet = HashingEmbedder(HashingConfig()).embed(["MILK", "milk"])
    assert (loud == quiet).all()


def test_another_length_is_another_embedder() -> None:
    assert HashingEmbedder(HashingConfig(dimension=8)).name != HashingEmbedder(HashingConfig(dimension=9)).name
