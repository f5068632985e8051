"""What rerankers makes of documents with ids, and of a refusal."""

from typing import Any

import pytest

from retrieval.errors import EngineError


def reranker(live: Any, **changed: Any) -> Any:
    from rerankers import Reranker  # takes seconds

    return Reranker("any", **{"model_type": "jina", "api_key": live.key, "url": f"{live.url}/v1/rerank"} | changed)


def test_documents_keep_their_ids_and_what_is_known_of_them(live: Any) -> None:
    from rerankers import Document

    documents = [Document("sofa", doc_id="s"), Document("milk", doc_id="m", metadata={"price": 1.2})]
    ranked = reranker(live).rank("milk\nbread", documents)
    assert [result.doc_id for result in ranked] == ["m", "s"]
    assert ranked.top_k(1)[0].price == 1.2
    assert 0 <= ranked.get_score_by_docid("s") <= ranked.get_score_by_docid("m") <= 1


def test_it_scores_one(live: Any) -> None:
    from rerankers import Document

    ranked = reranker(live).rank("milk", ["sofa", "tea"])
    assert reranker(live).score("milk", Document("tea")) == pytest.approx(ranked.get_score_by_docid(1))


def test_a_refusal_is_never_a_ranking(live: Any) -> None:
    with pytest.raises(KeyError, match="results"):  # it does not look at the status
        reranker(live, api_key="wrong").rank("milk", ["sofa", "tea"])


def test_where_the_model_fails_the_order_stays(live: Any) -> None:
    live.service.recommender.reranker.engine.fails = EngineError("out of memory")
    assert [result.doc_id for result in reranker(live).rank("milk", ["sofa", "tea", "milk"])] == [0, 1, 2]
