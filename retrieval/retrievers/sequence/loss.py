"""Cross-entropy against a whole catalogue, without ever holding all the scores."""

from typing import Any

import torch
from torch import Tensor

_ROWS = 256  # user vectors scored at a time: the scores of one chunk are all that is held


class _CatalogueCrossEntropy(torch.autograd.Function):
    """Both gradients are made chunk by chunk while the scores are at hand, and kept for the backward pass."""

    @staticmethod
    def forward(ctx: Any, users: Tensor, items: Tensor, right: Tensor) -> Tensor:
        loss = users.new_zeros(())
        users_grad, items_grad = torch.empty_like(users), torch.zeros_like(items)
        for start in range(0, len(users), _ROWS):
            some, answers = users[start : start + _ROWS], right[start : start + _ROWS, None]
            scores = some @ items.T
            loss += (scores.logsumexp(dim=1) - scores.gather(1, answers)[:, 0]).sum()
            errors = scores.softmax(dim=1)
            errors.scatter_add_(1, answers, -torch.ones_like(answers, dtype=errors.dtype))
            users_grad[start : start + _ROWS] = errors @ items
            items_grad.addmm_(errors.T, some)
        ctx.save_for_backward(users_grad / len(users), items_grad / len(users))
        return loss / len(users)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None]:
        users_grad, items_grad = ctx.saved_tensors
        return grads[0] * users_grad, grads[0] * items_grad, None


def catalogue_cross_entropy(users: Tensor, items: Tensor, right: Tensor) -> Tensor:
    """Mean over users of -log softmax(users @ items.T)[right].

    `users` (p, d), `items` (n, d), `right` (p,) rows of `items`. Memory is that of 256 × n scores rather than p × n.
    """
    loss: Tensor = _CatalogueCrossEntropy.apply(users, items, right)  # type: ignore[no-untyped-call]
    return loss
