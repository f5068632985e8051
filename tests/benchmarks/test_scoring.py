import numpy as np
import pytest

from benchmarks.forms import Forms, some, spread
from benchmarks.measure import Plan, choose_batch_size, estimate, measure
from benchmarks.result import CellResult, added_exponent, exponent
from benchmarks.scoring_promises import scoring_promises
from benchmarks.scoring_tables import growth_table, times_table, tokens_table
from benchmarks.world import Cell, World
from llm_rerank.engines.base import ScoringRequest

PLAN = Plan(ks=(2, 21), histories=(3,), repeats=1, batch_sizes=(1, 2), most_prompts=4, subset=3)


@pytest.fixture(scope="module")
def results(forms: Forms) -> tuple[CellResult, ...]:
    return measure(forms, PLAN, batch_size=2)


def cell(k: int, seconds: float, *, history: int = 20, prompts: int | None = None) -> CellResult:
    return CellResult(
        k=k,
        history=history,
        prefix_tokens=90,
        packed_tokens=90 + 10 * k,
        measured_prompts=prompts or k,
        seconds={"packed": (seconds,), "one_prompt": (8.0,), "letters": (1.0,), "plain_pass": (seconds,)},
        peak_bytes=2_000_000_000,
        max_difference=0.0,
    )


@pytest.mark.parametrize("batch_size", [1, 3])
def test_packed_and_one_prompt_each_give_the_same_scores(forms: Forms, batch_size: int) -> None:
    request = forms.case(Cell(k=7, history=3)).request
    (packed,) = forms.packed([request])
    assert packed.std() > 0.01
    np.testing.assert_allclose(packed, forms.one_prompt(request, batch_size=batch_size), atol=1e-4)


def test_a_run_times_every_form_in_every_cell(results: tuple[CellResult, ...]) -> None:
    assert [(r.k, r.history, r.measured_prompts) for r in results] == [(2, 3, 2), (21, 3, 3)]
    assert [len(r.seconds["packed"]) for r in results] == [2, 1]  # small cells have one repeat more
    assert all(r.max_difference < 1e-4 and r.peak_bytes > 0 for r in results)


def test_steps_are_counted_before_the_run(forms: Forms) -> None:
    steps: list[str] = []
    measure(forms, PLAN, batch_size=1, on_step=steps.append)
    assert len(steps) == PLAN.steps == 12


def test_the_batch_size_is_the_fastest_tried(forms: Forms) -> None:
    best, trial = choose_batch_size(forms, PLAN)
    assert set(trial) == {1, 2}
    assert trial[best] == min(trial.values())
    assert estimate(forms, PLAN, trial[best]) > 0


def test_tables_have_a_row_a_cell(results: tuple[CellResult, ...]) -> None:
    for table in (times_table(results), tokens_table(results)):
        assert len(table.rows) == 2
        assert {len(row) for row in table.rows} == {len(table.header)}
    assert growth_table(results).rows == (("3", "not measured", "not measured"),)  # one K of 20 or more makes no slope


def test_only_extrapolated_times_are_marked() -> None:
    table = times_table([cell(8, 1.0), cell(80, 1.0, prompts=8)])
    assert [row[3] for row in table.rows] == ["8 s", "80 s*"]
    assert "8 candidates" in table.notes[-1]


def test_nothing_is_explained_where_nothing_is_extrapolated() -> None:
    assert len(times_table([cell(8, 1.0)]).notes) == 1


def test_the_bound_counts_the_prefix_once() -> None:
    assert cell(10, 1.0).bound == 10 * (90 + 10) / (90 + 100)


def test_the_exponent_is_the_slope_of_the_logs() -> None:
    times = [cell(k, 0.01 * k**1.5) for k in (20, 50, 200)]
    assert exponent([cell(5, 99.0), *times]) == pytest.approx(1.5)  # five candidates do not count


def test_the_prefix_flatters_the_exponent_but_not_that_of_what_candidates_add() -> None:
    times = [cell(k, 0.001 * (90 + 10 * k)) for k in (5, 20, 50, 200)]
    assert exponent(times) < 0.9
    assert added_exponent(times) == pytest.approx(1.0)


def test_scoring_promises_are_judged_on_their_cells() -> None:
    results = [cell(20, 1.0), cell(100, 8.0), cell(20, 1.0, history=5)]
    verdicts = [promise.verdict for promise in scoring_promises(results)]
    assert verdicts == ["met", "not met", "not met", "met", "met"]


def test_continuations_of_all_lengths_stand_for_all() -> None:
    request = ScoringRequest(prefix=(1,), continuations=((1,) * 9, (2,), (3,) * 2, (4,) * 3), labels=(1, 2))
    assert spread(request, 2) == (0, 2)
    assert some(request, (2, 3)).continuations == ((3, 3), (4, 4, 4))


def test_the_same_seed_gives_the_same_list() -> None:
    cell = Cell(k=3, history=2)
    assert World(seed=1).query(cell) == World(seed=1).query(cell)
    assert World(seed=1).query(cell) != World(seed=2).query(cell)
