"""What is kept of an answer."""

from eval.reasons.answers import answer
from eval.reasons.records import Answer, Asked
from llm_rerank.recommender import Recommender
from llm_rerank.request import RankingRequest
from retrieval.log import InteractionLog


def test_it_is_what_the_recommender_says(recommender: Recommender, log: InteractionLog) -> None:
    anna = log.history("anna")
    found = answer(recommender, Asked(user="anna", history=anna))
    ranking = recommender.recommend(RankingRequest(history=anna, top_n=3, explained=3))
    said = [ranked.explanation for ranked in ranking.items if ranked.explanation is not None]
    assert [reason.item_id for reason in found.reasons] == [ranked.item.item_id for ranked in ranking.items]
    assert [reason.text for reason in found.reasons] == [explanation.text for explanation in said]
    assert [list(reason.cited) for reason in found.reasons] == [[e.item_id for e in x.evidence] for x in said]
    assert found.read == anna.item_ids
    assert found.held_out_rank is None


def test_citations_are_tried_and_so_are_those_of_another_item(recommender: Recommender, log: InteractionLog) -> None:
    found = answer(recommender, Asked(user="anna", history=log.history("anna")))
    cited = [reason for reason in found.reasons if reason.cited]
    assert cited
    for reason in cited:
        assert reason.own is None or reason.own.cited.items == tuple(reason.cited)
        assert not set(reason.swapped_in) & set(reason.cited)
        assert any(set(reason.swapped_in) <= set(other.cited) for other in found.reasons)
    untried = answer(recommender, Asked(user="anna", history=log.history("anna"), tried=False))
    assert [(reason.own, reason.shuffled) for reason in untried.reasons] == [(None, None)] * 3


def test_a_refused_text_is_kept(recommender: Recommender, log: InteractionLog) -> None:
    """The stand-in writes nonsense."""
    found = answer(recommender, Asked(user="anna", history=log.history("anna")))
    assert all(reason.source == "template" and reason.refused for reason in found.reasons)


def test_of_given_items_the_held_out_one_and_the_best_other_are_explained(
    recommender: Recommender, log: InteractionLog
) -> None:
    anna, given = log.history("anna"), ("tea", "oat", "cheddar")
    found = answer(recommender, Asked(user="anna", history=anna, item_ids=given))
    order = [one.item.item_id for one in recommender.recommend(RankingRequest(history=anna, item_ids=given)).items]
    best = next(item_id for item_id in order if item_id != "tea")
    assert {reason.item_id for reason in found.reasons} == {"tea", best}
    assert found.held_out_rank == order.index("tea") + 1


def test_times_are_in_the_order_of_what_comes(recommender: Recommender, log: InteractionLog) -> None:
    found = answer(recommender, Asked(user="anna", history=log.history("anna")))
    for seconds in (found.seconds, found.processor_seconds):
        assert list(seconds) == ["ranking", "evidence", "draft", "text"]
        assert list(seconds.values()) == sorted(seconds.values())


def test_it_outlives_json(recommender: Recommender, log: InteractionLog) -> None:
    found = answer(recommender, Asked(user="anna", history=log.history("anna")))
    assert Answer.model_validate_json(found.model_dump_json()) == found


def test_another_question_has_another_key(log: InteractionLog) -> None:
    anna, ben = log.history("anna"), log.history("ben")
    asked = [
        Asked(user="anna", history=anna),
        Asked(user="anna", history=ben),
        Asked(user="anna", history=anna, language="zh"),
        Asked(user="anna", history=anna, item_ids=("tea", "oat")),
        Asked(user="anna", history=anna, tried=False),
    ]
    assert len({one.key for one in asked}) == 5
