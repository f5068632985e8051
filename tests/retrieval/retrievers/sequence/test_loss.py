import pytest
import torch
from torch.nn import functional

from retrieval.retrievers.sequence.loss import catalogue_cross_entropy


def random_case(users: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    made = torch.Generator().manual_seed(0)
    return (
        torch.randn(users, 5, generator=made).requires_grad_(),
        torch.randn(11, 5, generator=made).requires_grad_(),
        torch.randint(11, (users,), generator=made),
    )


@pytest.mark.parametrize("users", [1, 256, 600])  # fewer than a chunk, one, and two and a bit
def test_it_is_torchs_cross_entropy_in_value_and_gradients(users: int) -> None:
    user, item, right = random_case(users)
    expected = functional.cross_entropy(user @ item.T, right)
    expected_gradients = torch.autograd.grad(3 * expected, (user, item))
    loss = catalogue_cross_entropy(user, item, right)
    gradients = torch.autograd.grad(3 * loss, (user, item))
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(gradients, expected_gradients)


def test_two_equal_scores_cost_log_2() -> None:
    loss = catalogue_cross_entropy(torch.ones(1, 1), torch.ones(2, 1), torch.tensor([1]))
    assert loss.item() == pytest.approx(0.6931, abs=1e-4)


def test_huge_scores_stay_finite() -> None:
    loss = catalogue_cross_entropy(torch.tensor([[1e4]]), torch.tensor([[1.0], [0.0]]), torch.tensor([1]))
    assert loss.item() == pytest.approx(1e4)
