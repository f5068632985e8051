"""Losses of lists whose scores lie one after the other in a tensor of shape (sum of lengths,): one a list, (B,)."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import softplus
from torch.nn.utils.rnn import pad_sequence

Loss = Literal["softmax", "lambdarank"]


def list_losses(scores: Tensor, lengths: Sequence[int], kind: Loss) -> Tensor:
    """By what came next, whose score is the first of each list."""
    rows = _rows(scores, lengths)
    return _softmax(rows) if kind == "softmax" else _lambdarank(rows)


def distillation_losses(scores: Tensor, taught: Sequence[Sequence[float]]) -> Tensor:
    """KL divergence of the list's softmax from that of a teacher's scores (Hinton et al. 2015)."""
    lengths = [len(of_list) for of_list in taught]
    theirs = torch.tensor([score for of_list in taught for score in of_list], dtype=scores.dtype, device=scores.device)
    ours, theirs = (_rows(each, lengths).log_softmax(dim=1) for each in (scores, theirs))
    there = theirs != float("-inf")
    apart = torch.where(there, theirs - ours, torch.zeros_like(ours))  # no -inf where gradients flow
    return (theirs.exp() * apart).sum(dim=1)


def _rows(scores: Tensor, lengths: Sequence[int]) -> Tensor:
    """Shape (B, longest); behind the end of a list lies -inf."""
    return pad_sequence(list(torch.split(scores, list(lengths))), batch_first=True, padding_value=float("-inf"))


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
