"""From answers to a system's row: what was right, for whom, against whom, and what the lists are like."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eval.answers import Answers, Rows
from eval.config import EvalConfig, Reordering
from eval.llm_scores import LlmScores
from eval.metrics.lists import list_metrics
from eval.metrics.quality import list_quality
from eval.protocol import Protocol
from eval.ratings import HeldOutRatings
from eval.reranking import Ask, RerankingMeasure
from eval.result import Difference, Slice, SystemResult
from eval.statistics.significance import differences, intervals
from eval.statistics.slices import slices
from eval.systems import System
from retrieval.catalogue import Catalogue
from retrieval.item_vectors import ItemVectors
from retrieval.retrievers.popularity import item_rows

K_QUALITY = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """One system's answers and the system, by seed."""

    answers: Mapping[int, Answers]
    fitted: Mapping[int, System]


class Measure:
    """What is the same for all systems of a run: who was asked, and what was right."""

    def __init__(self, config: EvalConfig, protocol: Protocol, catalogue: Catalogue, vectors: ItemVectors) -> None:
        """Raises DatasetError where ratings are to be predicted and the data has none."""
        self._catalogue, self._vectors, self._cutoffs = catalogue, vectors, config.cutoffs
        goals = [goal.metric for goal in config.goals]
        self._compared = list(dict.fromkeys([config.headline, *goals, "ndcg@10", "recall@10", "recall@20"]))
        self._reorderings = {s.name: s.answers for s in config.systems if isinstance(s.answers, Reordering)}
        self._choosing = config.protocol.part == "validation"
        self._relevant = [self._rows(protocol.relevant(user)) for user in protocol.users]
        self._asked_with = [protocol.split.train.history(user) for user in protocol.users]
        self._histories = [self._rows(history.item_ids) for history in self._asked_with]
        self._lengths = np.array([len(history.interactions) for history in self._asked_with])
        self._counts = np.bincount(item_rows(protocol.learnt, catalogue), minlength=len(catalogue))
        rating = [system.name for system in config.systems if system.predicts_ratings]
        self._ratings = dict.fromkeys(rating, HeldOutRatings(protocol, catalogue)) if rating else {}

    def table(self, asked: Asked) -> pd.DataFrame:
        """One row a user, one column a metric: the mean over seeds."""
        return _mean(list(self._by_seed(asked).values()))

    def system(self, name: str, everybody: Mapping[str, Asked], tables: Mapping[str, pd.DataFrame]) -> SystemResult:
        """The system's row; `everybody` and `tables` are of all systems."""
        asked, table = everybody[name], tables[name]
        seed, reordered = min(asked.answers), self._reordered(name, everybody)
        times = [answers.milliseconds for answers in asked.answers.values()]
        return SystemResult(
            name=name,
            users=len(table),
            metrics=intervals(table),
            by_seed={str(seed): dict(one.mean()) for seed, one in self._by_seed(asked).items()},
            beyond=self._beyond(asked),
            slices=self._slices(asked, table, self._held(name, everybody)),
            versus={other: self._versus(table, tables[other]) for other in list(tables)[: list(tables).index(name)]},
            seconds_to_fit=_known(float(np.median([fitted.seconds for fitted in asked.fitted.values()]))),
            milliseconds_per_user=float(np.median(reordered.milliseconds() if reordered else np.concatenate(times))),
            curves=_curves(asked.fitted[seed]),
            importances=_scalars("importance/", asked.fitted[seed]),
            checks=_scalars("check/", asked.fitted[seed]),
            ratings=self._ratings[name].measure(asked.fitted[seed].retriever) if name in self._ratings else None,
            reranking=reordered.result(choosing=self._choosing) if reordered else None,
        )

    def _reordered(self, name: str, everybody: Mapping[str, Asked]) -> RerankingMeasure | None:
        """None for a system that reorders no other."""
        config = self._reorderings.get(name)
        if config is None:
            return None
        asked, others = everybody[name], everybody[config.of].answers
        seed = min(asked.answers)
        before = others.get(seed, next(iter(others.values())))  # a system of one seed is part of every seed
        llm = asked.fitted[seed].llm
        ask = None if llm is None else self._asking(llm)
        return RerankingMeasure(config, before, asked.answers[seed], self._relevant, ask)

    def _asking(self, llm: LlmScores) -> Ask:
        return lambda user, rows: llm.ask(self._asked_with[user], [self._catalogue.at(row) for row in rows])

    def _held(self, name: str, everybody: Mapping[str, Asked]) -> NDArray[np.bool_] | None:
        """Whose candidates hold something right, for a system that reorders another or is reordered itself."""
        names = [name] if name in self._reorderings else [n for n, c in self._reorderings.items() if c.of == name]
        reordered = self._reordered(names[0], everybody) if names else None
        return reordered.held if reordered else None

    def _by_seed(self, asked: Asked) -> dict[int, pd.DataFrame]:
        return {
            seed: list_metrics(answers.ranked, self._relevant, self._cutoffs) for seed, answers in asked.answers.items()
        }

    def _beyond(self, asked: Asked) -> dict[str, float]:
        """What the lists are like, the mean over seeds."""
        categories = [item.category for item in self._catalogue]
        known = categories if any(categories) else None
        found = pd.DataFrame(
            list_quality(answers.ranked, K_QUALITY, self._counts, self._vectors, known)
            for answers in asked.answers.values()
        )
        return dict(found.mean())

    def _versus(self, ours: pd.DataFrame, theirs: pd.DataFrame) -> dict[str, Difference]:
        compared = [name for name in self._compared if name in ours]
        return differences(ours[compared], theirs[compared])

    def _slices(self, asked: Asked, table: pd.DataFrame, held: NDArray[np.bool_] | None) -> dict[str, dict[str, Slice]]:
        compared = [name for name in self._compared if name in table]
        target_counts = np.array([self._counts[rows].mean() for rows in self._relevant])
        return slices(self._lengths, target_counts, table[compared], held) | self._repeats(asked, compared)

    def _repeats(self, asked: Asked, compared: list[str]) -> dict[str, dict[str, Slice]]:
        """The same lists, asked for what was touched before alone, and for what is new; {} where repeats do not count.

        As in Li, Jullien, Ariannezhad and de Rijke (A next basket recommendation reality check, TOIS 2023).
        """
        repeated = [np.isin(rows, own) for rows, own in zip(self._relevant, self._histories, strict=True)]
        if not any(flags.any() for flags in repeated):
            return {}
        kinds = {"bought before": repeated, "new to the user": [~flags for flags in repeated]}
        found = {name: self._asked_for(asked, compared, wanted) for name, wanted in kinds.items()}
        return {"repeats": {name: users for name, users in found.items() if users is not None}}

    def _asked_for(self, asked: Asked, compared: list[str], wanted: Sequence[NDArray[np.bool_]]) -> Slice | None:
        """`wanted` flags some of each user's relevant items; None where nobody has one."""
        users = [user for user, flags in enumerate(wanted) if flags.any()]
        if not users:
            return None
        relevant = [self._relevant[user][wanted[user]] for user in users]
        tables = [
            list_metrics([answers.ranked[user] for user in users], relevant, self._cutoffs)[compared]
            for answers in asked.answers.values()
        ]
        return Slice(users=len(users), metrics=intervals(_mean(tables)))

    def _rows(self, item_ids: Sequence[str]) -> Rows:
        return np.array([self._catalogue.position(item_id) for item_id in item_ids], dtype=np.int32)


def _mean(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Cell by cell."""
    first, *others = tables
    return sum(others, start=first) / len(tables)


def _known(seconds: float) -> float | None:
    return None if math.isnan(seconds) else seconds


def _curves(fitted: System) -> dict[str, list[float]]:
    """What a trained system's arrays say of its epochs; a curve of nothing is none."""
    return {name: values.tolist() for name, values in _named("curve/", fitted) if values.size}


def _scalars(prefix: str, fitted: System) -> dict[str, float]:
    """What a learnt blend's arrays say of its features, or of its worth."""
    return {name: float(value) for name, value in _named(prefix, fitted)}


def _named(prefix: str, fitted: System) -> list[tuple[str, NDArray[np.float64]]]:
    return [(name.removeprefix(prefix), values) for name, values in fitted.arrays.items() if name.startswith(prefix)]
