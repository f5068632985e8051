"""The model: items to vectors, and histories to vectors that point at the items that come next."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from retrieval.retrievers.sequence.config import EncoderConfig

Weights = dict[str, Tensor]
"""By name."""

_FIRST_SCALE = 20.0  # of cosines: what cross-entropy over some ten thousand items can work with from the first step
_ALIKE = 1e-6  # spread of numbers that differ by rounding only
_WIDER = 4  # hidden width of a block's feed-forward part, in dimensions


class ItemEncoder(nn.Module):
    """item = id part + linear map of its text vector; items nobody has touched yet have the text part only."""

    text_mean: Tensor
    text_scale: Tensor

    def __init__(self, items: int, text_dimension: int, config: EncoderConfig) -> None:
        """Room for `items` items with an id part."""
        super().__init__()
        self.ids = nn.Embedding(items, config.dimension)
        nn.init.normal_(self.ids.weight, std=0.02)
        self.bias = nn.Parameter(torch.zeros(items))
        self.text = nn.Linear(text_dimension, config.dimension)
        self.register_buffer("text_mean", torch.zeros(text_dimension))
        self.register_buffer("text_scale", torch.ones(text_dimension))
        self._id_dropout = config.id_dropout

    def learn_scale(self, text: Tensor) -> None:
        """Takes the mean and spread of the text vectors (items, text_dimension) to standardise with.

        Where all items are alike the spread is 1: what a new item has there must not drown the rest of it.
        """
        self.text_mean.copy_(text.mean(dim=0))
        spread = text.std(dim=0, correction=0)
        self.text_scale.copy_(torch.where(spread > _ALIKE, spread, 1.0))

    def forward(self, rows: Tensor, text: Tensor) -> Tensor:
        """Vectors (n, dimension) of the items in these rows (n,), whose text vectors are `text` (n, text_dimension)."""
        ids: Tensor = self.ids(rows)
        if self.training and self._id_dropout:
            kept = torch.rand(len(rows), 1) >= self._id_dropout
            ids = ids * kept
        return ids + self.from_text(text)

    def from_text(self, text: Tensor) -> Tensor:
        """Vectors (n, dimension) of items that are known by their text alone."""
        vectors: Tensor = self.text((text - self.text_mean) / self.text_scale)
        return vectors


class Block(nn.Module):
    """Causal attention with a learned bias by distance, then a feed-forward part; both normalised first."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        width, self._heads, self._dropout = config.dimension, config.heads, config.dropout
        self.attention_norm = nn.LayerNorm(width)
        self.queries_keys_values = nn.Linear(width, 3 * width)
        self.attended = nn.Linear(width, width)
        self.distance = nn.Parameter(torch.zeros(config.heads, config.window))
        self.forward_norm = nn.LayerNorm(width)
        self.wider = nn.Linear(width, _WIDER * width)
        self.narrower = nn.Linear(_WIDER * width, width)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, length, dimension) to the same; position i sees positions up to i."""
        x = x + self.dropout(self.attended(self._attend(self.attention_norm(x))))
        hidden = self.dropout(functional.gelu(self.wider(self.forward_norm(x))))
        added: Tensor = x + self.dropout(self.narrower(hidden))
        return added

    def _attend(self, x: Tensor) -> Tensor:
        batch, length, width = x.shape
        heads = self.queries_keys_values(x).view(batch, length, 3, self._heads, width // self._heads)
        queries, keys, values = heads.permute(2, 0, 3, 1, 4)
        dropout = self._dropout if self.training else 0.0
        attended = functional.scaled_dot_product_attention(
            queries, keys, values, attn_mask=self._bias(length), dropout_p=dropout
        )
        return attended.transpose(1, 2).reshape(batch, length, width)

    def _bias(self, length: int) -> Tensor:
        """(heads, length, length): what is added for looking back so far; -inf for looking ahead."""
        steps = torch.arange(length)
        back = steps[:, None] - steps[None, :]
        return self.distance[:, back.clamp_min(0)].masked_fill(back < 0, -math.inf)


class SequenceEncoder(nn.Module):
    """score(user, item) = scale × cosine(user vector, item vector) + the item's bias."""

    def __init__(self, items: int, text_dimension: int, config: EncoderConfig) -> None:
        super().__init__()
        self.items = ItemEncoder(items, text_dimension, config)
        self.first_norm = nn.LayerNorm(config.dimension)
        self.dropout = nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.blocks))
        self.last_norm = nn.LayerNorm(config.dimension)
        self.log_scale = nn.Parameter(torch.tensor(math.log(_FIRST_SCALE)))

    def users(self, items: Tensor) -> Tensor:
        """Item vectors in the order of the history (batch, length, dimension), padded at the end, to user vectors.

        Returns (batch, length, dimension + 1): row i is the user after i + 1 interactions. The last number is 1: it
        meets the item's bias.
        """
        x = self.dropout(self.first_norm(items))
        for block in self.blocks:
            x = block(x)
        directions = functional.normalize(self.last_norm(x), dim=-1) * self.log_scale.exp()
        return functional.pad(directions, (0, 1), value=1.0)

    @staticmethod
    def targets(items: Tensor, bias: Tensor) -> Tensor:
        """Item vectors (n, dimension) and biases (n,) to what user vectors are multiplied with, (n, dimension + 1)."""
        return torch.cat([functional.normalize(items, dim=-1), bias[:, None]], dim=1)
