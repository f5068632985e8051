from collections.abc import Callable, Sequence
from math import exp, log
from typing import Any

import pytest
import torch
from pydantic import ValidationError

from finetune.examples import Example, ExampleFolder
from finetune.training.config import TrainingConfig
from finetune.training.prior import RankPrior
from finetune.training.ranking import RankingLesson
from llm_rerank.engines.base import ScoringRequest
from llm_rerank.prompt import Prompt

Configure = Callable[..., TrainingConfig]


def row(rank: int) -> Example:
    return Example(
        user_id="anna", history=(0,), times=(1,), target=1, rank=rank, hits=(2, 3, 4), popular=(5,), random=(6,)
    )


def test_a_rank_is_worth_how_often_what_came_next_had_it() -> None:
    prior = RankPrior([1, 1, 2, 0])  # one more of each, and one for what has no rank: of 6, 3, 2 and 1
    assert prior.of(row(1), ()) == pytest.approx((log(3 / 6),))
    assert prior.of(row(2), (0, 3)) == pytest.approx((log(2 / 6), log(3 / 6), log(1 / 6)))


@pytest.mark.parametrize(("target", "hits"), [(1, [2, 3, 4]), (2, [1, 3, 4]), (4, [1, 2, 3]), (0, [1, 2, 3])])
def test_hits_have_the_ranks_that_the_target_leaves(target: int, hits: list[int]) -> None:
    prior = RankPrior([1] * 3 + [2] * 2 + [3] + [4] * 9)
    shares = {log(count / 20): rank for rank, count in enumerate((1, 4, 3, 2, 10))}
    assert [shares[share] for share in prior.of(row(target), range(3))] == [target, *hits]


def test_a_rank_beyond_all_that_were_seen_is_worth_as_much_as_the_last() -> None:
    prior = RankPrior([1])
    assert prior.of(row(9), ()) == prior.of(row(1), ())


def test_a_model_that_says_nothing_is_judged_by_what_retrieval_says(
    configure: Configure, examples: ExampleFolder, prompt: Prompt
) -> None:
    def silent(packed: Any, requests: Sequence[ScoringRequest]) -> torch.Tensor:
        return torch.zeros(sum(len(request.continuations) for request in requests))

    lesson = RankingLesson(configure(beside="retrieval"), examples, prompt)
    requests: Any = lesson.validation()
    losses, _ = lesson.judge(silent, None, requests)  # type: ignore[arg-type]
    for loss, request in zip(losses, requests, strict=True):
        said = [exp(share) for share in request.told]
        assert float(loss) == pytest.approx(-log(said[0] / sum(said)), abs=1e-5)


def test_beside_a_teacher_there_is_no_place(configure: Configure) -> None:
    with pytest.raises(ValidationError, match="leave one of them out"):
        configure(beside="retrieval", loss="distillation")
