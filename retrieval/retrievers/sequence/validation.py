"""How well the model foresees what was held out."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from retrieval.retrievers.sequence.encoder import SequenceEncoder
from retrieval.retrievers.sequence.histories import NOTHING, HeldOut

_SCORES = 8_000_000  # held at a time: 32 MB
K = 10


def validate(encoder: SequenceEncoder, text: Tensor, held_out: HeldOut, window: int) -> float:
    """NDCG@10 against every item that anybody touched; `held_out` holds columns, NOTHING for any other item (a miss).

    Where the item is new to the user, what the user touched before does not compete. An equal score is no win.
    """
    encoder.eval()
    with torch.inference_mode():
        table = encoder.items(torch.arange(len(text)), text)
        outputs = encoder.targets(table, encoder.items.bias)
        users = max(1, _SCORES // len(text))
        gains = [
            _gains(encoder, table, outputs, held_out.slice(start, start + users), window)
            for start in range(0, len(held_out.items), users)
        ]
    return float(np.concatenate(gains).mean())


def _gains(encoder: SequenceEncoder, table: Tensor, outputs: Tensor, some: HeldOut, window: int) -> NDArray[np.float64]:
    users = last_users(encoder, table, [history[-window:] for history in some.histories])
    scores = (users @ outputs.T).numpy()
    known = some.items != NOTHING
    right = np.where(known, some.items, 0)
    asked = scores[np.arange(len(right)), right]
    for row, (history, item) in enumerate(zip(some.histories, right, strict=True)):
        if item not in history:
            scores[row, history] = -np.inf
    ranks = (~(scores < asked[:, None])).sum(axis=1)  # the item itself, what is as good, and what is no number
    return np.where(known & (ranks <= K), 1 / np.log2(1 + ranks), 0.0)


def last_users(encoder: SequenceEncoder, table: Tensor, histories: list[NDArray[np.int64]]) -> Tensor:
    """User vectors (histories, dimension + 1) after the last item of each; rows of `table`, none empty."""
    lengths = torch.tensor([len(history) for history in histories])
    padded = torch.zeros(len(histories), int(lengths.max()), dtype=torch.int64)
    for row, history in enumerate(histories):
        padded[row, : len(history)] = torch.from_numpy(history)
    users: Tensor = encoder.users(table[padded])[torch.arange(len(histories)), lengths - 1]
    return users
