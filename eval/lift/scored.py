"""Scored lists as they are kept between asking the LLM, which takes hours, and measuring, which takes seconds."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.lift.candidates import Asked
from llm_rerank.fusion import Scores
from llm_rerank.learned_fusion.features import FusionFeatures
from llm_rerank.learned_fusion.fitting import Lesson
from retrieval.files import Arrays, read_arrays, write_arrays


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoredLists:
    """Users' lists one after the other, each in retrieval's order."""

    lengths: NDArray[np.intp]
    """Candidates of each user, shape (users,)."""

    matrix: NDArray[np.float32]
    """See FusionFeatures, shape (candidates of all, features)."""

    llm: Scores
    """The LLM's score, shape (candidates of all,)."""

    retrieval: Scores
    """Retrieval's, likewise."""

    taken: NDArray[np.bool_]
    """Whether the user then took it, likewise."""

    wanted: NDArray[np.intp]
    """How many items each user then took, among the candidates or not, shape (users,)."""

    history: NDArray[np.intp]
    """Interactions of each user before, shape (users,)."""

    @classmethod
    def of(cls, asked: Sequence[Asked], llm: Sequence[Scores], features: FusionFeatures) -> "ScoredLists":
        """The lists of these users; entry i of `llm` is of user i."""
        taken = [[candidate.item.item_id in one.relevant for candidate in one.candidates] for one in asked]
        rows = [features.of(one.history, one.candidates, scores) for one, scores in zip(asked, llm, strict=True)]
        return cls(
            lengths=np.array([len(one.candidates) for one in asked], dtype=np.intp),
            matrix=np.concatenate([np.empty((0, len(features.names)), dtype=np.float32), *rows]),
            llm=np.concatenate([np.empty(0), *llm]),
            retrieval=np.array([c.score for one in asked for c in one.candidates], dtype=np.float64),
            taken=np.array([flag for flags in taken for flag in flags], dtype=np.bool_),
            wanted=np.array([len(one.relevant) for one in asked], dtype=np.intp),
            history=np.array([len(one.history.interactions) for one in asked], dtype=np.intp),
        )

    @classmethod
    def read(cls, path: Path) -> "ScoredLists":
        """What was written; raises BuildError for a file that is damaged."""
        return cls(**read_arrays(path))

    def write(self, path: Path) -> None:
        """Keeps them."""
        arrays: Arrays = asdict(self)
        write_arrays(path, arrays)

    def split(self, values: NDArray[Any]) -> list[NDArray[Any]]:
        """One array a user of what is one after the other."""
        return np.split(values, np.cumsum(self.lengths)[:-1])

    def lessons(self) -> Iterator[Lesson]:
        """What trees learn from, a user each."""
        columns = (self.split(values) for values in (self.matrix, self.llm, self.retrieval, self.taken))
        for matrix, llm, retrieval, taken in zip(*columns, strict=True):
            yield Lesson(matrix=matrix, llm=llm, retrieval=retrieval, taken=taken)
