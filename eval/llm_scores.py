"""What a language model says of candidates: asked once, and kept as it comes, since an answer takes a second or two."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from eval.code import engines_not_asked
from eval.environment import versions
from eval.kept import Kept
from eval.reranked import Candidates
from llm_rerank.config import RerankerConfig
from llm_rerank.fusion import Scores, fuse
from llm_rerank.models import prepare_model
from llm_rerank.reranker import Query, Reranker
from llm_rerank.served import served_adapter
from retrieval.catalogue import Catalogue
from retrieval.records import Item, UserHistory


@dataclass(frozen=True, kw_only=True, slots=True)
class Opinion:
    """One user's candidates as the model sees them."""

    scores: Scores
    """One a candidate, shape (K,): see Reranker.score."""

    milliseconds: float
    """What scoring them took, when it was done."""


class LlmScores:
    """Scores of one model with one prompt over one catalogue. The fusion weight has no part in them."""

    def __init__(self, config: RerankerConfig, catalogue: Catalogue, kept: Path, say: Callable[[str], None]) -> None:
        """Prepares the model, and loads it when something is not kept yet; `say` hears of slow steps."""
        self._config, self._catalogue, self._say = config, catalogue, say
        weights = prepare_model(config.model, say=say).fingerprint
        if (adapter := served_adapter(config.adapter)) is not None:
            weights += adapter.adapter_id
        made_of = f"{asked_how(config)} {weights} {catalogue.fingerprint} {versions()}"
        others = engines_not_asked(config.engine.kind)
        self._kept = Kept("llm-scores", "eval/llm_scores.py", extra=made_of, folder=kept / "llm", without=others)
        self._reranker: Reranker | None = None

    def ask(self, history: UserHistory, items: Sequence[Item]) -> Opinion:
        """What the model says of these items in this order."""
        question = _digest(history, items)
        if question not in self._kept:
            self._kept.keep(question, self._score(history, items))
        row = self._kept[question]
        return Opinion(scores=np.array(row["scores"], dtype=np.float64), milliseconds=row["milliseconds"])

    def fused(self, history: UserHistory, candidates: Candidates, *, weight: float) -> Scores:
        """The scores that order the candidates, `weight` on the model and the rest on retrieval, shape (K,)."""
        llm = self.ask(history, [candidate.item for candidate in candidates]).scores
        return fuse(llm, np.array([candidate.score for candidate in candidates], dtype=np.float64), weight)

    def _score(self, history: UserHistory, items: Sequence[Item]) -> dict[str, Any]:
        if self._reranker is None:
            from llm_rerank.opening import open_reranker  # brings the model: most benchmarks ask none

            self._reranker = open_reranker(self._config, self._catalogue, say=self._say)
        start = perf_counter()
        (scores,) = self._reranker.score([Query(history=history, items=tuple(items))])
        return {"scores": scores.tolist(), "milliseconds": 1000 * (perf_counter() - start)}


def asked_how(config: RerankerConfig) -> str:
    """Changes with whatever is configured here and changes a score: not with the fusion weight, who proposes how many
    candidates, or where the servers are. How these run the model (in which precision, by which vLLM) nobody here knows.
    """
    engine = config.engine.model_dump_json(exclude={"servers"})
    return f"{config.model_dump_json(include={'model', 'prompt', 'block_tokens', 'method'})} {engine}"


def _digest(history: UserHistory, items: Sequence[Item]) -> str:
    """The question: all that a prompt reads of a history, and the items; their titles are the catalogue's."""
    bought = [interaction.item_id for interaction in history.interactions]
    return sha256(json.dumps([bought, [item.item_id for item in items]]).encode()).hexdigest()
