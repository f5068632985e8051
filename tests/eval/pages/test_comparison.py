from pathlib import Path

import pandas as pd
import pytest

from eval.finished import FinishedRun
from eval.pages.comparison import write_comparison
from eval.result import Interval, Result
from retrieval.errors import DataError

USERS = [f"u{number}" for number in range(20)]


def run(result: Result, **ndcg: list[float]) -> FinishedRun:
    """`ndcg`: of each system, one number a user."""
    users = {name: pd.DataFrame({"ndcg@10": values}, index=USERS[: len(values)]) for name, values in ndcg.items()}
    systems = [
        result.system(name).model_copy(update={"metrics": {"ndcg@10": Interval(mean=sum(v) / len(v), low=0, high=1)}})
        for name, v in ndcg.items()
    ]
    return FinishedRun(name="run", result=result.model_copy(update={"systems": systems}), users=users)


def written(runs: list[FinishedRun], tmp_path: Path) -> str:
    write_comparison(runs, tmp_path / "comparison.html")
    return (tmp_path / "comparison.html").read_text(encoding="utf-8")


def test_every_user_gained_though_the_intervals_overlap(result: Result, tmp_path: Path) -> None:
    text = written([run(result, knn=[0.0, 0.5] * 10), run(result, knn=[0.25, 0.75] * 10)], tmp_path)
    assert '<td>+0.2500 [+0.2500, +0.2500]</td><td>0.0001</td><td class="good">better</td>' in text


@pytest.mark.parametrize(
    ("first", "last", "cell"),
    [
        ([0.5, 0.4], [0.1, 0.2], '<td class="bad">worse</td>'),
        ([0.0, 0.26], [0.25, 0.0], '<td class="doubt">could be luck</td>'),
        ([0.5, 0.4], [0.5, 0.4], "<td>the same</td>"),
    ],
)
def test_a_change_for_the_worse_by_luck_or_none(
    result: Result, tmp_path: Path, first: list[float], last: list[float], cell: str
) -> None:
    assert cell in written([run(result, knn=first * 10), run(result, knn=last * 10)], tmp_path)


def test_a_system_of_one_run_has_no_difference(result: Result, tmp_path: Path) -> None:
    both = {"popular": [0.5] * 20}
    text = written([run(result, **both, knn=[0.1] * 20), run(result, **both)], tmp_path)
    assert '<th scope="row">knn</th><td>0.1000 [0.0000, 1.0000]</td><td>–</td><td>–</td>' in text


def test_the_best_of_each_run_is_compared_whatever_it_is_called(result: Result, tmp_path: Path) -> None:
    first = run(result, popular=[0.1] * 20, knn=[0.2] * 20)
    text = written([first, run(result, blend=[0.5] * 20)], tmp_path)
    assert "<td>blend</td><td>0.5000 [0.0000, 1.0000]</td><td>+0.3000 [+0.3000, +0.3000]</td>" in text


def test_runs_that_asked_other_users_cannot_be_paired(result: Result, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="5 users were asked in one of the two runs only"):
        written([run(result, knn=[0.5] * 20), run(result, knn=[0.5] * 15)], tmp_path)


def test_users_are_paired_by_id_and_not_by_row(result: Result, tmp_path: Path) -> None:
    first = run(result, knn=[0.0, 0.5] * 10)
    turned = FinishedRun(name="run", result=first.result, users={"knn": first.users["knn"][::-1]})
    assert "<td>the same</td>" in written([first, turned], tmp_path)


def test_only_what_differs_is_listed(result: Result, tmp_path: Path) -> None:
    deeper = result.model_copy(update={"config": {"seed": 0, "model": {"layers": 4}}})
    text = written([run(result, knn=[0.5] * 20), run(deeper, knn=[0.5] * 20)], tmp_path)
    assert '<th scope="row">config: model.layers</th><td class="text">2</td><td class="text">4</td>' in text
    assert "config: seed" not in text


def test_no_user_is_named(result: Result, tmp_path: Path) -> None:
    text = written([run(result, knn=[0.5] * 20), run(result, knn=[0.6] * 20)], tmp_path)
    assert not any(f">{user}" in text for user in USERS)


@pytest.mark.parametrize("field", ["benchmark", "part"])
def test_runs_of_different_things_are_not_compared(result: Result, tmp_path: Path, field: str) -> None:
    with pytest.raises(DataError, match=f"{field}='other'"):
        written([run(r, knn=[0.5]) for r in (result, result.model_copy(update={field: "other"}))], tmp_path)


def test_one_run_is_nothing_to_compare(result: Result, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Name two or more"):
        written([run(result, knn=[0.5])], tmp_path)


def test_a_run_without_the_metric_that_decides(result: Result, tmp_path: Path) -> None:
    other = result.systems[0].model_copy(update={"metrics": {"rmse": Interval(mean=1, low=1, high=1)}})
    rated = FinishedRun(name="run", result=result.model_copy(update={"systems": [other]}), users={})
    with pytest.raises(DataError, match=r"metric='ndcg@10'"):
        written([run(result, knn=[0.5]), rated], tmp_path)
