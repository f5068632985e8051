import pytest

from eval.pages.verdict import best_first, could_be_luck, difference, is_met, verdict
from eval.result import Goal, Result


def test_the_best_comes_first(result: Result) -> None:
    assert [system.name for system in best_first(result, "ndcg@10")] == ["blend", "knn", "popular"]


def test_of_errors_the_smallest_is_best(result: Result) -> None:
    systems = [s.model_copy(update={"metrics": {"rmse": s.metrics["ndcg@10"]}}) for s in result.systems]
    found = best_first(result.model_copy(update={"systems": systems}), "rmse")
    assert [system.name for system in found] == ["popular", "knn", "blend"]


def test_a_difference_can_be_read_both_ways(result: Result) -> None:
    found = difference(result.system("popular"), result.system("blend"), "ndcg@10")
    assert found is not None
    assert (found.difference.mean, found.difference.low) == pytest.approx((-0.04, -0.045))
    assert not could_be_luck(found)


def test_what_was_not_compared_has_no_difference(result: Result) -> None:
    assert difference(result.system("popular"), result.system("blend"), "recall@10") is None


@pytest.mark.parametrize(
    ("goal", "met"),
    [
        (Goal(system="blend", metric="ndcg@10", at_least=0.05, source=""), True),
        (Goal(system="blend", metric="ndcg@10", at_least=0.07, source=""), False),
        (Goal(system="blend", metric="ndcg@10", at_least=0.04, at_most=0.05, source=""), False),
        (Goal(system="nobody", metric="ndcg@10", at_least=0.04, source=""), None),
    ],
    ids=["met", "missed", "not reproduced", "not measured"],
)
def test_goals(result: Result, goal: Goal, met: bool | None) -> None:
    assert is_met(goal, result) is met


def test_an_error_meets_its_goal_where_it_is_as_small(result: Result) -> None:
    (system, *_) = result.systems
    rated = system.model_copy(update={"metrics": {"rmse": system.metrics["ndcg@10"]}})  # 0.02
    goals = [Goal(system="popular", metric="rmse", at_least=figure, source="") for figure in (0.03, 0.01)]
    assert [is_met(goal, result.model_copy(update={"systems": [rated]})) for goal in goals] == [True, False]


def test_a_narrow_lead_could_be_luck(result: Result) -> None:
    assert verdict(result) == (
        "blend is best by ndcg@10: 0.0600 [0.0500, 0.0700]. "
        "Against the next, knn: +0.0030 [-0.0020, +0.0080], p = 0.2: that could be luck."
    )


def test_a_clear_lead_is_not_luck(result: Result) -> None:
    two = [result.system("popular"), result.system("blend")]
    assert verdict(result.model_copy(update={"systems": two})).endswith("p = 0.0001: that is unlikely to be luck.")
