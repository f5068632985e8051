"""A stand-in engine: no model, no language, the same answers every time. For tests and smoke runs."""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from threading import Event

import numpy as np
from numpy.typing import NDArray

from llm_rerank.engines.base import GeneratedPiece, GenerationRequest, ScoringRequest, raise_if_cancelled
from llm_rerank.tokenizer import TokenIds, Tokenizer


class FakeEngine:
    """Says yes the louder, the more of a continuation's tokens stand in the prefix; as text it echoes the prompt."""

    name = "fake"

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer

    def score(
        self, requests: Sequence[ScoringRequest], *, cancel: Event | None = None
    ) -> tuple[NDArray[np.float32], ...]:
        """See Engine.score. The first label's logit is the overlap; the others are small and depend on the tokens."""
        raise_if_cancelled(cancel)
        return tuple(
            np.array([_logits(r, c) for c in r.continuations], dtype=np.float32).reshape(-1, len(r.labels))
            for r in requests
        )

    def generate(
        self, requests: Sequence[GenerationRequest], *, cancel: Event | None = None
    ) -> Iterator[GeneratedPiece]:
        """See Engine.generate: yields the end of the prompt, character by character."""
        for index, request in enumerate(requests):
            text = self._tokenizer.decode(request.prompt[-request.max_tokens :])
            for character in text[: min((at for s in request.stop if (at := text.find(s)) >= 0), default=None)]:
                raise_if_cancelled(cancel)
                yield GeneratedPiece(index=index, text=character)
            yield GeneratedPiece(index=index, text="", done=True)

    def close(self) -> None:
        """See Engine.close: there is nothing to let go of."""


def _logits(request: ScoringRequest, continuation: TokenIds) -> list[float]:
    known = set(request.prefix)
    overlap = sum(token in known for token in continuation) / len(continuation)
    noise = sha256(repr((request.prefix, continuation)).encode()).digest()
    return [overlap * 10, *(noise[i % len(noise)] / 255 for i in range(1, len(request.labels)))]
