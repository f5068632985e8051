import pytest

from llm_rerank.request import RankingRequest
from retrieval.errors import RecordError
from retrieval.records import UserHistory


@pytest.mark.parametrize("field", ["top_n", "explained"])
def test_fewer_than_no_items(field: str) -> None:
    with pytest.raises(RecordError, match=field):
        RankingRequest(history=UserHistory(user_id="u"), **{field: -1})
