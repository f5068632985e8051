from math import e, log, log2

import pytest
import torch

from finetune.training.loss import Loss, distillation_losses, list_losses

KINDS = pytest.mark.parametrize("kind", ["softmax", "lambdarank"])


def test_softmax_is_the_log_of_the_targets_share() -> None:
    (loss,) = list_losses(torch.tensor([1.0, 0.0, 0.0]), [3], "softmax").tolist()
    assert loss == pytest.approx(-log(e / (e + 2)))


def test_lambdarank_weighs_a_pair_by_what_swapping_it_changes() -> None:
    # The target is second of three: 1 / log2(3). First it would have 1, third 1 / log2(4).
    (loss,) = list_losses(torch.tensor([1.0, 2.0, 0.0]), [3], "lambdarank").tolist()
    behind, before = (1 - 1 / log2(3)) * log(1 + e), (1 / log2(3) - 1 / 2) * log(1 + 1 / e)
    assert loss == pytest.approx(behind + before)


@KINDS
def test_a_list_costs_the_same_beside_a_longer_one(kind: Loss) -> None:
    short, long = torch.tensor([0.3, -1.0]), torch.tensor([0.1, 2.0, 0.5, -3.0])
    both = list_losses(torch.cat([short, long]), [2, 4], kind)
    alone = [list_losses(scores, [len(scores)], kind).item() for scores in (short, long)]
    assert both.tolist() == pytest.approx(alone)


@KINDS
def test_gradients_are_those_of_the_loss(kind: Loss) -> None:
    scores = torch.tensor([0.3, -1.0, 0.2, 2.0, 0.5, -3.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda scores: list_losses(scores, [2, 1, 3], kind), scores)


@KINDS
def test_equal_scores_are_parted(kind: Loss) -> None:
    scores = torch.zeros(3, requires_grad=True)
    list_losses(scores, [3], kind).sum().backward()
    assert scores.grad is not None
    assert scores.grad[0] < 0 < scores.grad[1:].min()


@KINDS
def test_the_target_alone_costs_nothing(kind: Loss) -> None:
    assert list_losses(torch.tensor([5.0]), [1], kind).tolist() == [0]


@KINDS
def test_what_is_not_a_number_shows(kind: Loss) -> None:
    assert list_losses(torch.full((3,), float("nan")), [3], kind).isnan().all()


@KINDS
def test_a_loss_falls_as_the_target_rises(kind: Loss) -> None:
    rising = [list_losses(torch.tensor([target, 1.0, 0.0]), [3], kind).item() for target in (-3.0, 0.5, 4.0)]
    assert rising == sorted(rising, reverse=True)


def test_who_thinks_as_the_teacher_does_has_nothing_to_learn() -> None:
    scores = torch.tensor([1.0, -2.0, 0.5, 3.0, 1.0])
    teacher = [[11.0, 8.0, 10.5], [3.0, 1.0]]  # what all of a list have more, no list shows
    assert distillation_losses(scores, teacher).tolist() == pytest.approx([0, 0], abs=1e-6)


def test_the_distance_from_the_teacher_is_in_nats() -> None:
    (loss,) = distillation_losses(torch.tensor([0.0, 0.0]), [[log(3), 0.0]]).tolist()
    assert loss == pytest.approx(0.75 * log(0.75 / 0.5) + 0.25 * log(0.25 / 0.5))


def test_a_taught_list_costs_the_same_beside_a_longer_one() -> None:
    short, long = torch.tensor([0.3, -1.0]), torch.tensor([0.1, 2.0, 0.5, -3.0])
    both = distillation_losses(torch.cat([short, long]), [[0.0, 1.0], [4.0, 1.0, 1.0, 0.0]])
    alone = [distillation_losses(short, [[0.0, 1.0]]).item(), distillation_losses(long, [[4.0, 1.0, 1.0, 0.0]]).item()]
    assert both.tolist() == pytest.approx(alone)


def test_gradients_towards_the_teacher_are_those_of_the_loss() -> None:
    scores = torch.tensor([0.3, -1.0, 0.2, 2.0, 0.5, -3.0], dtype=torch.float64, requires_grad=True)
    teacher = [[1.0, 0.0], [0.0], [2.0, 1.0, 60.0]]  # one of whom the teacher is sure
    assert torch.autograd.gradcheck(lambda scores: distillation_losses(scores, teacher), scores)
