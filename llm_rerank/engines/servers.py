"""Several `vllm serve` as one: a user's prompts always go to the same one; what does not answer is passed over."""

import json
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from hashlib import sha256
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
        found, silent = list[list[Card]](), list[str]()
        for server in self._servers:
            try:
                found.append(await self._cards(server))
            except (httpx2.HTTPError, ValueError, KeyError, TypeError) as err:
                silent.append(f"{server}: {type(err).__name__} {err}")
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
        why = "no server"
        for server in self._in_turn(prompt, salt):
            try:
                reply = await self._client.post(f"{server}/v1/completions", json=asked)
                _require_answer(server, reply)
            except (httpx2.TransportError, _PassedOverError) as err:
                why = self._passed_over(server, err)
                continue
            found: dict[str, Any] = reply.json()
            return found
        raise failed(f"no server answers ({why})")

    async def stream(self, prompt: TokenIds, salt: str, asked: Mapping[str, Any]) -> AsyncIterator[str]:
        """The pieces of one text, as the first server that begins it sends them; it must also end it."""
        why = "no server"
        for server in self._in_turn(prompt, salt):
            begun = False
            try:
                async for text in self._pieces(server, asked):
                    begun = True
                    yield text
            except (httpx2.TransportError, _PassedOverError) as err:
                why = self._passed_over(server, err)
                if begun:
                    raise failed(f"a server broke off ({why})") from err
                continue
            return
        raise failed(f"no server answers ({why})")

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
                        raise failed(f"{server}: {_message(json.dumps(event))}")
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

    def _passed_over(self, server: str, err: Exception) -> str:
        """Why; for some seconds others are asked first."""
        self._resting[server] = monotonic() + _REST_SECONDS
        return f"{server}: {type(err).__name__} {err}".strip()


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
        raise failed(f"{server} refused: {_message(reply.text)}")


def _message(body: str) -> str:
    """What an error's body says."""
    try:
        return str(json.loads(body)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return body[:200]


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
