"""Rankings as a table: one row a user, the items of the ranking in it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from llm_rerank.ranking import Evidence, Explanation, RankedItem, Ranking
from retrieval.durable import sync

_EVIDENCE: Final = pa.struct({"item_id": pa.string(), "title": pa.string(), "effect": pa.float64()})
_EXPLANATION: Final = pa.struct(
    {
        "text": pa.string(),
        "language": pa.string(),
        "source": pa.string(),
        "evidence": pa.list_(_EVIDENCE),
        "against": pa.list_(_EVIDENCE),
    }
)
_ITEM: Final = pa.struct(
    {
        "item_id": pa.string(),
        "rank": pa.int32(),
        "score": pa.float64(),
        "retrieval_rank": pa.int32(),
        "llm_score": pa.float64(),
        "explanation": _EXPLANATION,
    }
)
SCHEMA: Final = pa.schema({"user_id": pa.string(), "known_items": pa.int32(), "items": pa.list_(_ITEM)})
"""`known_items`: distinct items of the history; 0 for a user of whom nothing is known. Scores as in `/v1/recommend`."""


def write_rankings(path: Path, rankings: Sequence[Ranking], known_items: Sequence[int]) -> None:
    """Whole or not at all, whoever else writes it, or dies; the same rankings give the same bytes."""
    columns = {
        "user_id": [_text(ranking.user_id) for ranking in rankings],
        "known_items": list(known_items),
        "items": [[_item(item) for item in ranking.items] for ranking in rankings],
    }
    table = pa.table(columns, schema=SCHEMA)
    part = path.with_name(f".{path.name}.{uuid4().hex}.part")  # of a worker that was given up another may do the work
    try:
        pq.write_table(table, part)
        sync(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    sync(path.parent)


def _item(ranked: RankedItem) -> dict[str, Any]:
    return {
        "item_id": _text(ranked.item.item_id),
        "rank": ranked.rank,
        "score": ranked.score,
        "retrieval_rank": ranked.retrieval_rank,
        "llm_score": ranked.llm_score,
        "explanation": None if ranked.explanation is None else _explanation(ranked.explanation),
    }


def _explanation(said: Explanation) -> dict[str, Any]:
    return {
        "text": _text(said.text),
        "language": said.language,
        "source": said.source,
        "evidence": _evidence(said.evidence),
        "against": _evidence(said.against),
    }


def _evidence(found: Sequence[Evidence]) -> list[dict[str, Any]]:
    return [{"item_id": _text(one.item_id), "title": _text(one.title), "effect": one.effect} for one in found]


def _text(text: str) -> str:
    """As Parquet has it: a lone surrogate, which is no character, is spelt out."""
    return text.encode("utf-8", "backslashreplace").decode()
