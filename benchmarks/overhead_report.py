"""What the overhead benchmark found: its tables, promises and picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

import matplotlib as mpl
import numpy as np

mpl.use("Agg")  # no screen is needed, nor looked for
from matplotlib import pyplot as plt

from benchmarks.table import Table
from eval.promise import Promise

ENGINE: Final = "engine"
SERVICE: Final = "service"
ALONE: Final = 0.0
"""As a load: one request after the other."""
FASTEST: Final = 1.0
"""As a load: without a pause."""

_PERCENTILES: Final = (50, 95, 99)
_SHARE: Final = 0.05
_MILLISECONDS: Final = 3.0
_THROUGHPUT: Final = 0.95
_COLOURS: Final = {ENGINE: "#1b6e53", SERVICE: "#b3452c"}
_STYLES: Final = {50: "o-", 95: "s--", 99: "^:"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """One turn of one way. `load` is a share of the engine's capacity, ALONE or FASTEST; this took `whole` seconds."""

    way: str
    load: float
    seconds: list[float]
    whole: float = 0.0

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.seconds) / self.whole


def milliseconds(blocks: Sequence[Block], way: str, load: float) -> dict[int, float]:
    """p50, p95 and p99 over all rounds."""
    pooled = [second for one in blocks if (one.way, one.load) == (way, load) for second in one.seconds]
    return {q: 1000 * float(np.percentile(pooled, q)) for q in _PERCENTILES}


def throughputs(blocks: Sequence[Block]) -> list[tuple[float, float]]:
    """Requests a second, of engine and service, a pair a round."""
    rates = {way: [one.rate for one in blocks if (one.way, one.load) == (way, FASTEST)] for way in _COLOURS}
    return list(zip(rates[ENGINE], rates[SERVICE], strict=True))


def overhead_promises(blocks: Sequence[Block]) -> tuple[Promise, ...]:
    """5 % or 3 ms, whichever is more, at every load; and the throughput in the middle one of the rounds."""
    share = median(service / engine for engine, service in throughputs(blocks))
    return (
        *(_beyond(blocks, load) for load in _loads(blocks)),
        Promise(
            name="throughput of /v1/rerank, share of the engine's",
            sense="at least",
            limit=_THROUGHPUT,
            measured=share,
        ),
    )


def _beyond(blocks: Sequence[Block], load: float) -> Promise:
    engine, service = (milliseconds(blocks, way, load)[50] for way in _COLOURS)
    return Promise(
        name=f"p50 of /v1/rerank beyond the engine's, {_called(load)}",
        sense="at most",
        limit=round(max(_MILLISECONDS, _SHARE * engine), 1),
        measured=service - engine,
        unit="ms",
    )


def overhead_tables(blocks: Sequence[Block], callers: int) -> tuple[Table, Table]:
    """Latencies, a line a load, and throughput, a line a round."""
    return _latencies(blocks), _throughput(blocks, callers)


def _latencies(blocks: Sequence[Block]) -> Table:
    return Table(
        title="Milliseconds from a request's arrival to its answer",
        header=("load", "requests of each", *(f"p{q} {way}" for q in _PERCENTILES for way in _COLOURS), "p50 beyond"),
        rows=tuple(_row(blocks, load) for load in _loads(blocks)),
        notes=(
            "load: the rate of Poisson arrivals, as a share of what the engine by itself did just before, as fast as "
            "it could; at each, both have the same requests at the same moments, whoever still waits, and neither "
            "is asked anything twice. engine: Engine.score of the same prompts, from as many threads as the service "
            "has. service: over HTTP, with the key, the checks, the prompt's tokens, the admission and the answer's "
            "JSON. One queue is before the model in both: the nearer the load is to the capacity, the more a little "
            "more work lengthens it.",
        ),
    )


def _row(blocks: Sequence[Block], load: float) -> tuple[str, ...]:
    engine, service = (milliseconds(blocks, way, load) for way in _COLOURS)
    count = sum(len(one.seconds) for one in blocks if (one.way, one.load) == (ENGINE, load))
    cells = [f"{found[q]:.0f}" for q in _PERCENTILES for found in (engine, service)]
    return _called(load), str(count), *cells, f"{service[50] - engine[50]:+.1f} ({service[50] / engine[50] - 1:+.1%})"


def _throughput(blocks: Sequence[Block], callers: int) -> Table:
    return Table(
        title="Requests a second",
        header=("round", "engine", "service", "share"),
        rows=tuple(
            (str(number), f"{engine:.2f}", f"{service:.2f}", f"{service / engine:.1%}")
            for number, (engine, service) in enumerate(throughputs(blocks), 1)
        ),
        notes=(f"{callers} callers, each with its next request as soon as it has its answer.",),
    )


def draw_latencies(blocks: Sequence[Block], path: Path) -> None:
    """Writes a PNG: a line a percentile and way, over the loads."""
    figure, panel = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
    loads = _loads(blocks)
    for way, colour in _COLOURS.items():
        for q, style in _STYLES.items():
            values = [milliseconds(blocks, way, load)[q] for load in loads]
            panel.plot([100 * load for load in loads], values, style, color=colour, label=f"{way}, p{q}", markersize=5)
    panel.set(xlabel="load, % of the engine's capacity (0: one after the other)", ylabel="milliseconds", yscale="log")
    panel.grid(visible=True, alpha=0.3)
    panel.legend(fontsize=8)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def _loads(blocks: Sequence[Block]) -> list[float]:
    """Those with latencies of interest, the lowest first."""
    return sorted({one.load for one in blocks} - {FASTEST})


def _called(load: float) -> str:
    return "one after the other" if load == ALONE else f"{load:.0%}"
