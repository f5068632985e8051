"""Two engines over one base as one: the first scores, the second generates, each with an adapter of its own.

On a CPU an adapter beside the weights would more than double the time, so that each engine has its own added to them.
What neither adapter changes is there once.
"""

from collections.abc import Iterator, Sequence
from threading import Event

import numpy as np
import torch
from numpy.typing import NDArray

from llm_rerank.engines.base import Engine, GeneratedPiece, GenerationRequest, ScoringRequest
from llm_rerank.engines.transformers import TransformersEngine


class PairedEngine:
    """An engine that scores and one that writes."""

    def __init__(self, scorer: Engine, writer: Engine) -> None:
        """Both are of one kind, over the same base; their equal weights are shared from now on."""
        if isinstance(scorer, TransformersEngine) and isinstance(writer, TransformersEngine):
            _share_what_is_equal(scorer._model, writer._model)
        self._scorer = scorer
        self._writer = writer

    @property
    def name(self) -> str:
        """The kind of both."""
        return self._scorer.name

    def score(
        self, requests: Sequence[ScoringRequest], *, cancel: Event | None = None
    ) -> tuple[NDArray[np.float32], ...]:
        """See Engine.score."""
        return self._scorer.score(requests, cancel=cancel)

    def generate(
        self, requests: Sequence[GenerationRequest], *, cancel: Event | None = None
    ) -> Iterator[GeneratedPiece]:
        """See Engine.generate."""
        return self._writer.generate(requests, cancel=cancel)

    def close(self) -> None:
        """See Engine.close."""
        self._scorer.close()
        self._writer.close()


def _share_what_is_equal(model: torch.nn.Module, other: torch.nn.Module) -> None:
    """Embeddings, norms, and layers that neither adapter changed."""
    weights = dict(model.named_parameters())
    for name, own in other.named_parameters():
        if torch.equal(own, weights[name]):
            own.data = weights[name].data
