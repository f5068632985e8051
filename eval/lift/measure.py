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
from llm_rerank.fusion import Scores, fuse
from llm_rerank.learned_fusion.config import TreesConfig
from llm_rerank.learned_fusion.features import FusionFeatures
from llm_rerank.learned_fusion.fitting import (
    VARIANTS,
    Variant,
    best_weight,
    blinded,
    fit_fusion,
    fit_trees,
    hidden,
    importance,
    predict,
)

K: Final = 10
RETRIEVAL: Final = "retrieval"
ALONE: Final = "the LLM alone"
FUSED: Final = "fused"
HEADLINE: Final = f"ndcg@{K}"


class Measure:
    """The fusion is learnt from `learners`; `test` is only put into its order."""

    def __init__(self, learners: ScoredLists, test: ScoredLists, features: FusionFeatures, trees: TreesConfig) -> None:
        self._test, self._names, self._of_llm, self._trees = test, features.names, features.of_llm, trees
        self._lessons, self._lists = list(learners.lessons()), list(test.lessons())
        self.fitted = fit_fusion(self._lessons, self._names, self._of_llm, trees)
        self.weight = best_weight(self._lessons)
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

    def importance(self) -> dict[str, float]:
        """Share of the gain by feature, the largest first."""
        return importance(fit_trees(self._lessons, (), self._names, self._trees), self._names)

    def per_user(self) -> pd.DataFrame:
        """One row a user, one column a row of the table: NDCG@10."""
        return pd.DataFrame({name: table[HEADLINE] for name, table in self._tables.items()})

    def _orders(self) -> Mapping[str, list[Scores]]:
        rows: dict[str, list[Scores]] = {
            RETRIEVAL: [one.retrieval for one in self._lists],
            ALONE: [one.llm for one in self._lists],
            f"one weight, {self.weight:g}": self._by("one weight"),
        }
        rows |= {variant: self._by(variant) for variant in VARIANTS[2:]}
        return rows | {FUSED: self._by(self.fitted.variant)}

    def _by(self, variant: Variant) -> list[Scores]:
        """By what is learnt of all lessons."""
        if variant == "one weight":
            return [fuse(one.llm, one.retrieval, self.weight) for one in self._lists]
        unseen = hidden(variant, self._of_llm)
        trees = None if variant == "retrieval" else fit_trees(self._lessons, unseen, self._names, self._trees)
        return [predict(trees, blinded(one.matrix, unseen)) for one in self._lists]

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
            everybody={} if users is None else {metric: float(ours[metric].sum()) / users for metric in ours},
            versus={} if name == RETRIEVAL else differences(ours, theirs),
            lift=float(ours[HEADLINE].mean() / theirs[HEADLINE].mean() - 1),
            slices=slices,
        )
