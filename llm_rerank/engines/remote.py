"""The remote engine: any `vllm serve` over HTTP, several side by side, one user's prompts always at the same one.

Adapters are served there by their ids: `vllm serve MODEL --enable-lora --lora-modules ID=FOLDER`.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from threading import Event
from time import monotonic
from typing import Any, Final

import httpx2
import numpy as np
from numpy.typing import NDArray

from llm_rerank.engines.base import GeneratedPiece, GenerationRequest, Lora, ScoringRequest, raise_if_cancelled
from llm_rerank.engines.loop_thread import LoopThread, Put
from llm_rerank.tokenizer import TokenIds, Tokenizer
from retrieval.errors import ConfigError, EngineError, LlmRerankError, ModelError

KEY: Final = "VLLM_API_KEY"
"""The environment variable that holds the servers' key; `vllm serve` reads it too."""

_TIMEOUT: Final = httpx2.Timeout(120.0, connect=3.0)  # a caller's own deadline comes first
_KEEP_SECONDS: Final = 2.0  # a connection that is idle: shorter than the 5 after which vLLM closes it
_LOOK_SECONDS: Final = 10.0
_REST_SECONDS: Final = 10.0
_PLAIN_SAMPLING: Final[Mapping[str, float]] = {  # else those of the model's generation_config.json
    "top_p": 1.0,
    "top_k": 0,
    "min_p": 0.0,
    "repetition_penalty": 1.0,
    "presence_penalty": 0.0,
    "frequency_penalty": 0.0,
}
_PROMPTS_A_CALL: Final = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class Served:
    """What the servers call the model with the adapter that scores, and with the one that writes."""

    scorer: str
    writer: str
    longest: int
    """Tokens of a prompt and what is written behind it."""


class _PassedOverError(Exception):
    """This server does not answer, another one may."""


class RemoteEngine:
    """One causal language model, served elsewhere."""

    name = "remote"

    def __init__(
        self,
        servers: Sequence[str],
        tokenizer: Tokenizer,
        *,
        adapter: Lora | None = None,
        writer: Lora | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        """`servers` are addresses such as http://gpu-1:8000, and adapters are served there by their names.

        Without `writer`, `adapter` writes too. `transport` takes the network's place. Raises ModelError where no server
        answers, or one that does serves other models.
        """
        self._servers, self._tokenizer = tuple(map(_address, servers)), tokenizer
        self._resting: dict[str, float] = {}  # servers that did not answer, and until when others are asked first
        self._thread = LoopThread("remote engine")
        self._client = self._thread.ask(_client(transport))
        try:
            self._served = self._thread.ask(self._look(adapter, writer or adapter))
        except BaseException:
            self.close()
            raise

    def score(
        self, requests: Sequence[ScoringRequest], *, cancel: Event | None = None
    ) -> tuple[NDArray[np.float32], ...]:
        """See Engine.score: rows of log-probabilities."""
        raise_if_cancelled(cancel)
        self._require(max((len(r.prefix) + max(map(len, r.continuations), default=0) + 1 for r in requests), default=0))
        with _translating():
            return self._thread.ask(self._scores(requests), cancel)

    def generate(
        self, requests: Sequence[GenerationRequest], *, cancel: Event | None = None
    ) -> Iterator[GeneratedPiece]:
        """See Engine.generate; a server that breaks off in the middle of a text is an EngineError."""
        self._require(max((len(r.prompt) + r.max_tokens for r in requests), default=0))
        return self._pieces(requests, cancel)

    def close(self) -> None:
        """Closes the connections; twice is once."""
        with suppress(EngineError):
            self._thread.ask(self._client.aclose())
        self._thread.stop()

    async def _look(self, adapter: Lora | None, writer: Lora | None) -> Served:
        """At what all servers that answer have; whether it is the model that is meant, their names alone can say."""
        found, silent = list[list[dict[str, Any]]](), list[str]()
        for server in self._servers:
            try:
                found.append(await self._cards(server))
            except (httpx2.HTTPError, ValueError, KeyError, TypeError) as err:  # it may answer later
                silent.append(f"{server}: {type(err).__name__} {err}")
        if not found:
            raise ModelError(
                f"no server answers ({'; '.join(silent)})",
                field="engine.servers",
                value=list(self._servers),
                remedy=f"Start `vllm serve` there, and set {KEY} where it has a key",
            )
        names = [base["id"] for cards in found for base in cards if not base.get("parent")]
        scorer, other = (names[0] if lora is None else lora.name for lora in (adapter, writer))
        for cards in found:
            if missing := {scorer, other} - {card["id"] for card in cards}:
                raise ModelError(
                    f"a server has {[card['id'] for card in cards]}, and not {', '.join(sorted(missing))}",
                    field="engine.servers",
                    value=list(self._servers),
                    remedy="Serve one model everywhere, with --enable-lora --lora-modules ID=FOLDER for an adapter",
                )
        longest = min(card["max_model_len"] for cards in found for card in cards if not card.get("parent"))
        return Served(scorer=scorer, writer=other, longest=longest)

    async def _cards(self, server: str) -> list[dict[str, Any]]:
        """The models of a server: the base first, with how much it reads, then its adapters."""
        reply = await self._client.get(f"{server}/v1/models", timeout=_LOOK_SECONDS)
        reply.raise_for_status()
        cards: list[dict[str, Any]] = reply.json()["data"]
        if not any(isinstance(card["max_model_len"], int) for card in cards if not card.get("parent")):
            raise ValueError("it names no model that it has")
        return cards

    async def _scores(self, requests: Sequence[ScoringRequest]) -> tuple[NDArray[np.float32], ...]:
        async with asyncio.TaskGroup() as group:
            rows = [
                [
                    group.create_task(self._rows(request, request.continuations[start : start + _PROMPTS_A_CALL]))
                    for start in range(0, len(request.continuations), _PROMPTS_A_CALL)
                ]
                for request in requests
            ]
        return tuple(
            np.array([row for call in calls for row in call.result()], dtype=np.float32).reshape(-1, len(of.labels))
            for calls, of in zip(rows, requests, strict=True)
        )

    async def _rows(self, request: ScoringRequest, continuations: Sequence[TokenIds]) -> list[list[float]]:
        """The log-probabilities of the labels behind each of some continuations."""
        asked = _about(request) | {
            "model": self._served.scorer,
            "prompt": [[*request.prefix, *continuation] for continuation in continuations],
            "max_tokens": 1,
            "temperature": 0,
            "logprobs": len(request.labels),
            "logprob_token_ids": request.labels,
            "return_tokens_as_token_ids": True,
        }
        reply = await self._post(request.prefix, request.salt, asked)
        choices = sorted(reply["choices"], key=lambda choice: choice["index"])
        said = [choice["logprobs"]["top_logprobs"][0] for choice in choices]
        if len(said) != len(continuations):
            raise _failed(f"{len(said)} answers to {len(continuations)} prompts")
        return [[of_one[f"token_id:{label}"] for label in request.labels] for of_one in said]

    async def _post(self, prompt: TokenIds, salt: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """The reply of the first server that gives one; what it is asked stays what it was."""
        why = "no server"
        for server in self._in_turn(prompt, salt):
            try:
                reply = await self._client.post(f"{server}/v1/completions", json=asked)
                self._require_answer(server, reply)
            except (httpx2.TransportError, _PassedOverError) as err:
                why = self._passed_over(server, err)
                continue
            found: dict[str, Any] = reply.json()
            return found
        raise _failed(f"no server answers ({why})")

    def _require_answer(self, server: str, reply: httpx2.Response) -> None:
        """Raises _PassedOverError where another server may answer, EngineError where none would."""
        if reply.status_code >= 500 or reply.status_code in (404, 408, 429):  # without the adapter yet, or busy
            raise _PassedOverError(f"status {reply.status_code}")
        if reply.status_code >= 400:
            raise _failed(f"{server} refused: {_message(reply.text)}")

    def _passed_over(self, server: str, err: Exception) -> str:
        """Why; for some seconds others are asked first."""
        self._resting[server] = monotonic() + _REST_SECONDS
        return f"{server}: {type(err).__name__} {err}".strip()

    def _pieces(self, requests: Sequence[GenerationRequest], cancel: Event | None) -> Iterator[GeneratedPiece]:
        with _translating():
            yield from self._thread.stream(partial(self._write, requests), cancel)

    async def _write(self, requests: Sequence[GenerationRequest], put: Put[GeneratedPiece]) -> None:
        async with asyncio.TaskGroup() as group:
            for index, request in enumerate(requests):
                group.create_task(self._write_one(index, request, put))

    async def _write_one(self, index: int, request: GenerationRequest, put: Put[GeneratedPiece]) -> None:
        asked = _about(request) | {
            "model": self._served.writer,
            "prompt": request.prompt,
            **_PLAIN_SAMPLING,
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
            "seed": request.seed,
            "stop": list(request.stop),
            "stop_token_ids": sorted(self._tokenizer.end_ids),
            "stream": True,
        }
        why = "no server"
        for server in self._in_turn(request.prompt, request.salt):
            begun = False
            try:
                async for text in self._streamed(server, asked):
                    begun = True
                    put(GeneratedPiece(index=index, text=text))
            except (httpx2.TransportError, _PassedOverError) as err:
                why = self._passed_over(server, err)
                if begun:
                    raise _failed(f"a server broke off ({why})") from err
                continue
            put(GeneratedPiece(index=index, text="", done=True))
            return
        raise _failed(f"no server answers ({why})")

    async def _streamed(self, server: str, asked: Mapping[str, Any]) -> AsyncIterator[str]:
        """The pieces of one text, as the server sends them."""
        async with self._client.stream("POST", f"{server}/v1/completions", json=asked) as reply:
            if reply.status_code >= 400:
                await reply.aread()
            self._require_answer(server, reply)
            async for line in reply.aiter_lines():
                if line == "data: [DONE]":
                    return
                if line.startswith("data: "):
                    event = json.loads(line.removeprefix("data: "))
                    if "choices" not in event:
                        raise _failed(f"{server}: {_message(json.dumps(event))}")
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

    def _require(self, tokens: int) -> None:
        if tokens > self._served.longest:
            raise EngineError(
                f"the servers read at most {self._served.longest - 1} tokens",
                field="tokens",
                value=tokens,
                remedy="Lower the prompt's history or title budget, or raise --max-model-len",
            )


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


async def _client(transport: httpx2.AsyncBaseTransport | None) -> httpx2.AsyncClient:
    key = os.environ.get(KEY)
    return httpx2.AsyncClient(
        transport=transport,
        timeout=_TIMEOUT,
        headers={"Authorization": f"Bearer {key}"} if key else {},
        limits=httpx2.Limits(max_connections=None, keepalive_expiry=_KEEP_SECONDS),
    )


def _about(request: ScoringRequest | GenerationRequest) -> dict[str, Any]:
    salt = {"cache_salt": request.salt} if request.salt else {}
    return salt | ({"priority": request.priority} if request.priority else {})


@contextmanager
def _translating() -> Iterator[None]:
    """Failures of the connection become EngineErrors."""
    try:
        yield
    except LlmRerankError:
        raise
    except Exception as err:  # a group of what went wrong side by side
        cause = err.exceptions[0] if isinstance(err, ExceptionGroup) else err
        if isinstance(cause, LlmRerankError):
            raise cause from err
        raise _failed(f"{type(cause).__name__}: {cause}") from err


def _failed(why: str) -> EngineError:
    return EngineError(why, field="engine", value=RemoteEngine.name, remedy="Ask again; look at the servers' logs")


def _message(body: str) -> str:
    """What an error's body says."""
    try:
        return str(json.loads(body)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return body[:200]
