"""The lesson seam: the loop knows steps, losses and checkpoints; what is learnt in them, only a lesson knows."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from torch import Tensor

from finetune.training.share import Share
from finetune.training.steps import Step
from llm_rerank.engines.base import ScoringRequest
from llm_rerank.engines.packing import Pack


class Lesson(Protocol):
    """What is taught."""

    @property
    def measure(self) -> str:
        """What `judge` calls good, by name."""
        ...

    @property
    def steps(self) -> int:
        """How many there are."""
        ...

    def load(self, first: int, share: Share) -> Iterator[Step]:
        """From step `first` to the last, this process's share of each."""
        ...

    def validation(self) -> Sequence[ScoringRequest]:
        """What the weights are judged by, of all processes; nothing where they are not."""
        ...

    def judge(self, model: Any, packed: Pack, requests: Sequence[ScoringRequest]) -> tuple[Tensor, Tensor]:
        """Of each packed request its loss, and how good the model was, from 0 to 1: both of shape (B,)."""
        ...
