"""What is tried of a score: the cited gone or alone, and as many others."""

import numpy as np
import pytest

from eval.reasons.ablation import Trial, tried
from llm_rerank.recommender import Recommender
from llm_rerank.reranker import Query
from retrieval.catalogue import Catalogue
from retrieval.log import InteractionLog


def test_scores_are_those_of_the_histories(recommender: Recommender, catalogue: Catalogue, log: InteractionLog) -> None:
    """Of the others, too, and nobody is in both sets."""
    reranker, anna, oat = recommender.reranker, log.history("anna"), catalogue["oat"]
    (found,) = tried(reranker, anna, [Trial(item=oat, cited=("milk", "bread"))], np.random.default_rng(0))
    assert found is not None
    assert found.cited.items == ("milk", "bread")
    assert set(found.others.items) == {"butter", "coffee"}
    for one, rest in ((found.cited, found.others), (found.others, found.cited)):
        (without,), (only,) = reranker.score(
            [Query(history=anna.only(kept), items=(oat,)) for kept in (rest.items, one.items)]
        )
        assert (one.without, one.only) == (pytest.approx(float(without)), pytest.approx(float(only)))


def test_what_the_model_did_not_read_is_not_drawn(recommender: Recommender, log: InteractionLog) -> None:
    anna = log.history("anna")
    assert set(recommender.reranker.prompt.shown_items(anna, recommender.shop.catalogue)) == set(anna.item_ids)
    trial = Trial(item=recommender.shop.catalogue["oat"], cited=("milk",))
    draws = {
        one.others.items[0]
        for seed in range(20)
        if (one := tried(recommender.reranker, anna, [trial], np.random.default_rng(seed))[0]) is not None
    }
    assert draws == {"butter", "bread", "coffee"}


def test_nothing_is_compared_where_there_are_fewer_others(recommender: Recommender, log: InteractionLog) -> None:
    """Eva bought one thing; and nothing is compared where nothing is cited."""
    oat = recommender.shop.catalogue["oat"]
    trials = [Trial(item=oat, cited=("nappies",)), Trial(item=oat, cited=())]
    assert tried(recommender.reranker, log.history("eva"), trials, np.random.default_rng(0)) == [None, None]
