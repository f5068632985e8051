"""Requests as they come: at moments of their own, whoever is still waiting (open loop), or one after the other."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from time import perf_counter

import numpy as np

Asking = Callable[[int], Awaitable[None]]
"""Asks for the request of this number, and waits for the answer."""


def numbered_from(first: int, ask: Asking) -> Asking:
    """The same, of which nobody has been asked what comes before."""

    async def later(number: int) -> None:
        await ask(first + number)

    return later


def poisson(rate: float, count: int, *, seed: int) -> list[float]:
    """So many moments in seconds from now, `rate` a second in mean, each independent of the others."""
    gaps = np.random.default_rng(seed).exponential(1 / rate, count)
    return list(np.cumsum(gaps))


async def open_loop(ask: Asking, moments: Sequence[float]) -> list[float]:
    """Seconds from each moment to the answer: who comes late to ask has waited too."""
    begun = perf_counter()

    async def one(number: int, moment: float) -> float:
        await asyncio.sleep(max(0.0, begun + moment - perf_counter()))
        await ask(number)
        return perf_counter() - begun - moment

    return list(await asyncio.gather(*(one(number, moment) for number, moment in enumerate(moments))))


async def closed_loop(ask: Asking, count: int, *, callers: int) -> tuple[list[float], float]:
    """So many callers, each with its next request as soon as it has the answer: seconds of each, and of the whole."""
    seconds: list[float] = []
    numbers = iter(range(count))

    async def caller() -> None:
        for number in numbers:
            begun = perf_counter()
            await ask(number)
            seconds.append(perf_counter() - begun)

    begun = perf_counter()
    await asyncio.gather(*(caller() for _ in range(callers)))
    return seconds, perf_counter() - begun


async def in_turns(ways: Mapping[str, Asking], count: int) -> dict[str, list[float]]:
    """One request at a time, each asked of every way before the next: the seconds that each took."""
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(count):
        for way, ask in ways.items():
            begun = perf_counter()
            await ask(number)
            seconds[way].append(perf_counter() - begun)
    return seconds
