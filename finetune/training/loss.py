"""Losses of a list whose first score is the target's."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import softplus
from torch.nn.utils.rnn import pad_sequence

Loss = Literal["softmax", "lambdarank"]


def list_losses(scores: Tensor, lengths: Sequence[int], kind: Loss) -> Tensor:
    """One loss a list, shape (B,): `scores`, shape (sum of lengths,), holds the lists one after the other."""
    lists = list(torch.split(scores, list(lengths)))
    rows = pad_sequence(lists, batch_first=True, padding_value=float("-inf"))
    return _softmax(rows) if kind == "softmax" else _lambdarank(rows)


def _softmax(rows: Tensor) -> Tensor:
    """Cross-entropy of the target among its list: ListNet (Cao et al. 2007) with one relevant item."""
    return torch.logsumexp(rows, dim=1) - rows[:, 0]


def _lambdarank(rows: Tensor) -> Tensor:
    """Logistic loss of the target against each other item, times what swapping them changes in NDCG (Burges 2010).

    Among equal scores the target comes last, as in the NDCG of validation: placed alike, nothing would part them.
    """
    there = rows != float("-inf")  # what is not a number is there, and shows
    with torch.no_grad():
        mine, other = rows[:, :, None], rows[:, None, :]
        further = torch.ones(rows.shape[1], rows.shape[1], dtype=torch.bool, device=rows.device).triu(1)
        before = ((mine < other) | ((mine == other) & further)).sum(dim=2)
        gain = 1 / torch.log2(2.0 + before)
        weights = (gain[:, :1] - gain).abs().masked_fill(~there, 0.0)
    lead = torch.where(there, rows[:, :1] - rows, torch.zeros_like(rows))  # no -inf where gradients flow
    return (weights * softplus(-lead)).sum(dim=1)
