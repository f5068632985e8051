"""How well lists are ranked that nothing is learnt from."""

import math
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from finetune.examples import ExampleFolder
from finetune.training.config import TrainingConfig
from finetune.training.lists import validation_list
from finetune.training.loss import Loss, list_losses
from finetune.training.share import Passes, Share
from llm_rerank.engines.base import ScoringRequest
from llm_rerank.prompt import Prompt

_LENGTH: Final = 20
"""Candidates of a list, the target among them."""

Score = Callable[[Sequence[ScoringRequest]], Tensor]


def validation_passes(config: TrainingConfig, examples: ExampleFolder, prompt: Prompt, share: Share) -> Passes:
    """The lists that this process ranks."""
    rows = islice(examples.all("validation"), config.validation_lists)
    lists = [validation_list(row, _LENGTH, prompt, examples.catalogue) for row in rows]
    return share.passes(lists, config.tokens_per_pass)


@torch.no_grad()
def judge(lists: Passes, score: Score, loss: Loss) -> NDArray[np.float64]:
    """Of those lists their number, the sum of NDCG@10 and the sum of losses."""
    found = np.zeros(3)
    for group in lists:
        scores = score(group)
        lengths = [len(request.continuations) for request in group]
        if not lengths:
            continue
        gains = [_ndcg(one.cpu().numpy()) for one in torch.split(scores.float(), lengths)]
        found += [len(group), sum(gains), float(list_losses(scores, lengths, loss).sum())]
    return found


def _ndcg(scores: NDArray[np.float32]) -> float:
    """NDCG@10 of the first score; what scores the same comes before it."""
    place = int((~(scores[1:] < scores[0])).sum())  # what is not a number comes before it too
    return 1 / math.log2(2 + place) if place < 10 else 0.0
