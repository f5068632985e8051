"""What the training examples are told. A configuration is read and checked without pandas."""

from typing import Self

from pydantic import AwareDatetime, Field, NonNegativeInt, PositiveInt, model_validator

from retrieval.datasets.base import CompleteJourneyConfig, DatasetConfig
from retrieval.embedders.base import EmbedderConfig, SentenceTransformerConfig
from retrieval.indexes.base import FaissConfig, IndexConfig
from retrieval.retrievers import RetrieverConfig
from retrieval.retrievers.hybrid import HybridConfig
from retrieval.retrievers.sequence.config import SequenceConfig
from retrieval.settings import Settings


class ExamplesConfig(Settings):
    """From a shop's log to what the LLM learns from."""

    dataset: DatasetConfig = CompleteJourneyConfig()
    """The shop's data. All of its log is learnt from: for a benchmark, leave out what it asks about."""

    embedder: EmbedderConfig = SentenceTransformerConfig()
    """What turns an item's text into a vector, for the retrievers."""

    index: IndexConfig = FaissConfig()
    """What finds the nearest vectors, for the retriever by text."""

    retrievers: tuple[RetrieverConfig, ...] = ()
    """The sources of the negatives that are hard, with their weights: those that will be served. None: no hits."""

    hybrid: HybridConfig = HybridConfig()
    """How the sources are joined by rank."""

    folds: int = Field(default=2, ge=2)
    """Into how many parts users are dealt: who is in one gets hits of retrievers fitted on the others. A retriever that
    has learnt the very answer ranks it as high as it never will again."""

    history_items: PositiveInt = 20
    """Distinct items of a history, the newest, that an example holds."""

    repeats: bool = False
    """Whether what is in the history may come next, and be a negative: as in groceries."""

    until: AwareDatetime | None = None
    """What came from then on is not in the log, for the retrievers neither; none: all is."""

    since: AwareDatetime | None = None
    """Examples only of what came from then on, to train an adapter further with; none: of all."""

    moments_per_user: PositiveInt | None = None
    """Of how many moments of a user, the newest, there are examples; none: of all. What shares a time is a moment."""

    targets_per_moment: PositiveInt = 1
    """How many items of a moment, drawn at random, are a target each."""

    hits: PositiveInt = 24
    """Negatives that the retrievers rank highest."""

    popular: NonNegativeInt = 8
    """Negatives drawn in proportion to how often they are in the log."""

    random: NonNegativeInt = 16
    """Negatives of which every item of the catalogue is as likely."""

    validation_share: float = Field(default=0.1, ge=0, le=0.5)
    """Of users, who are kept for validation, with their newest example alone. Who they are, `seed` and their ids say:
    with the same two, examples of a later log keep the same ones."""

    shard_rows: PositiveInt = 8192
    """Rows of a file, at most; one user's rows stay in one file, however many they are."""

    seed: int = Field(default=0, ge=0)
    """Where every random number comes from."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise ValueError(
                f"since, until: nothing lies between {self.since} and {self.until}; let `since` be earlier"
            )
        names = [retriever.name for retriever in self.retrievers]
        if len(set(names)) != len(names):
            raise ValueError(f"retrievers: {names} names one source twice; keep one of them")
        for retriever in self.retrievers:
            if isinstance(retriever, SequenceConfig) and retriever.trained is not None:
                raise ValueError("retrievers: one that is `trained` knows the answers; leave `trained` out")
        if not (self.retrievers or self.popular or self.random):
            raise ValueError("retrievers, popular, random: there are no negatives; ask for some")
        return self
