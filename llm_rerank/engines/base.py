"""The engine seam. An engine knows nothing of users or items: token ids in, label logits or text out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from llm_rerank.tokenizer import TokenIds
from retrieval.errors import CancelledError, EngineError

Kind = Literal["transformers", "vllm", "remote", "fake"]
"""What there is of engines, by name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lora:
    """An adapter as engines know it: peft's files in a folder. `name` is another one where its content is."""

    name: str
    folder: Path


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoringRequest:
    """One prefix, many continuations: `K` prompts `prefix + continuation`, each read at its last token.

    `labels` are the token ids whose logits are wanted there (yes and no, or the letters A to T). An engine that keeps
    prefixes shares them among requests of one `salt` and no others; one that puts callers in an order takes lower
    `priority` first (vLLM does; transformers answers whoever comes).
    """

    prefix: TokenIds
    continuations: tuple[TokenIds, ...]
    labels: TokenIds
    salt: str = ""
    priority: int = 0

    def __post_init__(self) -> None:
        if not self.prefix or not self.labels or not all(self.continuations):
            raise EngineError(
                "prefix, labels and every continuation need at least one token",
                field="request",
                value=(len(self.prefix), len(self.labels), [len(c) for c in self.continuations]),
                remedy="Build requests with Prompt.",
            )

    @property
    def tokens(self) -> int:
        """Tokens of the packed form: the prefix counts once."""
        return len(self.prefix) + sum(map(len, self.continuations))


@dataclass(frozen=True, kw_only=True, slots=True)
class GenerationRequest:
    """Text to be written after `prompt`. `temperature` 0 is greedy; `stop` texts end it and are not part of it.

    `salt` and `priority` are those of ScoringRequest.
    """

    prompt: TokenIds
    max_tokens: int
    temperature: float = 0.0
    seed: int = 0
    stop: tuple[str, ...] = ()
    salt: str = ""
    priority: int = 0

    def __post_init__(self) -> None:
        if not self.prompt or self.max_tokens < 1 or self.temperature < 0 or not all(self.stop):
            raise EngineError(
                "a prompt needs a token, max_tokens is 1 or more, temperature 0 or more, a stop text is not empty",
                field="request",
                value=(len(self.prompt), self.max_tokens, self.temperature, self.stop),
                remedy="Correct the request.",
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class GeneratedPiece:
    """The next piece of the text for request number `index`; the pieces of one index join to its whole text.

    `done` marks its last piece, which may be empty.
    """

    index: int
    text: str
    done: bool = False


class Engine(Protocol):
    """Runs a language model. Safe to call from several threads; `cancel` is looked at between steps."""

    @property
    def name(self) -> str:
        """The kind of engine, as replies and reports name it."""
        ...

    def score(
        self, requests: Sequence[ScoringRequest], *, cancel: Event | None = None
    ) -> tuple[NDArray[np.float32], ...]:
        """Label logits, one array (K, len(labels)) a request, each row up to a constant of its own.

        Only differences within a row mean anything: some engines see log-probabilities, which differ from logits by
        such a constant. A continuation's row does not depend on the other continuations. No continuation: shape (0, L).
        Raises CancelledError when `cancel` is set, EngineError when the model cannot answer.
        """
        ...

    def generate(
        self, requests: Sequence[GenerationRequest], *, cancel: Event | None = None
    ) -> Iterator[GeneratedPiece]:
        """Writes all texts side by side and yields pieces as they come. Closing the iterator stops the work."""
        ...

    def close(self) -> None:
        """Lets go of the model, its processes and connections; nothing can be asked any more, and twice is once."""
        ...


def raise_if_cancelled(cancel: Event | None) -> None:
    """The one way an engine looks at its caller's wish to stop."""
    if cancel is not None and cancel.is_set():
        raise CancelledError("the caller cancelled the request", remedy="Nothing was changed; ask again if you need it")
