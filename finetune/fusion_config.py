"""What learning the fusion is told. A configuration is read and checked without the model."""

from typing import Self

from pydantic import PositiveInt, model_validator

from llm_rerank.config import RerankerConfig
from llm_rerank.learned_fusion.config import TreesConfig
from retrieval.config import RetrievalConfig


class FusionConfig(RetrievalConfig):
    """A build's configuration, and what reorders its candidates: the same as will be served."""

    reranker: RerankerConfig = RerankerConfig()
    """The model, its adapter and prompt, and of how many candidates. The adapter must not have been trained on the last
    baskets of the log, which the fusion is learnt from."""

    users: PositiveInt = 500
    """Of how many users, drawn at random, the last basket is held out to learn from."""

    trees: TreesConfig = TreesConfig()
    """What is learnt."""

    @model_validator(mode="after")
    def _can_be_learnt(self) -> Self:
        if self.blend is not None:
            raise ValueError(
                "blend: its trees have learnt from the very baskets; the fusion takes its place, leave it out"
            )
        if self.reranker.method != "packed":
            raise ValueError("method: letters depend on the rest of the list; the fusion learns packed scores only")
        return self
