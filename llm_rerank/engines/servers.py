"""Several `vllm serve` as one: a user's prompts always go to the same one; what does not answer is passed over.

Callers are told in general words what went wrong; the log names the server and the kind of its error, and not what it
said, since that may hold what it was asked.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from hashlib import sha256
from logging import getLogger
from time import monotonic
from typing import Any, Final

import httpx2

from llm_rerank.tokenizer import TokenIds
from retrieval.errors import ConfigError, EngineError, ModelError

KEY: Final = "VLLM_API_KEY"
"""The environment variable that holds the servers' key; `vllm serve` reads it too."""

_TIMEOUT: Final = httpx2.Timeout(120.0, connect=3.0)  # a caller's own deadline comes first
_KEEP_SECONDS: Final = 2.0  # a connection that is idle: shorter than the 5 after which vLLM closes it
_LOOK_SECONDS: Final = 10.0
_REST_SECONDS: Final = 10.0
_LONGEST_KIND: Final = 50  # of an error, such as BadRequestError

_LOG: Final = getLogger(__name__)

Card = dict[str, Any]
"""What a server says of a model that it has."""


class Servers:
    """Asked in one event loop."""

    def __init__(self, addresses: Sequence[str], transport: httpx2.AsyncBaseTransport | None) -> None:
        """`transport` takes the network's place. Raises ConfigError for what is no address."""
        self._servers = tuple(map(_address, addresses))
        self._resting: dict[str, float] = {}  # servers that did not answer, and until when others are asked first
        key = os.environ.get(KEY)
        self._client = httpx2.AsyncClient(
            transport=transport,
            timeout=_TIMEOUT,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            limits=httpx2.Limits(max_connections=None, keepalive_expiry=_KEEP_SECONDS),
        )

    async def close(self) -> None:
        """Closes the connections."""
        await self._client.aclose()

    async def cards(self) -> list[list[Card]]:
        """Of each server that answers; the others may answer later. Raises ModelError where none does."""
        answers = await asyncio.gather(*map(self._cards_or_why, self._servers))
        found = [cards for cards in answers if not isinstance(cards, str)]
        silent = [why for why in answers if isinstance(why, str)]
        if not found:
            raise ModelError(
                f"no server answers ({'; '.join(silent)})",
                field="engine.servers",
                value=list(self._servers),
                remedy=f"Start `vllm serve` there, and set {KEY} where it has a key",
            )
        return found

    async def complete(self, prompt: TokenIds, salt: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """The reply of the first server that gives one; what it is asked stays what it was."""
        for server in self._in_turn(prompt, salt):
            try:
                reply = await self._client.post(f"{server}/v1/completions", json=asked)
                _require_answer(server, reply)
            except (httpx2.TransportError, _PassedOverError) as err:
                self._pass_over(server, err)
                continue
            found: dict[str, Any] = reply.json()
            return found
        raise failed("no server answers")

    async def stream(self, prompt: TokenIds, salt: str, asked: Mapping[str, Any]) -> AsyncIterator[str]:
        """The pieces of one text, as the first server that begins it sends them; it must also end it."""
        for server in self._in_turn(prompt, salt):
            begun = False
            try:
                async for text in self._pieces(server, asked):
                    begun = True
                    yield text
            except (httpx2.TransportError, _PassedOverError) as err:
                self._pass_over(server, err)
                if begun:
                    raise failed("a server broke off") from err
                continue
            return
        raise failed("no server answers")

    async def _cards_or_why(self, server: str) -> list[Card] | str:
        try:
            return await self._cards(server)
        except (httpx2.HTTPError, ValueError, KeyError, TypeError) as err:
            return f"{server}: {type(err).__name__} {err}"

    async def _cards(self, server: str) -> list[Card]:
        """The models of a server: the base first, with how much it reads, then its adapters."""
        reply = await self._client.get(f"{server}/v1/models", timeout=_LOOK_SECONDS)
        reply.raise_for_status()
        cards: list[Card] = reply.json()["data"]
        if not any(isinstance(card["max_model_len"], int) for card in cards if not card.get("parent")):
            raise ValueError("it names no model that it has")
        return cards

    async def _pieces(self, server: str, asked: Mapping[str, Any]) -> AsyncIterator[str]:
        async with self._client.stream("POST", f"{server}/v1/completions", json=asked) as reply:
            if reply.status_code >= 400:
                await reply.aread()
            _require_answer(server, reply)
            async for line in reply.aiter_lines():
                if line == "data: [DONE]":
                    return
                if line.startswith("data: "):
                    event = json.loads(line.removeprefix("data: "))
                    if "choices" not in event:
                        raise _refused(server, reply.status_code, line.removeprefix("data: "))
                    if text := event["choices"][0]["text"]:
                        yield text
        raise httpx2.RemoteProtocolError("the stream ended too soon")

    def _in_turn(self, prompt: TokenIds, salt: str) -> list[str]:
        """The servers: first the one that keeps this prefix, or those of this salt; then its others, in another order.

        Rendezvous hashing (Thaler & Ravishankar 1998): where a server comes or goes, only its users move.
        """
        whose, now = salt or repr(prompt), monotonic()
        order = sorted(self._servers, key=lambda server: sha256(f"{server} {whose}".encode()).digest())
        return sorted(order, key=lambda server: self._resting.get(server, 0.0) > now)  # stable: else as it was

    def _pass_over(self, server: str, err: Exception) -> None:
        """For some seconds others are asked first."""
        self._resting[server] = monotonic() + _REST_SECONDS
        _LOG.warning("%s is passed over: %s %s", server, type(err).__name__, err)


class _PassedOverError(Exception):
    """This server does not answer, another one may."""


def failed(why: str) -> EngineError:
    """What callers are told of servers that do not answer."""
    return EngineError(why, field="engine", value="remote", remedy="Ask again; look at the servers' logs")


def _require_answer(server: str, reply: httpx2.Response) -> None:
    """Raises _PassedOverError where another server may answer, EngineError where none would."""
    if reply.status_code >= 500 or reply.status_code in (404, 408, 429):  # without the adapter yet, or busy
        raise _PassedOverError(f"status {reply.status_code}")
    if reply.status_code >= 400:
        raise _refused(server, reply.status_code, reply.text)


def _refused(server: str, status: int, body: str) -> EngineError:
    try:
        kind = str(json.loads(body)["error"]["type"])[:_LONGEST_KIND]
    except (ValueError, KeyError, TypeError):
        kind = "an error of another form"
    _LOG.warning("%s refused: status %d, %s", server, status, kind)
    return failed("the server refused")


def _address(server: str) -> str:
    """Raises ConfigError for what is no address, or holds a password, which messages would show."""
    try:
        url = httpx2.URL(server)
    except httpx2.InvalidURL as err:
        raise _no_address(str(err)) from err
    if url.scheme not in ("http", "https") or not url.host or url.userinfo:
        raise _no_address("it is http:// or https://, a host and a port")
    return server.rstrip("/")


def _no_address(why: str) -> ConfigError:
    return ConfigError(
        f"this is no address of a server ({why})",
        field="engine.servers",
        value="one of them",
        remedy=f"Write http://HOST:PORT; a key comes from the environment, as {KEY}",
    )
