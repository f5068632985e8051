"""`llm-rerank batch`: rankings for a file of users."""

from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress

from llm_rerank.batch.config import BatchConfig
from llm_rerank.cli.options import Json
from llm_rerank.cli.show import print_json, print_text
from retrieval.config import read_config
from retrieval.progress import showing_progress

if TYPE_CHECKING:
    from llm_rerank.batch.dry_run import Estimate


def batch(
    users: Annotated[Path, typer.Option(help="A file of users: .parquet or .jsonl, with user_id in each row.")],
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    config: Annotated[Path | None, typer.Option(help="A YAML file; see configs/batch.yaml.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="The first so many users, and no others.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read all, rank a few, say how long it will take.")
    ] = False,
    ray: Annotated[bool, typer.Option("--ray", help="Rank on Ray, as the configuration's `ray:` says.")] = False,
    json: Json = False,
) -> None:
    """Rank for many users: a file of users in, Parquet files of rankings out.

    Can be interrupted and goes on where it was. Rows of which nothing comes stand in rejects.jsonl, with the reason.
    """
    from llm_rerank.batch.dry_run import dry_run as try_out  # these bring torch
    from llm_rerank.batch.here import rank_here
    from llm_rerank.batch.job import Job
    from llm_rerank.batch.on_ray import rank_on_ray

    read = read_config(config, BatchConfig) if config else BatchConfig()
    settled = read.model_copy(update={"recommend": read.recommend.settled()})
    if dry_run:
        found = try_out(settled, users, limit)
        print_json(found.to_json()) if json else print_text(_in_words(found))
        return
    job = Job(config=settled, users=users, out=out, limit=limit)
    with showing_progress() as progress:
        bars = _Bars(progress, settled.cost_per_hour)
        manifest = job.run(rank_on_ray if ray else rank_here, bars)
    print_json(manifest) if json else print_text(
        f"{out}: {manifest['users']:,} rankings{bars.kept()}; rejected rows: {manifest['rejected']:,}{bars.cost()}"
    )


def _in_words(found: "Estimate") -> str:
    lasts = timedelta(seconds=max(1, round(3600 * found.hours)))
    cost = "" if found.cost is None else f", at a cost of {found.cost:.3g}"
    pace = f"{found.users_per_second:.3g} users/s, as {found.tried:,} of them took with the loading of the model"
    rejected = [f"rejected: {count:,} with {reason!r}" for reason, count in found.rejected.items()]
    return "\n".join([f"{found.users:,} users in {found.shards:,} files: {lasts}{cost} ({pace})", *rejected])


class _Bars:
    """How many users have been read and ranked, how fast, until when, and at what cost."""

    def __init__(self, progress: Progress, cost_per_hour: float | None) -> None:
        self._progress, self._cost = progress, cost_per_hour
        self._reading = progress.add_task("reading", total=None)
        self._ranking = progress.add_task("ranking", total=None, visible=False)
        self._begun: float | None = None
        self._read = self._before = self._ranked = 0

    def reads(self, users: int) -> None:
        self._read += users
        self._progress.advance(self._reading, users)

    def ranks(self, users: int, *, of: int) -> None:
        if self._begun is None:  # what an earlier run ranked says nothing of this one's speed
            self._begun, self._before = monotonic(), users
            self._progress.update(self._reading, total=self._read, completed=self._read, visible=self._read > 0)
        else:
            self._ranked += users
        pace = self._pace(max(monotonic() - self._begun, 1e-9), of)
        self._progress.update(self._ranking, advance=users, total=of, visible=True, description=f"ranking{pace}")

    def kept(self) -> str:
        """How many of them an earlier run had left."""
        return f", {self._before:,} of them kept from an earlier run" if self._before else ""

    def cost(self) -> str:
        """Of what was ranked in this run, where that is known."""
        if self._cost is None or self._begun is None or not self._ranked:
            return ""
        return f"; cost of {self._ranked:,} users: {self._cost * (monotonic() - self._begun) / 3600:.3g}"

    def _pace(self, spent: float, of: int) -> str:
        if not self._ranked:
            return ""
        rate = self._ranked / spent
        left = timedelta(seconds=round((of - self._before - self._ranked) / rate))
        cost = "" if self._cost is None else f", {1000 * self._cost / 3600 / rate:.3g} per 1,000"
        return f" ({rate:.3g} users/s{cost}, {left} left)"
