import pytest

from llm_rerank.counted import counted_history
from retrieval.errors import RecordError


def test_order_and_counts_are_kept() -> None:
    history = counted_history("anna", ("tea", "milk"), (2, 1))
    assert history.item_ids == ("tea", "milk")
    assert [interaction.item_id for interaction in history.interactions] == ["tea", "tea", "milk"]


@pytest.mark.parametrize("times", [(1,), (1, 0), (1, -1), (1, 2, 3), (1, None)])
def test_a_count_that_is_missing_is_refused(times: tuple[int, ...]) -> None:
    with pytest.raises(RecordError, match="each of the 2 items of a history needs a count"):
        counted_history("anna", ("tea", "milk"), times)
