"""Texts ranked for a text, where nobody knows of users and items: the lines of the query are the history."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from llm_rerank.deadline import Deadline
from llm_rerank.engines.base import ScoringRequest
from llm_rerank.fusion import Scores, standardise
from llm_rerank.prompt import Prompt
from llm_rerank.reranker import ALONE, Query, Reranker
from llm_rerank.service.conversion import history_of
from llm_rerank.terms import Terms
from retrieval.catalogue import Catalogue
from retrieval.errors import CancelledError, ConfigError, EngineError
from retrieval.records import Item

_NOTHING: Final = "(nothing)"


@dataclass(frozen=True, kw_only=True, slots=True)
class RankedTexts:
    """Scores in [0, 1], shape (K,), in the order of the texts; `degraded` is why the LLM did not give them."""

    scores: Scores
    tokens: int
    degraded: str


def rank_texts(reranker: Reranker, query: str, texts: Sequence[str], terms: Terms) -> RankedTexts:
    """Where the model does not answer, or a deadline passes, the order of the request stays, on the same scale.

    Raises ConfigError for a method that has no scores of single texts, CancelledError where the caller has gone.
    """
    if reranker.method != "packed":
        raise ConfigError(
            "texts are ranked by packed scores", field="method", value=reranker.method, remedy="Use method: packed"
        )
    if not texts:
        return RankedTexts(scores=np.empty(0), tokens=0, degraded="")
    prompt = reranker.prompt.apart()  # they are somebody's, and the next one may be somebody else's
    asked, catalogue = _nouns(prompt, query, texts)
    try:
        (log_odds,) = Reranker(reranker.engine, prompt, catalogue, fusion=ALONE).score([asked], terms)
    except CancelledError:
        if not (isinstance(terms.cancel, Deadline) and terms.cancel.passed):
            raise
        return _as_they_came(len(texts), str(terms.cancel))
    except EngineError as err:
        return _as_they_came(len(texts), str(err))
    tokens = texts_request(prompt, query, texts, terms).tokens
    return RankedTexts(scores=_probabilities(log_odds), tokens=tokens, degraded="")


def texts_request(prompt: Prompt, query: str, texts: Sequence[str], terms: Terms) -> ScoringRequest:
    """What an engine is asked of them."""
    asked, catalogue = _nouns(prompt, query, texts)
    request = prompt.yes_no(asked.history, asked.items, catalogue, instruction=terms.instruction)
    return replace(request, salt=terms.salt, priority=terms.priority)


def _nouns(prompt: Prompt, query: str, texts: Sequence[str]) -> tuple[Query, Catalogue]:
    lines = [line for line in query.splitlines() if line.strip()][-prompt.config.history_items :]  # more are not read
    done = [Item(item_id=f"q{at}", title=line) for at, line in enumerate(lines)]
    items = tuple(Item(item_id=f"d{at}", title=text if text.strip() else _NOTHING) for at, text in enumerate(texts))
    history = history_of("query", [item.item_id for item in done])
    return Query(history=history, items=items), Catalogue([*done, *items])


def _as_they_came(count: int, why: str) -> RankedTexts:
    return RankedTexts(scores=_probabilities(standardise(-np.arange(count, dtype=np.float64))), tokens=0, degraded=why)


def _probabilities(log_odds: Scores) -> Scores:
    return np.exp(-np.logaddexp(0.0, -log_odds))
