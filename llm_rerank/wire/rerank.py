"""The rerank requests that others' clients send (Cohere v1 and v2, Jina, vLLM, gorse), and what they expect back."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from llm_rerank.wire.base import Answered
from llm_rerank.wire.rankings import DegradedOut

Document = Annotated[str, Field(max_length=1_000_000)] | dict[str, Any]


class RerankIn(BaseModel):
    """One form for all of them; fields that one of them has and we do not are passed over, as between them."""

    model_config = ConfigDict(extra="ignore", use_attribute_docstrings=True)

    query: str = Field(min_length=1, max_length=1_000_000)
    """Who is asked about: a line for each thing that they did, the oldest first; or any text."""
    documents: list[Document]
    """What is ranked: texts, or objects with a `text`, or with the fields that `rank_fields` names."""
    model: str | None = None
    """Whatever is named, the configured one answers."""
    top_n: int | None = Field(default=None, ge=0)
    """How many to return; none or 0: all."""
    return_documents: bool | None = None
    rank_fields: list[str] | None = None
    instruction: str | None = Field(default=None, min_length=1, max_length=1000)
    """What the model is told, in place of the configured instruction."""
    priority: int = Field(default=0, ge=0, le=999)
    """The lower, the sooner, where the model has more to do than it can at once."""
    deadline_ms: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """Ours: what is not known by then is left out, and `llm_rerank.degraded` says so."""

    def texts(self) -> list[str]:
        """Of the documents."""
        return [one if isinstance(one, str) else self._text(one) for one in self.documents]

    def _text(self, document: dict[str, Any]) -> str:
        if self.rank_fields is None and isinstance(document.get("text"), str):
            return str(document["text"])
        names = self.rank_fields if self.rank_fields is not None else list(document)
        return ", ".join(str(document[name]) for name in names if document.get(name) not in (None, ""))


class ResultOut(Answered):
    """One place; `index` counts into the request's documents."""

    index: int
    relevance_score: float
    """In [0, 1]: the probability of yes."""
    document: dict[str, str] | None = None


class AboutOut(Answered):
    """What others do not say."""

    scored: int
    degraded: DegradedOut | None = None


class UsageOut(Answered):
    """Tokens that the model read; those that candidates share count once."""

    prompt_tokens: int
    total_tokens: int


class RerankOut(Answered):
    """Best first; as Jina and vLLM have it, and Cohere v1."""

    id: str
    model: str
    results: list[ResultOut]
    usage: UsageOut
    meta: dict[str, Any]
    llm_rerank: AboutOut


class RerankOutV2(Answered):
    """As Cohere v2 has it."""

    id: str
    results: list[ResultOut]
    meta: dict[str, Any]
    llm_rerank: AboutOut
