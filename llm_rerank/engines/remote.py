"""The remote engine: the model is served elsewhere, by any `vllm serve` over HTTP, or by several.

Adapters are served there by their ids: `vllm serve MODEL --enable-lora --lora-modules ID=FOLDER`.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from threading import Event
from typing import Any, Final

import httpx2
import numpy as np
from numpy.typing import NDArray

from llm_rerank.engines.base import GeneratedPiece, GenerationRequest, Lora, ScoringRequest, raise_if_cancelled
from llm_rerank.engines.loop_thread import LoopThread, Put
from llm_rerank.engines.servers import Card, Servers, failed
from llm_rerank.engines.side_by_side import Rows, failing_as, scored, written
from llm_rerank.tokenizer import TokenIds, Tokenizer
from retrieval.errors import EngineError, ModelError

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
        self._servers, self._tokenizer = Servers(servers, transport), tokenizer
        self._thread = LoopThread("remote engine")
        try:
            self._served = _served(self._thread.ask(self._servers.cards()), adapter, writer or adapter)
        except BaseException:
            self.close()
            raise

    def score(
        self, requests: Sequence[ScoringRequest], *, cancel: Event | None = None
    ) -> tuple[NDArray[np.float32], ...]:
        """See Engine.score: rows of log-probabilities."""
        raise_if_cancelled(cancel)
        self._require(max((len(r.prefix) + max(map(len, r.continuations), default=0) + 1 for r in requests), default=0))
        with failing_as(failed):
            return self._thread.ask(scored(requests, self._rows, at_once=_PROMPTS_A_CALL), cancel)

    def generate(
        self, requests: Sequence[GenerationRequest], *, cancel: Event | None = None
    ) -> Iterator[GeneratedPiece]:
        """See Engine.generate; a server that breaks off in the middle of a text is an EngineError."""
        self._require(max((len(r.prompt) + r.max_tokens for r in requests), default=0))
        return self._pieces(requests, cancel)

    def close(self) -> None:
        """See Engine.close."""
        with suppress(EngineError):  # it has been closed
            self._thread.ask(self._servers.close())
        self._thread.stop()

    async def _rows(self, request: ScoringRequest, continuations: Sequence[TokenIds]) -> Rows:
        asked = _about(request) | {
            "model": self._served.scorer,
            "prompt": [[*request.prefix, *continuation] for continuation in continuations],
            "max_tokens": 1,
            "temperature": 0,
            "logprobs": len(request.labels),
            "logprob_token_ids": request.labels,
            "return_tokens_as_token_ids": True,
        }
        reply = await self._servers.complete(request.prefix, request.salt, asked)
        choices = sorted(reply["choices"], key=lambda choice: choice["index"])
        said = [choice["logprobs"]["top_logprobs"][0] for choice in choices]
        if len(said) != len(continuations):
            raise failed(f"{len(said)} answers to {len(continuations)} prompts")
        return [[of_one[f"token_id:{label}"] for label in request.labels] for of_one in said]

    def _pieces(self, requests: Sequence[GenerationRequest], cancel: Event | None) -> Iterator[GeneratedPiece]:
        with failing_as(failed):
            yield from self._thread.stream(partial(written, self._write, requests), cancel)

    async def _write(self, index: int, request: GenerationRequest, put: Put[GeneratedPiece]) -> None:
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
        async for text in self._servers.stream(request.prompt, request.salt, asked):
            put(GeneratedPiece(index=index, text=text))
        put(GeneratedPiece(index=index, text="", done=True))

    def _require(self, tokens: int) -> None:
        if tokens > self._served.longest:
            raise EngineError(
                f"the servers read at most {self._served.longest - 1} tokens",
                field="tokens",
                value=tokens,
                remedy="Lower the prompt's history or title budget, or raise --max-model-len",
            )


def _served(found: Sequence[Sequence[Card]], adapter: Lora | None, writer: Lora | None) -> Served:
    """What all these servers have; whether it is the model that is meant, their names alone can say."""
    bases = [card for cards in found for card in cards if not card.get("parent")]
    scorer, other = (bases[0]["id"] if lora is None else lora.name for lora in (adapter, writer))
    for cards in found:
        if missing := {scorer, other} - {card["id"] for card in cards}:
            raise ModelError(
                f"a server has {[card['id'] for card in cards]}, and not {', '.join(sorted(missing))}",
                field="engine.servers",
                value=sorted(missing),
                remedy="Serve one model everywhere, with --enable-lora --lora-modules ID=FOLDER for an adapter",
            )
    return Served(scorer=scorer, writer=other, longest=min(base["max_model_len"] for base in bases))


def _about(request: ScoringRequest | GenerationRequest) -> dict[str, Any]:
    salt = {"cache_salt": request.salt} if request.salt else {}
    return salt | ({"priority": request.priority} if request.priority else {})
