"""The lesson that makes a ranker: of every list, the target comes first."""

from collections.abc import Iterator, Sequence
from itertools import islice

import torch
from torch import Tensor

from finetune.examples import ExampleFolder
from finetune.training.config import TrainingConfig
from finetune.training.lists import ToldList, selected, validation_list
from finetune.training.loss import distillation_losses, list_losses
from finetune.training.scorer import Scorer, candidates_of
from finetune.training.share import Share
from finetune.training.sources import ExampleSource, ReplaySource, Source, prior_of
from finetune.training.steps import Step, load_steps, steps_of
from llm_rerank.engines.base import ScoringRequest
from llm_rerank.engines.packing import Pack
from llm_rerank.prompt import Prompt


class RankingLesson:
    """Teaches what the examples hold."""

    measure = "NDCG@10"

    def __init__(self, config: TrainingConfig, examples: ExampleFolder, prompt: Prompt) -> None:
        """Raises TrainingError where there is nothing to learn from, or not what was asked for."""
        self._config, self._examples, self._prompt = config, examples, prompt
        self._source = _source(config, examples, prompt)
        self._prior = prior_of(config, examples)
        self.steps = steps_of(config, self._source)

    def load(self, first: int, share: Share) -> Iterator[Step]:
        """See Lesson.load."""
        return load_steps(self._config, self._source, first=first, share=share)

    def validation(self) -> Sequence[ScoringRequest]:
        """See Lesson.validation."""
        kept = islice(selected(self._examples.all("validation"), self._config), self._config.validation_lists)
        catalogue, method, prior = self._examples.catalogue, self._config.method, self._prior
        return [validation_list(row, self._prompt, catalogue, method=method, prior=prior) for row in kept]

    def judge(self, model: Scorer, packed: Pack, requests: Sequence[ScoringRequest]) -> tuple[Tensor, Tensor]:
        """See Lesson.judge."""
        scores: Tensor = model(packed, requests)
        lengths = candidates_of(requests, self._config.method)
        if self._prior is not None:
            told = [_told(request, length) for request, length in zip(requests, lengths, strict=True)]
            scores = scores + torch.cat(told).to(scores)
        gains = torch.stack([_ndcg(one) for one in torch.split(scores.detach(), lengths)])
        return self._losses(scores, requests, lengths), gains

    def _losses(self, scores: Tensor, requests: Sequence[ScoringRequest], lengths: Sequence[int]) -> Tensor:
        """Of lists that were taught, the distance from the teacher; of validation lists and others, from the target."""
        taught = [request.told for request in requests if isinstance(request, ToldList)]
        if self._config.loss != "distillation":
            return list_losses(scores, lengths, self._config.loss)
        return distillation_losses(scores, taught) if taught else list_losses(scores, lengths, "softmax")


def _told(request: ScoringRequest, length: int) -> Tensor:
    """What is known beforehand of the scored candidates; a pass that packs nothing is told nothing."""
    return torch.tensor(request.told) if isinstance(request, ToldList) else torch.zeros(length)


def _source(config: TrainingConfig, examples: ExampleFolder, prompt: Prompt) -> Source:
    new = ExampleSource(config, examples, prompt)
    if config.replay is None:
        return new
    judges = {row.user_id for row in examples.all("validation")}
    replayed = ExampleFolder(config.replay.examples)
    old = ExampleSource(config, replayed, prompt, field="replay.examples", without=judges)
    return ReplaySource(new, old, config.replay.share)


def _ndcg(scores: Tensor) -> Tensor:
    """NDCG@10 of the first score; what scores the same comes before it."""
    place = (~(scores[1:] < scores[0])).sum().double()  # what is not a number comes before it too
    return torch.where(place < 10, 1 / torch.log2(2 + place), 0.0)
