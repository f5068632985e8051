"""The LLM's scores of the lists: asked here, or on another machine by llm_rerank.score_lists and read from its file."""

import json
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
from rich.progress import Progress

from eval.code import code_behind, one_digest
from eval.environment import versions
from eval.kept import Kept
from eval.lift.candidates import Asked
from llm_rerank.adapters import Adapter
from llm_rerank.config import RerankerConfig
from llm_rerank.fusion import Scores
from llm_rerank.models import prepare_model
from llm_rerank.opening import open_reranker
from llm_rerank.reranker import Query
from retrieval.catalogue import Catalogue
from retrieval.errors import DatasetError
from retrieval.files import write_whole


class Scorer:
    """The LLM in this process. What it said is kept for as long as neither it nor the prompt changes."""

    def __init__(self, config: RerankerConfig, catalogue: Catalogue, kept: Path, progress: Progress) -> None:
        """Loads the model when something is not kept yet."""
        self._progress, self._config, self._catalogue = progress, config, catalogue
        weights = prepare_model(config.model, say=progress.console.print).fingerprint
        adapter = "" if config.adapter is None else Adapter.read(config.adapter).adapter_id
        prompt = f"{config.prompt.fingerprint} {one_digest(code_behind('llm_rerank/prompt.py'))}"
        engine = config.engine.model_dump_json()
        extra = f"{weights} {adapter} {prompt} {engine} {catalogue.fingerprint} {versions()}"
        self._kept = Kept("scores", "llm_rerank/engines/transformers.py", extra=extra, folder=kept / "llm")

    def ask(self, part: str, asked: Sequence[Asked]) -> list[Scores]:
        """One array a user, shape (K,)."""
        left = [one for one in asked if _digest(one) not in self._kept]
        if left:
            say = self._progress.console.print
            reranker = open_reranker(self._config, self._catalogue, say=say)
            for one in self._progress.track(left, description=f"LLM scores, {part}"):
                items = tuple(candidate.item for candidate in one.candidates)
                (scores,) = reranker.score([Query(history=one.history, items=items)])
                self._kept.keep(_digest(one), scores.tolist())
        return [np.array(self._kept[_digest(one)], dtype=np.float64) for one in asked]


def _digest(asked: Asked) -> str:
    """All that a prompt reads of a history, and the items; their titles are the catalogue's."""
    bought = [interaction.item_id for interaction in asked.history.interactions]
    proposed = [candidate.item.item_id for candidate in asked.candidates]
    return sha256(json.dumps([bought, proposed]).encode()).hexdigest()


def write_questions(path: Path, asked: Sequence[Asked], history_items: int) -> None:
    """What score_lists reads: see there."""
    rows = []
    for one in asked:
        times = Counter(interaction.item_id for interaction in one.history.interactions)
        history = one.history.item_ids[-history_items:]
        rows.append(
            {
                "user_id": one.history.user_id,
                "history": list(history),
                "times": [times[item_id] for item_id in history],
                "candidates": [candidate.item.item_id for candidate in one.candidates],
            }
        )
    write_whole(path, lambda part: pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), part))


def write_items(path: Path, catalogue: Catalogue) -> None:
    """The titles of all items."""
    table = pyarrow.table(
        {"item_id": [item.item_id for item in catalogue], "title": [item.title for item in catalogue]}
    )
    write_whole(path, lambda part: pyarrow.parquet.write_table(table, part))


def read_answers(path: Path, asked: Sequence[Asked]) -> list[Scores]:
    """What score_lists wrote; raises DatasetError where it was asked about other users or candidates."""
    try:
        table = pyarrow.parquet.read_table(path, columns=["user_id", "candidates", "scores"])
    except (OSError, pyarrow.ArrowException) as err:
        raise DatasetError(
            f"the scores cannot be read ({err})", field="answers", value=str(path), remedy="Score the lists again."
        ) from err
    found = {row["user_id"]: row for row in table.to_pylist()}
    for one in asked:
        row = found.get(one.history.user_id)
        if row is None or row["candidates"] != [candidate.item.item_id for candidate in one.candidates]:
            raise DatasetError(
                "these are no scores of what is asked now",
                field="user_id",
                value=one.history.user_id,
                remedy="Write the questions again, and score those.",
            )
    return [np.array(found[one.history.user_id]["scores"], dtype=np.float64) for one in asked]
