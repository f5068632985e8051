"""The lesson that makes a ranker: of every list, the target comes first."""

from collections.abc import Iterator, Sequence
from itertools import islice

import torch
from torch import Tensor

from finetune.examples import ExampleFolder
from finetune.training.config import TrainingConfig
from finetune.training.lists import chosen, validation_list
from finetune.training.loss import list_losses
from finetune.training.scorer import PackedScorer
from finetune.training.share import Share
from finetune.training.steps import Step, load_steps, steps_of
from llm_rerank.engines.base import ScoringRequest
from llm_rerank.engines.packing import Pack
from llm_rerank.prompt import Prompt

_VALIDATION_LIST = 20
"""Candidates of a validation list, the target among them."""


class RankingLesson:
    """Teaches what the examples hold."""

    measure = "NDCG@10"

    def __init__(self, config: TrainingConfig, examples: ExampleFolder, prompt: Prompt) -> None:
        self._config, self._examples, self._prompt = config, examples, prompt
        self.steps = steps_of(config, examples)

    def load(self, first: int, share: Share) -> Iterator[Step]:
        """See Lesson.load."""
        return load_steps(self._config, self._examples, self._prompt, first=first, share=share)

    def validation(self) -> Sequence[ScoringRequest]:
        """See Lesson.validation."""
        kept = islice(chosen(self._examples.all("validation"), self._config), self._config.validation_lists)
        return [validation_list(row, _VALIDATION_LIST, self._prompt, self._examples.catalogue) for row in kept]

    def judge(self, model: PackedScorer, packed: Pack, requests: Sequence[ScoringRequest]) -> tuple[Tensor, Tensor]:
        """See Lesson.judge."""
        scores = model(packed, requests[0].labels)
        lengths = [len(request.continuations) for request in requests]
        gains = torch.stack([_ndcg(one) for one in torch.split(scores.detach().float(), lengths)])
        return list_losses(scores, lengths, self._config.loss), gains


def _ndcg(scores: Tensor) -> Tensor:
    """NDCG@10 of the first score; what scores the same comes before it."""
    place = (~(scores[1:] < scores[0])).sum().double()  # what is not a number comes before it too
    return torch.where(place < 10, 1 / torch.log2(2 + place), 0.0)
