import pytest

from eval.pages.verdict import best_first, could_be_luck, difference, standing, verdict
from eval.result import Goal, Result


def test_the_best_comes_first(result: Result) -> None:
    assert [system.name for system in best_first(result, "ndcg@10")] == ["blend", "knn", "popular"]


def test_a_difference_can_be_read_both_ways(result: Result) -> None:
    found = difference(result.system("popular"), result.system("blend"), "ndcg@10")
    assert found is not None
    assert (found.difference.mean, found.difference.low) == pytest.approx((-0.04, -0.045))
    assert not could_be_luck(found)


def test_what_was_not_compared_has_no_difference(result: Result) -> None:
    assert difference(result.system("popular"), result.system("blend"), "recall@10") is None


@pytest.mark.parametrize(
    ("goal", "stands"),
    [
        (Goal(system="blend", metric="ndcg@10", at_least=0.049, source=""), "met"),
        (Goal(system="blend", metric="ndcg@10", at_least=0.055, source=""), "met, could be luck"),
        (Goal(system="blend", metric="ndcg@10", at_least=0.065, source=""), "missed, could be luck"),
        (Goal(system="blend", metric="ndcg@10", at_least=0.08, source=""), "missed"),
        (Goal(system="blend", metric="ndcg@10", at_least=0.05, at_most=0.06, source=""), "met"),
        (Goal(system="blend", metric="ndcg@10", at_least=0.04, at_most=0.05, source=""), "missed"),
        (Goal(system="nobody", metric="ndcg@10", at_least=0.04, source=""), "not measured"),
    ],
)
def test_goals(result: Result, goal: Goal, stands: str) -> None:
    assert standing(goal, result) == stands


def test_a_narrow_lead_could_be_luck(result: Result) -> None:
    assert verdict(result) == (
        "blend is best by ndcg@10: 0.0600 [0.0500, 0.0700]. "
        "Against the next, knn: +0.0030 [-0.0020, +0.0080], p = 0.2: that could be luck."
    )


def test_a_clear_lead_is_not_luck(result: Result) -> None:
    two = [result.system("popular"), result.system("blend")]
    assert verdict(result.model_copy(update={"systems": two})).endswith("p = 0.0001: that is unlikely to be luck.")
