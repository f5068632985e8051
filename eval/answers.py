"""What a system answered to every user of a protocol: asked once, kept as Parquet."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from eval.protocol import Protocol, Question
from retrieval.catalogue import Catalogue
from retrieval.errors import DataError
from retrieval.files import unreadable, write_whole
from retrieval.records import Candidate
from retrieval.retrievers.base import Retriever

Rows = NDArray[np.int32]
"""Catalogue rows."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answers:
    """Entry i of each is about `users[i]`."""

    users: tuple[str, ...]
    ranked: tuple[Rows, ...]
    """Best first; empty where the system had no answer."""

    scores: tuple[NDArray[np.float32], ...]
    milliseconds: NDArray[np.float64]

    def write(self, path: Path) -> None:
        """As Parquet; ids as bytes, since they are untrusted and may be no valid text."""
        table = pa.table(
            {
                "user_id": [user.encode("utf-8", "surrogatepass") for user in self.users],
                "ranked": pa.array([rows.tolist() for rows in self.ranked], pa.list_(pa.int32())),
                "scores": pa.array([scores.tolist() for scores in self.scores], pa.list_(pa.float32())),
                "milliseconds": self.milliseconds,
            }
        )
        write_whole(path, lambda part: pq.write_table(table, part))

    @classmethod
    def read(cls, path: Path) -> "Answers":
        """What was written; raises BuildError for a file that is damaged."""
        try:
            frame: pd.DataFrame = pq.read_table(path).to_pandas()
            return cls(
                users=tuple(user.decode("utf-8", "surrogatepass") for user in frame["user_id"]),
                ranked=tuple(frame["ranked"]),
                scores=tuple(frame["scores"]),
                milliseconds=frame["milliseconds"].to_numpy(),
            )
        except (OSError, ValueError, KeyError) as err:
            raise unreadable(path) from err


def ask(
    name: str, retriever: Retriever, protocol: Protocol, users: Iterable[str], catalogue: Catalogue, depth: int
) -> Answers:
    """Asks every user's question; raises DataError for a score that is not a number, and for a list that breaks rules.

    Its rules: no item twice, and none that the question excludes.
    """
    asked, ranked, scores, milliseconds = [], [], [], []
    for user in users:
        question, history = protocol.question(user), protocol.split.train.history(user)
        start = perf_counter()
        candidates = retriever.retrieve(history, depth, exclude=question.exclude)
        milliseconds.append(1000 * (perf_counter() - start))
        _check(name, question, candidates)
        asked.append(user)
        rows = [catalogue.position(candidate.item.item_id) for candidate in candidates]
        left_out = sorted({catalogue.position(item_id) for item_id in question.given} - set(rows))
        ranked.append(np.array([*rows, *left_out], dtype=np.int32))
        scores.append(np.array([*(c.score for c in candidates), *(-math.inf for _ in left_out)], dtype=np.float32))
    return Answers(users=tuple(asked), ranked=tuple(ranked), scores=tuple(scores), milliseconds=np.array(milliseconds))


def _check(name: str, question: Question, candidates: tuple[Candidate, ...]) -> None:
    for candidate in candidates:
        if not math.isfinite(candidate.score):
            raise DataError(
                f"{name} gives {candidate.item.item_id!r} a score that is not a number for user {question.user_id!r}",
                field="score",
                value=candidate.score,
                remedy="A ranking by it would be arbitrary: mend the system, nothing was written.",
            )
    ids = [candidate.item.item_id for candidate in candidates]
    if wrong := [item_id for item_id, times in Counter(ids).items() if times > 1 or item_id in question.exclude]:
        raise DataError(
            f"{name} ranks for user {question.user_id!r} an item twice, or one that is excluded",
            field="item_id",
            value=wrong[0],
            remedy="A figure from such a list would be wrong: mend the system, nothing was written.",
        )
