"""`llm-rerank eval` and `llm-rerank compare`: this floor's commands, found by the command line as entry points."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from eval.config import EvalConfig
from retrieval.config import read_config
from retrieval.progress import showing_progress
from retrieval.splits import Part


def eval(  # noqa: A001
    config: Annotated[Path, typer.Option(help="A YAML file; see configs/eval/.")],
    part: Annotated[Part | None, typer.Option(help="The part to measure, in place of the configured one.")] = None,
    out: Annotated[Path | None, typer.Option(help="The run folder; by default var/eval/runs/BENCHMARK-PART.")] = None,
    overwrite: Annotated[bool, typer.Option(help="Measure again what is there.")] = False,
) -> None:
    """Measure the systems of a benchmark. A finished run is only shown, an interrupted one goes on."""
    from eval.pages.tables import results_table
    from eval.run import Run
    from eval.run_folder import REPORT, clear, default_folder

    settings = read_config(config, EvalConfig)
    words = ["python", "-m", "eval.run", "--config", str(config)]
    if part is not None:
        settings = settings.of_part(part)
        words += ["--part", part]
    folder = out or default_folder(settings)
    if overwrite:
        clear(folder)
    with showing_progress() as progress:
        result = Run(settings, folder, shlex.join(words)).result(progress)
    print(results_table(result))
    print(f"Report: {folder / REPORT}")


def compare(
    runs: Annotated[list[Path], typer.Argument(help="Two or more finished run folders of one benchmark and part.")],
    out: Annotated[Path, typer.Option(help="The HTML file to write.")],
) -> None:
    """Compare finished runs user by user: what changed, what it did to every system, and whether that is luck."""
    from eval.finished import FinishedRun
    from eval.pages.comparison import verdicts, write_comparison

    finished = [FinishedRun.read(folder) for folder in runs]
    write_comparison(finished, out)
    print("\n".join(verdicts(finished)))
    print(f"Comparison: {out}")
