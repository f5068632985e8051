"""The remote engine: any `vllm serve` over HTTP, several side by side, one user's prompts always at the same one.

Adapters are served there by their ids: `vllm serve MODEL --enable-lora --lora-modules ID=FOLDER`.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from threading import Event
from typing import Any, Final

import httpx2
import numpy as np
from numpy.typing import NDArray

from llm_rerank.engines.base import GeneratedPiece, GenerationRequest, Lora, ScoringRequest, raise_if_cancelled
from llm_rerank.engines.loop_thread import LoopThread, Put
from llm_rerank.tokenizer import TokenIds, Tokenizer
from retrieval.errors import EngineError, LlmRerankError, ModelError

KEY: Final = "VLLM_API_KEY"
"""The environment variable that holds the servers' key; `vllm serve` reads it too."""

_TIMEOUT: Final = httpx2.Timeout(600.0, connect=3.0)  # a caller's own deadline comes first
_PROMPTS_A_CALL: Final = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class Served:
    """What the servers call the model with the adapter that scores, and with the one that writes."""

    scorer: str
    writer: str
    longest: int
    """Tokens of a prompt and what is written behind it."""


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
        self._servers, self._tokenizer = tuple(server.rstrip("/") for server in servers), tokenizer
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
        """Closes the connections."""
        self._thread.ask(self._client.aclose())
        self._thread.stop()

    async def _look(self, adapter: Lora | None, writer: Lora | None) -> Served:
        """At what all servers that answer have."""
        cards = [cards for server in self._servers if (cards := await self._cards(server)) is not None]
        if not cards:
            raise ModelError(
                "no server answers",
                field="engine.servers",
                value=list(self._servers),
                remedy="Start `vllm serve` there",
            )
        base = next(card for card in cards[0] if not card.get("parent"))
        scorer, other = (base["id"] if lora is None else lora.name for lora in (adapter, writer))
        served = Served(scorer=scorer, writer=other, longest=base["max_model_len"])
        for of_server in cards:
            if missing := {served.scorer, served.writer} - {card["id"] for card in of_server}:
                raise ModelError(
                    f"a server has {[card['id'] for card in of_server]}, and not {', '.join(sorted(missing))}",
                    field="engine.servers",
                    value=list(self._servers),
                    remedy="Serve one model everywhere, with --enable-lora --lora-modules ID=FOLDER for an adapter",
                )
        return served

    async def _cards(self, server: str) -> list[dict[str, Any]] | None:
        """The models of a server; None where it does not answer, which it may do later."""
        try:
            reply = await self._client.get(f"{server}/v1/models", timeout=10.0)
            reply.raise_for_status()
            found: list[dict[str, Any]] = reply.json()["data"]
        except (httpx2.HTTPError, ValueError, KeyError):
            return None
        return found

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
            except httpx2.TransportError as err:
                why = f"{server}: {type(err).__name__}"
                continue
            if reply.status_code >= 500:
                why = f"{server}: {reply.status_code}"
                continue
            if reply.status_code >= 400:
                raise _failed(f"{server} refused: {_message(reply.text)}")
            found: dict[str, Any] = reply.json()
            return found
        raise _failed(f"no server answers ({why})")

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
            except httpx2.TransportError as err:
                why = f"{server}: {type(err).__name__}"
                if begun:
                    raise _failed(f"a server broke off ({why})") from err
                continue
            put(GeneratedPiece(index=index, text="", done=True))
            return
        raise _failed(f"no server answers ({why})")

    async def _streamed(self, server: str, asked: Mapping[str, Any]) -> AsyncIterator[str]:
        """The pieces of one text, as the server sends them."""
        async with self._client.stream("POST", f"{server}/v1/completions", json=asked) as reply:
            if reply.status_code >= 500:
                raise httpx2.TransportError(f"status {reply.status_code}")
            if reply.status_code >= 400:
                await reply.aread()
                raise _failed(f"{server} refused: {_message(reply.text)}")
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
        """The servers, the one where this user's prefix is kept first, each user's others in another order.

        Rendezvous hashing (Thaler & Ravishankar 1998): where a server comes or goes, only its users move.
        """
        whose = salt or repr(prompt)
        return sorted(self._servers, key=lambda server: sha256(f"{server} {whose}".encode()).digest())

    def _require(self, tokens: int) -> None:
        if tokens > self._served.longest:
            raise EngineError(
                f"the servers read at most {self._served.longest - 1} tokens",
                field="tokens",
                value=tokens,
                remedy="Lower the prompt's history or title budget, or raise --max-model-len",
            )


async def _client(transport: httpx2.AsyncBaseTransport | None) -> httpx2.AsyncClient:
    key = os.environ.get(KEY)
    return httpx2.AsyncClient(
        transport=transport,
        timeout=_TIMEOUT,
        headers={"Authorization": f"Bearer {key}"} if key else {},
        limits=httpx2.Limits(max_connections=None),
    )


def _about(request: ScoringRequest | GenerationRequest) -> dict[str, Any]:
    salt = {"cache_salt": request.salt} if request.salt else {}
    return salt | ({"priority": request.priority} if request.priority else {})


@contextmanager
def _translating() -> Iterator[None]:
    """Failures of the connection become EngineErrors."""
    try:
        yield
    except (LlmRerankError, KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as err:  # a group of what went wrong side by side
        cause = err.exceptions[0] if isinstance(err, BaseExceptionGroup) else err
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
