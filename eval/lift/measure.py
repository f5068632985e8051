"""What each way to order the candidates is worth, for the users whose candidates hold what they then took."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd
from scipy.special import expit

from eval.lift.result import Row
from eval.lift.scored import ScoredLists
from eval.metrics.calibration import calibration
from eval.metrics.lists import list_metrics
from eval.result import Slice
from eval.statistics.significance import differences, intervals
from eval.statistics.slices import by_history
from llm_rerank.fusion import Scores
from llm_rerank.learned_fusion.config import VARIANTS, TreesConfig
from llm_rerank.learned_fusion.features import FusionFeatures
from llm_rerank.learned_fusion.fitting import FusionLearner
from llm_rerank.learned_fusion.order import Order

K: Final = 10
RETRIEVAL: Final = "retrieval"
ALONE: Final = "the LLM alone"
FUSED: Final = "fused"
HEADLINE: Final = f"ndcg@{K}"


class Measure:
    """The fusion is learnt from `learners`; `test` is only put into its order."""

    def __init__(self, learners: ScoredLists, test: ScoredLists, features: FusionFeatures, trees: TreesConfig) -> None:
        self._test, self._names = test, features.names
        self._lists, lessons = list(test.lessons()), list(learners.lessons())
        learner = FusionLearner(features.names, features.of_llm, trees)
        self.fitted = learner.fit(lessons)
        self._learnt = {variant: learner.learn(variant, lessons) for variant in VARIANTS[1:]}
        self._scores = self._orders()
        self._tables = {name: self._table(scores) for name, scores in self._scores.items()}

    def rows(self, users: int | None) -> list[Row]:
        """The table; `users` are all of the test part, None where not all that matter were asked about."""
        return [self._row(name, users) for name in self._tables]

    def calibration_error(self) -> dict[str, float]:
        """Of the fused probabilities, and of those that the LLM's log-odds stand for."""
        slope, shift = self.fitted.calibration
        odds = {FUSED: slope * np.concatenate(self._scores[FUSED]) + shift, ALONE: self._test.llm}
        return {name: calibration(expit(values), self._test.taken).error for name, values in odds.items()}

    @property
    def weight(self) -> float:
        """The LLM's that is best for all learners at once."""
        return self._learnt["one weight"].weight

    def importance(self) -> dict[str, float]:
        """Of the features, in trees that hear the LLM."""
        return self._learnt["trees with the LLM"].importance(self._names)

    def per_user(self) -> pd.DataFrame:
        """One row a user, one column a row of the table: NDCG@10."""
        return pd.DataFrame({name: table[HEADLINE] for name, table in self._tables.items()})

    def _orders(self) -> Mapping[str, list[Scores]]:
        rows = {RETRIEVAL: [one.retrieval for one in self._lists], ALONE: [one.llm for one in self._lists]}
        for variant, order in self._learnt.items():
            rows[f"{variant}, {order.weight:g}" if variant == "one weight" else variant] = self._by(order)
        return rows | {FUSED: self._by(self.fitted.order)}

    def _by(self, order: Order) -> list[Scores]:
        return [order.scores(one.matrix, one.llm, one.retrieval) for one in self._lists]

    def _table(self, scores: list[Scores]) -> pd.DataFrame:
        """Candidates are told by their place; what was taken and is not among them by numbers that no place has."""
        ranked = [np.argsort(-one, kind="stable").astype(np.int32) for one in scores]
        relevant = [
            np.concatenate([np.flatnonzero(one.taken), len(one.taken) + np.arange(wanted - one.taken.sum())])
            for one, wanted in zip(self._lists, self._test.wanted.tolist(), strict=True)
        ]
        table = list_metrics(ranked, [rows.astype(np.int32) for rows in relevant], (K,))
        return table[[HEADLINE, f"recall@{K}", f"mrr@{K}"]]

    def _row(self, name: str, users: int | None) -> Row:
        ours, theirs = self._tables[name], self._tables[RETRIEVAL]
        slices = {
            label: Slice(users=int(mask.sum()), metrics=intervals(ours[mask]))
            for label, mask in by_history(self._test.history).items()
            if mask.any()
        }
        return Row(
            name=name,
            held=intervals(ours),
            everybody={} if users is None else intervals(_of_everybody(ours, users)),
            versus={} if name == RETRIEVAL else differences(ours, theirs),
            lift=float(ours[HEADLINE].mean() / theirs[HEADLINE].mean() - 1),
            slices=slices,
        )


def _of_everybody(table: pd.DataFrame, users: int) -> pd.DataFrame:
    """With the users whose candidates do not hold what they took: no order of them is worth anything."""
    return table.reset_index(drop=True).reindex(range(users), fill_value=0.0)
