from pathlib import Path

import pytest

from eval.pages.comparison import write_comparison
from eval.result import Interval, Result
from retrieval.errors import DataError


def changed(result: Result, mean: float) -> Result:
    """Later, with two more layers, `popular` at another mean and without `knn`."""
    ndcg = Interval(mean=mean, low=mean - 0.01, high=mean + 0.01)
    systems = [result.system("popular").model_copy(update={"metrics": {"ndcg@10": ndcg}}), result.system("blend")]
    later = {"date": "2026-02-01", "systems": systems, "config": {"seed": 0, "model": {"layers": 4}}}
    return result.model_copy(update=later)


def written(results: list[Result], tmp_path: Path) -> str:
    write_comparison(results, tmp_path / "comparison.html")
    return (tmp_path / "comparison.html").read_text(encoding="utf-8")


def test_a_change_is_sure_where_intervals_are_apart(result: Result, tmp_path: Path) -> None:
    text = written([result, changed(result, 0.09)], tmp_path)
    assert '<td class="good">+0.0700, sure</td>' in text  # popular
    assert "<td>the same</td>" in text  # blend
    assert '<th scope="row">knn</th><td>0.0570 [0.0470, 0.0670]</td><td>–</td><td>–</td>' in text


@pytest.mark.parametrize(
    ("mean", "cell"),
    [(0.025, '<td class="doubt">+0.0050, could be luck</td>'), (-0.02, '<td class="bad">-0.0400, sure</td>')],
    ids=["overlapping", "worse"],
)
def test_a_change_for_the_worse_or_by_luck(result: Result, tmp_path: Path, mean: float, cell: str) -> None:
    assert cell in written([result, changed(result, mean)], tmp_path)


def test_only_what_differs_is_listed(result: Result, tmp_path: Path) -> None:
    text = written([result, changed(result, 0.02)], tmp_path)
    assert '<th scope="row">config: model.layers</th><td class="text">2</td><td class="text">4</td>' in text
    assert "config: seed" not in text


@pytest.mark.parametrize("field", ["benchmark", "part"])
def test_runs_of_different_things_are_not_compared(result: Result, tmp_path: Path, field: str) -> None:
    with pytest.raises(DataError, match=f"{field}='other'"):
        written([result, result.model_copy(update={field: "other"})], tmp_path)


def test_one_run_is_nothing_to_compare(result: Result, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Name two or more"):
        written([result], tmp_path)
