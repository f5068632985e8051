"""Texts ranked for a text, where nobody knows of users and items: the lines of the query are the history."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import numpy as np

from llm_rerank.deadline import Deadline
from llm_rerank.engines.base import ScoringRequest
from llm_rerank.fusion import Scores, standardise
from llm_rerank.prompt import Prompt
from llm_rerank.reranker import Reranker
from llm_rerank.terms import Terms
from retrieval.catalogue import Catalogue
from retrieval.errors import CancelledError, ConfigError, EngineError
from retrieval.records import Interaction, Item, UserHistory

_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)  # prompts tell no times
_NOTHING: Final = "(nothing)"


@dataclass(frozen=True, kw_only=True, slots=True)
class RankedTexts:
    """Scores in [0, 1], shape (K,), in the order of the texts; `degraded` is why the LLM did not give them."""

    scores: Scores
    tokens: int
    degraded: str


def rank_texts(
    reranker: Reranker,
    query: str,
    texts: Sequence[str],
    terms: Terms,
    deadline: Deadline,
) -> RankedTexts:
    """Where the model does not answer in time the order of the request stays, on the same scale.

    Raises ConfigError for a method that has no scores of single texts, CancelledError where the caller has gone.
    """
    if reranker.method != "packed":
        raise ConfigError(
            "texts are ranked by packed scores", field="method", value=reranker.method, remedy="Use method: packed"
        )
    if not texts:
        return RankedTexts(scores=np.empty(0), tokens=0, degraded="")
    asked = texts_request(reranker.prompt, query, texts, terms)
    try:
        (logits,) = reranker.engine.score([asked], cancel=deadline)
    except CancelledError:
        if not deadline.passed:
            raise
        return _as_they_came(len(texts), str(deadline))
    except EngineError as err:
        return _as_they_came(len(texts), str(err))
    wide = logits.astype(np.float64)
    return RankedTexts(scores=_probabilities(wide[:, 0] - wide[:, 1]), tokens=asked.tokens, degraded="")


def texts_request(prompt: Prompt, query: str, texts: Sequence[str], terms: Terms) -> ScoringRequest:
    """What an engine is asked of them."""
    done = [Item(item_id=f"q{at}", title=line) for at, line in enumerate(query.splitlines()) if line.strip()]
    items = [Item(item_id=f"d{at}", title=text if text.strip() else _NOTHING) for at, text in enumerate(texts)]
    history = UserHistory.of("query", [_did(item) for item in done])
    asked = prompt.yes_no(history, tuple(items), Catalogue([*done, *items]), instruction=terms.instruction)
    return replace(asked, salt=terms.salt, priority=terms.priority)


def _did(item: Item) -> Interaction:
    return Interaction(user_id="query", item_id=item.item_id, timestamp=_LONG_AGO)


def _as_they_came(count: int, why: str) -> RankedTexts:
    return RankedTexts(scores=_probabilities(standardise(-np.arange(count, dtype=np.float64))), tokens=0, degraded=why)


def _probabilities(log_odds: Scores) -> Scores:
    return np.exp(-np.logaddexp(0.0, -log_odds))
