"""The rerank requests that others' clients send (Cohere v1 and v2, Jina, vLLM, gorse), and what they expect back."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from llm_rerank.wire.base import COUNTED, Answered, Priority
from llm_rerank.wire.rankings import DegradedOut

Document = str | dict[str, Any]
"""As long as it likes within the body's limit: the model reads the first few tokens of it."""


class RerankIn(BaseModel):
    """One form for all of them; fields that one of them has and we do not are passed over, as between them."""

    model_config = ConfigDict(extra="ignore", use_attribute_docstrings=True)

    query: str = Field(min_length=1)
    """Who is asked about: a line for each thing that they did, the oldest first; or any text."""
    rank_fields: list[str] | None = None
    documents: list[Document]
    """What is ranked: texts, or objects with a `text`, or with the fields that `rank_fields` names."""
    model: str | None = None
    """Whatever is named, the configured one answers."""
    top_n: Annotated[int, Field(ge=0), COUNTED] | None = None
    """How many to return; none or 0: all."""
    return_documents: bool | None = Field(default=None, strict=True)
    instruction: str | None = Field(default=None, min_length=1, max_length=1000)
    """What the model is told, in place of the configured instruction."""
    priority: Priority = 0
    """The lower, the sooner, where the model has more to do than it can at once."""
    deadline_ms: float | None = Field(default=None, strict=True, gt=0, allow_inf_nan=False)
    """Ours: what is not known by then is left out, and `llm_rerank.degraded` says so."""

    @field_validator("documents")
    @classmethod
    def _of_texts(cls, documents: list[Document], known: ValidationInfo) -> list[Document]:
        """What an object says is not known to be text before."""
        for place, one in enumerate(documents):
            try:
                text = _text(one, known.data.get("rank_fields"))
            except RecursionError:
                raise ValueError(f"document {place} is nested too deep to be read as text") from None
            try:
                text.encode()
            except UnicodeEncodeError:
                raise ValueError(f"document {place} has half of a surrogate pair; send whole characters") from None
        return documents

    def texts(self) -> list[str]:
        """Of the documents."""
        return [_text(one, self.rank_fields) for one in self.documents]


def _text(document: Document, rank_fields: list[str] | None) -> str:
    if isinstance(document, str):
        return document
    if rank_fields is None and isinstance(document.get("text"), str):
        return str(document["text"])
    names = list(document) if rank_fields is None else rank_fields
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
