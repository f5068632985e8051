"""How many labelled decisions a second training makes of its four forms, on this machine, in one run.

python -m benchmarks.training --out docs/results/training-speed

A decision is a candidate whose score gets a gradient. The model, the adapter's form and the prompt are those of a
training's configuration, by default the demo's; the lists are made up, and the loss is listwise softmax. Only the
form differs: one prompt a candidate, one packed list a pass, several positions of one history in one pass, and one
letter prompt a list (LlamaRec), which is one decision among as many letters.
"""

import argparse
import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from time import perf_counter
from typing import Final

import torch

from benchmarks.machine import machine
from benchmarks.report import write_report
from benchmarks.table import Table, promise_table
from benchmarks.terminal import console, show, stepping
from benchmarks.world import LONGEST_HISTORY, Cell, World
from eval.promise import Promise
from finetune.training.config import TrainingConfig
from finetune.training.loss import list_losses
from finetune.training.scorer import LetterScorer, Scorer, candidates_of, open_scorer
from llm_rerank.engines.base import ScoringRequest
from llm_rerank.engines.packing import Pack, pack
from llm_rerank.models import prepare_model
from llm_rerank.prompt import Prompt
from llm_rerank.tokenizer import ChatTokenizer
from retrieval.config import read_config
from retrieval.errors import LlmRerankError

FORMS: Final = ("one prompt a candidate", "letters", "one packed list a pass", "several positions a pass")
_POSITIONS: Final = 4  # of one history, a list each
_DEMO: Final = Path("configs/finetune/complete-journey-cpu.yaml")


@dataclass(frozen=True, kw_only=True, slots=True)
class Timed:
    """One form with lists of `k`: all its timings, and what each pass decides."""

    form: str
    k: int
    decisions: int
    lists: int
    tokens: int
    seconds: tuple[float, ...]

    @property
    def best(self) -> float:
        """Seconds of the quickest pass: the one that others disturbed least."""
        return min(self.seconds)


class Forms:
    """The forms over one model with one fresh adapter."""

    def __init__(self, scorer: Scorer, prompt: Prompt, world: World) -> None:
        self._scorer, self._prompt, self._world = scorer, prompt, world
        self._letters = LetterScorer(scorer.model)
        self._heads = scorer.causal.config.num_attention_heads
        self._device = next(scorer.parameters()).device

    def gradients(self, form: str, requests: Sequence[ScoringRequest]) -> torch.Tensor:
        """One pass forwards and backwards; the losses of its lists, detached."""
        self._scorer.zero_grad(set_to_none=True)
        lengths = candidates_of(requests, "letters" if form == "letters" else "packed")
        losses = list_losses(self._scores(form, requests), lengths, "softmax")
        losses.mean().backward()  # type: ignore[no-untyped-call]
        return losses.detach()

    def requests(self, form: str, k: int, history: int) -> list[ScoringRequest]:
        """What one pass of that form is given: the same lists; the newest moment first where it takes one alone."""
        moments = [history - step for step in range(_POSITIONS)] if form == FORMS[-1] else [history]
        queries = [self._world.query(Cell(k=k, history=LONGEST_HISTORY)) for _ in moments]
        write = self._prompt.letters if form == "letters" else self._prompt.yes_no
        catalogue, oldest = self._world.catalogue, LONGEST_HISTORY - history
        return [
            write(
                query.history.only({i.item_id for i in query.history.interactions[oldest : oldest + known]}),
                query.items,
                catalogue,
            )
            for query, known in zip(queries, moments, strict=True)
        ]

    def _scores(self, form: str, requests: Sequence[ScoringRequest]) -> torch.Tensor:
        if form == FORMS[0]:
            return torch.cat([self._one_by_one(request) for request in requests])
        scores: torch.Tensor = (self._letters if form == "letters" else self._scorer)(self._pack(requests), requests)
        return scores

    def _one_by_one(self, request: ScoringRequest) -> torch.Tensor:
        alone = [replace(request, continuations=(continuation,)) for continuation in request.continuations]
        return torch.cat([self._scorer(self._pack([one]), [one]) for one in alone])

    def _pack(self, requests: Sequence[ScoringRequest]) -> Pack:
        return pack(requests, query_heads=self._heads, device=self._device)


def measure(
    forms: Forms, ks: Sequence[int], history: int, repeats: int, on_step: Callable[[str], None]
) -> tuple[Timed, ...]:
    """Every form once a repeat, side by side, so that a slow minute slows all of them; the first one warms up."""
    cells = {(form, k): forms.requests(form, k, history) for form, k in product(FORMS, ks)}
    seconds: dict[tuple[str, int], list[float]] = {cell: [] for cell in cells}
    for repeat in range(repeats + 1):
        for (form, k), requests in cells.items():
            on_step(f"{form}, {k} candidates")
            start = perf_counter()
            forms.gradients(form, requests)
            if repeat:
                seconds[form, k].append(perf_counter() - start)
    return tuple(_timed(form, k, cells[form, k], seconds[form, k]) for form, k in cells)


def _timed(form: str, k: int, requests: Sequence[ScoringRequest], seconds: Sequence[float]) -> Timed:
    alone = form == FORMS[0]
    prefixes = sum(len(request.prefix) * (len(request.continuations) if alone else 1) for request in requests)
    return Timed(
        form=form,
        k=k,
        decisions=len(requests) if form == "letters" else k * len(requests),
        lists=len(requests),
        tokens=prefixes + sum(len(ids) for request in requests for ids in request.continuations),
        seconds=tuple(seconds),
    )


def speed_table(found: Sequence[Timed]) -> Table:
    """Decisions and lists a second, and how many times as many as one prompt a candidate makes."""
    base = {one.k: one.decisions / one.best for one in found if one.form == FORMS[0]}
    lists = {one.k: one.lists / one.best for one in found if one.form == FORMS[0]}
    rows = tuple(
        (
            one.form,
            f"{one.k}",
            f"{one.tokens:,}",
            f"{one.best:.2f}",
            f"{one.decisions / one.best:.2f}",
            "" if one.form == "letters" else f"{one.decisions / one.best / base[one.k]:.1f}",
            f"{one.lists / one.best:.2f}",
            f"{one.lists / one.best / lists[one.k]:.1f}",
        )
        for one in found
    )
    return Table(
        title="Training speed",
        header=("form", "candidates", "tokens", "s a pass", "decisions/s", "x", "lists/s", "x"),
        rows=rows,
        notes=(
            f"x: as many times as one prompt a candidate. Several positions: {_POSITIONS} lists of one history. "
            "Letters have one label a list. The quickest of all repeats counts; every form runs once in each. Tokens "
            "are those of the prompts; where prefixes begin alike, fewer are computed.",
        ),
    )


def training_promises(found: Sequence[Timed]) -> tuple[Promise, ...]:
    """What packed training promises, at the most candidates that were measured."""
    k = max(one.k for one in found)
    rate = {one.form: one.decisions / one.best for one in found if one.k == k}
    best = max(rate[form] for form in FORMS[2:])
    name = f"labelled decisions a second, packed over one prompt a candidate, {k} candidates"
    return tuple(
        Promise(name=name, sense="at least", limit=limit, measured=best / rate[FORMS[0]], unit="x") for limit in (6, 10)
    )


def main() -> None:
    """Measures, judges, writes the report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the report")
    parser.add_argument("--k", type=int, nargs="+", default=[4, 10, 20], help="candidates a list")
    parser.add_argument("--config", type=Path, default=_DEMO, help="the training: its model, prompt and LoRA")
    parser.add_argument("--repeats", type=int, default=3, help="timings of each form")
    parser.add_argument("--seed", type=int, default=0, help="of the made-up items")
    options = parser.parse_args()
    try:
        config = read_config(options.config, TrainingConfig).model_copy(update={"method": "packed"})
        base = prepare_model(config.model, say=console.print)
    except LlmRerankError as err:
        sys.exit(f"benchmarks.training: {err}")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    prompt, history = Prompt(ChatTokenizer.load(base.folder), config.prompt), config.prompt.history_items
    forms = Forms(open_scorer(config, base, device), prompt, World(options.seed))
    with stepping(len(FORMS) * len(options.k) * (options.repeats + 1)) as on_step:
        found = measure(forms, options.k, history, options.repeats, on_step)
    command = shlex.join(["python", "-m", "benchmarks.training", *sys.argv[1:]])
    about = machine(command, device, model=config.model, history=history, repeats=options.repeats)
    promises = training_promises(found)
    tables = (promise_table(promises), speed_table(found))
    show(tables)
    cells = [{"form": one.form, "k": one.k, "tokens": one.tokens, "seconds": list(one.seconds)} for one in found]
    write_report(options.out, "Training speed", tables, about, {"cells": cells}, promises=promises)


if __name__ == "__main__":
    main()
