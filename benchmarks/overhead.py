"""What the service adds to its engine: /v1/rerank over HTTP against Engine.score of the same prompts.

python -m benchmarks.overhead --out docs/results/overhead

The service is a process of its own, the bare engine this one; both with packed scoring, one thread and the demo's
adapter. They take turns within each round, with the same requests at the same moments: a slow minute slows both.
Neither is asked anything twice, so that no title is known from before. Exit status 1 where a promise is not kept.
"""

import argparse
import asyncio
import os
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import httpx2
import torch

from benchmarks.arrivals import Asking, closed_loop, in_turns, numbered_from, open_loop, poisson
from benchmarks.faults.served import Served, serving
from benchmarks.machine import machine
from benchmarks.overhead_report import (
    ALONE,
    ENGINE,
    FASTEST,
    SERVICE,
    Block,
    draw_latencies,
    overhead_promises,
    overhead_tables,
)
from benchmarks.report import write_report
from benchmarks.table import promise_table
from benchmarks.terminal import console, show, stepping
from benchmarks.world import Cell, World
from llm_rerank.engines.base import Engine, ScoringRequest
from llm_rerank.opening import open_reranker
from llm_rerank.service.config import LimitsConfig, ServeConfig
from llm_rerank.service.texts import texts_request
from llm_rerank.terms import Terms
from retrieval.errors import EngineError, LlmRerankError

_CONFIG: Final = Path("configs/serve.yaml")
_PICTURE: Final = "latency.png"
_WARM_UP: Final = 3
_LONG: Final = 3600.0
"""Seconds: nothing is to be left out here."""

Texts = tuple[str, list[str]]
"""A query and its documents."""


def texts_of(requests: int, documents: int, history: int) -> list[Texts]:
    """Of a made-up shop each, so that none is quicker for the one before it."""
    return [_texts(World(seed), Cell(k=documents, history=history)) for seed in range(requests)]


def _texts(world: World, cell: Cell) -> Texts:
    query = world.query(cell)
    lines = [world.catalogue[one.item_id].title for one in query.history.interactions]
    return "\n".join(lines), [item.title for item in query.items]


def over_http(client: httpx2.AsyncClient, served: Served, texts: Sequence[Texts]) -> Asking:
    """The service, which must have scored."""

    async def ask(number: int) -> None:
        query, documents = texts[number]
        reply = await client.post(f"{served.url}/v1/rerank", json={"query": query, "documents": documents})
        if reply.status_code != 200 or reply.json()["llm_rerank"]["scored"] != len(documents):
            raise EngineError("the service did not score", field="reply", value=reply.text[:500], remedy="Ask for less")

    return ask


def bare(pool: ThreadPoolExecutor, engine: Engine, requests: Sequence[ScoringRequest]) -> Asking:
    """The engine, from as many threads as the service has."""

    async def ask(number: int) -> None:
        await asyncio.get_running_loop().run_in_executor(pool, engine.score, [requests[number]])

    return ask


async def measure(ways: dict[str, Asking], options: argparse.Namespace) -> list[Block]:
    """All rounds; who begins changes. Every phase has requests of its own, those of both ways the same."""
    blocks: list[Block] = []
    firsts = count(_WARM_UP, options.requests)
    with stepping(options.rounds * (1 + len(ways) * (1 + len(options.loads)))) as on_step:
        for number in range(options.rounds):
            order = sorted(ways, reverse=bool(number % 2))
            phases = ({way: numbered_from(first, ways[way]) for way in order} for first in firsts)
            blocks += await _round(phases, options, number, on_step)
    return blocks


async def _round(
    phases: Iterator[dict[str, Asking]], options: argparse.Namespace, number: int, on_step: Callable[[str], None]
) -> list[Block]:
    """The rate of arrivals is a share of what the engine did just before."""
    on_step("in turns")
    turns = await in_turns(next(phases), options.requests)
    blocks = [Block(way=way, load=ALONE, seconds=seconds) for way, seconds in turns.items()]
    for way, ask in next(phases).items():
        on_step(f"{way}, without a pause")
        seconds, whole = await closed_loop(ask, options.requests, callers=options.callers)
        blocks.append(Block(way=way, load=FASTEST, seconds=seconds, whole=whole))
    capacity = next(one.rate for one in blocks if (one.way, one.load) == (ENGINE, FASTEST))
    for load in options.loads:
        moments = poisson(load * capacity, options.requests, seed=number)
        for way, ask in next(phases).items():
            on_step(f"{way}, at {load:.0%}")
            blocks.append(Block(way=way, load=load, seconds=await open_loop(ask, moments)))
    return blocks


def main() -> None:
    """Measures, judges, writes the report."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.overhead", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for the report")
    parser.add_argument("--documents", type=int, default=10, help="of a request")
    parser.add_argument("--history", type=int, default=12, help="lines of a query")
    parser.add_argument("--requests", type=int, default=25, help="of each way in each round, at each load")
    parser.add_argument("--rounds", type=int, default=4, help="how often each way has its turn")
    parser.add_argument("--loads", type=float, nargs="+", default=[0.3, 0.6, 0.9], help="shares of the capacity")
    parser.add_argument("--callers", type=int, default=4, help="who ask without a pause, to measure throughput")
    options = parser.parse_args()
    torch.set_num_threads(1)
    try:
        if not _report(options):
            sys.exit("benchmarks.overhead: a promise is not kept")
    except LlmRerankError as err:
        sys.exit(f"benchmarks.overhead: {err}")


def _report(options: argparse.Namespace) -> bool:
    """Whether every promise is kept."""
    about = machine(
        shlex.join(["python", "-m", "benchmarks.overhead", *sys.argv[1:]]),
        torch.device("cpu"),
        requests=f"{options.documents} documents for {options.history} lines, {options.requests} a load and round",
        rounds=options.rounds,
        other_work=f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores when it began",
    )
    blocks = asyncio.run(_measured(options))
    promises = overhead_promises(blocks)
    tables = (promise_table(promises), *overhead_tables(blocks, options.callers))
    show(tables)
    raw = {"blocks": [{"way": one.way, "load": one.load, "seconds": one.seconds, "whole": one.whole} for one in blocks]}
    write_report(options.out, "What the service adds", tables, about, raw, promises=promises, picture=_PICTURE)
    draw_latencies(blocks, options.out / _PICTURE)
    return all(promise.verdict == "met" for promise in promises)


async def _measured(options: argparse.Namespace) -> list[Block]:
    config = ServeConfig.read(_CONFIG)
    needed = _WARM_UP + options.rounds * (2 + len(options.loads)) * options.requests
    texts = texts_of(needed, options.documents, options.history)
    reranker = open_reranker(config.recommend, World(0).catalogue, say=console.print)
    requests = [texts_request(reranker.prompt, query, documents, Terms()) for query, documents in texts]
    limits = LimitsConfig(waiting=100_000, deadline_ms=_LONG * 1000)
    with TemporaryDirectory() as folder, ThreadPoolExecutor(limits.at_once) as pool:
        changed = config.model_copy(update={"database": f"sqlite:///{folder}/service.db", "limits": limits})
        with serving(changed, Path(folder)) as served:
            async with httpx2.AsyncClient(headers=served.headers, verify=False, timeout=_LONG) as client:
                ways = {
                    ENGINE: bare(pool, reranker.engine, requests),
                    SERVICE: over_http(client, served, texts),
                }
                for ask in ways.values():
                    await closed_loop(ask, _WARM_UP, callers=1)
                return await measure(ways, options)


if __name__ == "__main__":
    main()
