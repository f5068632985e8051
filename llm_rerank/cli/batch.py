"""`llm-rerank batch`: rankings for a file of users."""

from pathlib import Path
from time import monotonic
from typing import Annotated

import typer
from rich.progress import Progress

from llm_rerank.batch.config import BatchConfig
from llm_rerank.cli.options import Json
from llm_rerank.cli.show import print_json, print_text
from retrieval.config import read_config
from retrieval.progress import showing_progress


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
        found = try_out(settled, users, limit).to_json()
        print_json(found) if json else print_text("\n".join(f"{name}: {value}" for name, value in found.items()))
        return
    job = Job(config=settled, users=users, out=out, limit=limit)
    with showing_progress() as progress:
        manifest = job.run(rank_on_ray if ray else rank_here, _Bars(progress, settled.cost_per_hour))
    print_json(manifest) if json else print_text(
        f"{out}: {manifest['users']:,} rankings; rejected rows: {manifest['rejected']:,}"
    )


class _Bars:
    """How many users have been read and ranked, how fast, and at what cost."""

    def __init__(self, progress: Progress, cost_per_hour: float | None) -> None:
        self._progress, self._cost = progress, cost_per_hour
        self._reading = progress.add_task("reading", total=None)
        self._ranking = progress.add_task("ranking", total=None, visible=False)
        self._begun: float | None = None
        self._ranked = 0

    def reads(self, users: int) -> None:
        self._progress.advance(self._reading, users)

    def ranks(self, users: int, *, of: int) -> None:
        if self._begun is None:  # what an earlier run ranked says nothing of this one's speed
            self._begun = monotonic()
        else:
            self._ranked += users
        spent = max(monotonic() - self._begun, 1e-9)
        self._progress.update(
            self._ranking, advance=users, total=of, visible=True, description=f"ranking{self._pace(spent)}"
        )

    def _pace(self, spent: float) -> str:
        if not self._ranked:
            return ""
        cost = "" if self._cost is None else f", {1000 * self._cost * spent / 3600 / self._ranked:.3g} per 1,000"
        return f" ({self._ranked / spent:.3g} users/s{cost})"
