"""What the sequence retriever can be told. Here rather than beside its code, which needs torch."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from retrieval.indexes.base import FaissConfig, IndexConfig
from retrieval.retrievers.base import SourceConfig
from retrieval.settings import Settings


class EncoderConfig(Settings):
    """The shape of the model: what weights fit it."""

    dimension: PositiveInt = 64
    """Length of item and user vectors."""

    blocks: PositiveInt = 2
    """Transformer blocks."""

    heads: PositiveInt = 2
    """Attention heads a block; they share the dimension among them."""

    window: PositiveInt = 50
    """How many interactions of a history, the newest, are read."""

    dropout: NonNegativeFloat = Field(default=0.4, lt=1)
    """Share of the activations left out at each training step."""

    id_dropout: NonNegativeFloat = Field(default=0.1, lt=1)
    """Share of the items whose id part is left out at each training step, so that text alone learns to place an item
    (Volkovs, Yu and Poutanen, DropoutNet, NIPS 2017): a new item has nothing else."""

    @model_validator(mode="after")
    def _heads_fit(self) -> Self:
        if self.dimension % self.heads:
            raise ValueError(f"dimension: {self.dimension} is not a multiple of heads ({self.heads}); change one")
        return self


class TrainingConfig(Settings):
    """How the weights are found."""

    epochs: PositiveInt = 24
    """Passes over the log, at most; the learning rate falls to zero over them."""

    patience: PositiveInt = 5
    """Stop after this many epochs without a better validation NDCG@10."""

    batch_size: PositiveInt = 256
    """Windows of histories a step."""

    learning_rate: PositiveFloat = 2e-3
    """Highest step size of AdamW, reached after the warm-up."""

    warmup_steps: NonNegativeInt = 200
    """Steps over which the learning rate rises."""

    weight_decay: NonNegativeFloat = 0.01
    """Pull of the weights towards zero."""

    negatives: PositiveInt | None = None
    """None: every item that anybody touched competes with the right one. A number: that many random ones and the other
    right answers of the batch do, corrected for how they were drawn; for large catalogues."""

    validation_users: NonNegativeInt = 10_000
    """Of how many users, at most, the last interaction is held out for early stopping; of every fifth at most. What is
    held out is never learnt, nor when the weights are trained further, which learns only what is newer than the whole
    log. 0: nothing is held out, and all the epochs are trained: for the last training, once `epochs` is known to be
    right."""


class SequenceConfig(SourceConfig):
    """A causal transformer over a history (Kang and McAuley, SASRec, ICDM 2018).

    Trained with a softmax over all items that anybody touched (Klenitskiy and Vasilev, RecSys 2023). An item's vector
    is an id part plus a linear map of its text vector.
    """

    kind: Literal["sequence"] = "sequence"

    encoder: EncoderConfig = EncoderConfig()
    """The shape of the model."""

    training: TrainingConfig = TrainingConfig()
    """How the weights are found."""

    members: PositiveInt = 1
    """How many models with different seeds answer together; their scores are added."""

    index: IndexConfig = FaissConfig(ivf_from=500_000)
    """What finds the items a user vector points at. Exact below `ivf_from` items."""

    trained: Path | None = None
    """A folder that `llm-rerank train-retriever` wrote: taken as it is, instead of training again. A build with a
    `blend` still trains one without the last baskets, to see what it is worth."""

    @property
    def name(self) -> str:
        """The source's name."""
        return self.kind
