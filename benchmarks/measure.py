"""The run: every form once in every cell and repeat, side by side, so that a slow minute slows all of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.forms import Case, Forms, some, spread
from benchmarks.memory import with_peak
from benchmarks.result import FORMS, CellResult, Form
from benchmarks.world import Cell
from llm_rerank.engines.base import ScoringRequest

_SMALL_K = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What is measured, how often. Cells of at most 20 candidates get one repeat more: they are cheap and noisy.

    Where K exceeds `most_prompts`, one prompt a candidate is timed on `subset` candidates and extrapolated.
    """

    ks: tuple[int, ...]
    histories: tuple[int, ...]
    repeats: int
    batch_sizes: tuple[int, ...]
    most_prompts: int
    subset: int = 16

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The grid."""
        return tuple(Cell(k=k, history=history) for history in self.histories for k in self.ks)

    @property
    def middle_history(self) -> int:
        """The history length of the trial."""
        return self.histories[len(self.histories) // 2]

    def repeats_of(self, cell: Cell) -> int:
        """Repeats of this cell."""
        return self.repeats + (cell.k <= _SMALL_K)

    def prompts_of(self, cell: Cell) -> int:
        """Prompts that are really timed for this cell."""
        return cell.k if cell.k <= self.most_prompts else min(self.subset, cell.k)

    @property
    def steps(self) -> int:
        """Timings in all."""
        return len(FORMS) * sum(map(self.repeats_of, self.cells))


@dataclass(kw_only=True, slots=True)
class _Record:
    """A cell while it is measured."""

    case: Case
    prompts: ScoringRequest
    seconds: dict[Form, list[float]] = field(default_factory=lambda: {form: [] for form in FORMS})
    peak_bytes: int = 0
    max_difference: float = 0.0


def choose_batch_size(forms: Forms, plan: Plan) -> tuple[int, dict[int, float]]:
    """The batch size at which one prompt a candidate is fastest, and the seconds a prompt of every size tried."""
    cell = Cell(k=max(plan.batch_sizes), history=plan.middle_history)
    request = forms.case(cell).request
    forms.one_prompt(some(request, range(1)), batch_size=1)  # warms up
    trial = {}
    for size in plan.batch_sizes:
        taken = [_timed(partial(forms.one_prompt, request, batch_size=size))[1] for _ in range(2)]
        trial[size] = min(taken) / cell.k
    return min(trial, key=trial.__getitem__), trial


def estimate(forms: Forms, plan: Plan, seconds_a_prompt: float) -> float:
    """Seconds the run will take if a token costs in every form what it cost in the trial."""
    tokens = sum(plan.repeats_of(cell) * _tokens(forms.case(cell), plan) for cell in plan.cells)
    return tokens * seconds_a_prompt / forms.case(Cell(k=1, history=plan.middle_history)).request.tokens


def measure(
    forms: Forms, plan: Plan, batch_size: int, on_step: Callable[[str], None] = lambda _: None
) -> tuple[CellResult, ...]:
    """All cells, `on_step` hearing of every timing before it is taken."""
    records = [_record(forms.case(cell), plan) for cell in plan.cells]
    forms.packed([records[0].case.request])  # warms up
    for repeat in range(plan.repeats + 1):
        for record in records:
            if repeat < plan.repeats_of(record.case.cell):
                _repeat(forms, record, batch_size, on_step)
    return tuple(_result(record) for record in records)


def _record(case: Case, plan: Plan) -> _Record:
    return _Record(case=case, prompts=some(case.request, spread(case.request, plan.prompts_of(case.cell))))


def _repeat(forms: Forms, record: _Record, batch_size: int, on_step: Callable[[str], None]) -> None:
    case = record.case
    work: dict[Form, Callable[[], Any]] = {
        "packed": lambda: forms.packed([case.request])[0],
        "one_prompt": lambda: forms.one_prompt(record.prompts, batch_size=batch_size),
        "letters": lambda: forms.letters(case),
        "plain_pass": lambda: forms.plain_pass(case.request),
    }
    answers = {}
    for form in FORMS:
        on_step(f"K={case.cell.k} history={case.cell.history} {form}")
        (answers[form], seconds), peak = with_peak(partial(_timed, work[form]), forms.model.device)
        record.seconds[form].append(seconds)
        if form == "packed":
            record.peak_bytes = max(record.peak_bytes, peak)
    rows = spread(case.request, len(record.prompts.continuations))
    difference = float(np.abs(answers["packed"][list(rows)] - answers["one_prompt"]).max())
    record.max_difference = max(record.max_difference, difference)


def _result(record: _Record) -> CellResult:
    case = record.case
    return CellResult(
        k=case.cell.k,
        history=case.cell.history,
        prefix_tokens=len(case.request.prefix),
        packed_tokens=case.request.tokens,
        measured_prompts=len(record.prompts.continuations),
        seconds={form: tuple(seconds) for form, seconds in record.seconds.items()},
        peak_bytes=record.peak_bytes,
        max_difference=record.max_difference,
    )


def _tokens(case: Case, plan: Plan) -> float:
    """Tokens of one repeat, the lettered lists taken for as long as the packed one and a prefix a list."""
    prefix, packed = len(case.request.prefix), case.request.tokens
    prompts = plan.prompts_of(case.cell) * (prefix + (packed - prefix) / case.cell.k)
    lists = -(-case.cell.k // _SMALL_K)
    return 3 * packed + prompts + (lists - 1) * prefix


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    start = perf_counter()
    return work(), perf_counter() - start
