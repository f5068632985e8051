"""What reordering candidates did: what it could find at most, how far it moved them, and what it depends on."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from eval.answers import Answers, Rows
from eval.config import PermutationsConfig, Reordering, RerankedConfig
from eval.llm_scores import Opinion
from eval.metrics.calibration import calibration
from eval.metrics.stability import rank_biased_overlap, rank_churn
from eval.result import Churn, Reranking
from eval.statistics.significance import bootstrap_interval
from llm_rerank.fusion import WEIGHTS, ScoredList, Scores, choose_weight, fuse
from retrieval.ndcg import ndcg

Ask = Callable[[int, Rows], Opinion]
"""The number of a user and catalogue rows in the order they are read in, to what the model says of them."""

_SEED: Final = 0  # of the users and orders that churn is measured with


class RerankingMeasure:
    """One system and the system that it reorders, user by user."""

    def __init__(
        self, config: Reordering, before: Answers, after: Answers, relevant: Sequence[Rows], ask: Ask | None
    ) -> None:
        """`before` are the other system's answers, `after` this one's; `ask` reaches the model where there is one."""
        self._config, self._after, self._relevant, self._ask = config, after, relevant, ask
        self._milliseconds = before.milliseconds
        # What is ranked only because it was given has no finite score: nobody proposed it.
        proposed = [np.isfinite(scores) for scores in before.scores]
        first = slice(config.candidates)
        self._candidates = [rows[kept][first] for rows, kept in zip(before.ranked, proposed, strict=True)]
        self._retrieval = [scores[kept][first] for scores, kept in zip(before.scores, proposed, strict=True)]
        self._recall = np.array([np.isin(right, rows).mean() for right, rows in self._pairs()])

    @property
    def held(self) -> NDArray[np.bool_]:
        """Whether something right is among the candidates, one flag a user."""
        return self._recall > 0

    def result(self, *, choosing: bool) -> Reranking:
        """What it was; the best weight is looked for where `choosing`."""
        config = self._config
        found = Reranking(
            of=config.of,
            candidates=config.candidates,
            ceiling=bootstrap_interval(self._recall, metric=f"recall@{config.candidates}"),
            overlap=self._overlap(),
        )
        if self._ask is None or not isinstance(config, RerankedConfig):
            return found
        lists = [self._scored(user, self._ask) for user, rows in enumerate(self._candidates) if len(rows)]
        said: dict[str, Any] = {
            "churn": self._churn(self._ask, config.permutations) if config.permutations else None,
            "calibration_error": _calibration_error(lists) if config.method == "packed" else None,
        }
        if choosing:
            said |= _weights([scored for scored in lists if scored.relevant.any()])
        return found.model_copy(update=said)

    def milliseconds(self) -> NDArray[np.float64]:
        """What an answer to each user takes: retrieval's time, and the model's when it was asked, if by another run."""
        ask = self._ask
        if ask is None:
            return self._milliseconds
        scoring = [ask(user, rows).milliseconds if len(rows) else 0.0 for user, rows in enumerate(self._candidates)]
        return np.add(self._milliseconds, scoring, dtype=np.float64)

    def _pairs(self) -> list[tuple[Rows, Rows]]:
        return list(zip(self._relevant, self._candidates, strict=True))

    def _overlap(self) -> float:
        pairs = zip(self._candidates, self._after.ranked, strict=True)
        shares = [rank_biased_overlap(old, new[: len(old)]) for old, new in pairs if len(old)]
        return float(np.mean(shares)) if shares else 1.0

    def _scored(self, user: int, ask: Ask) -> ScoredList:
        rows = self._candidates[user]
        return ScoredList(
            llm=ask(user, rows).scores,
            retrieval=self._retrieval[user].astype(np.float64),
            relevant=np.isin(rows, self._relevant[user]),
        )

    def _churn(self, ask: Ask, permutations: PermutationsConfig) -> Churn | None:
        """None where nobody has two candidates."""
        rng = np.random.default_rng(_SEED)
        drawn = rng.permutation(len(self._candidates)).tolist()
        users = [user for user in drawn if len(self._candidates[user]) > 1][: permutations.users]
        found = [rank_churn(self._rankings(user, ask, permutations.orders, rng)) for user in users]
        if not found:
            return None
        return Churn(
            places=float(np.mean([one.places for one in found])),
            top_flips=float(np.mean([one.top_flips for one in found])),
        )

    def _rankings(self, user: int, ask: Ask, orders: int, rng: np.random.Generator) -> NDArray[np.int32]:
        """The model's ranking after each of several shuffles, shape (orders, K); ties as retrieval has them."""
        rows = self._candidates[user]
        rankings = []
        for _ in range(orders):
            order, scores = rng.permutation(len(rows)), np.empty(len(rows))
            scores[order] = ask(user, rows[order]).scores
            rankings.append(np.argsort(-scores, kind="stable"))
        return np.array(rankings, dtype=np.int32)


def _calibration_error(lists: Sequence[ScoredList]) -> float | None:
    """Of the probabilities that log-odds of yes stand for."""
    if not lists:
        return None
    odds, right = np.concatenate([one.llm for one in lists]), np.concatenate([one.relevant for one in lists])
    return calibration(expit(odds), right).error


def _weights(lists: Sequence[ScoredList]) -> dict[str, Any]:
    """The curve over the weights, and the one that is chosen."""
    if not lists:
        return {}
    curve = {f"{w:g}": float(np.mean([_ndcg(fuse(x.llm, x.retrieval, w), x.relevant) for x in lists])) for w in WEIGHTS}
    return {"weight_curve": curve, "chosen_weight": choose_weight(lists, _ndcg)}


def _ndcg(scores: Scores, relevant: NDArray[np.bool_]) -> float:
    """NDCG@10 among the candidates; what is right and not among them does not count."""
    return ndcg(scores, relevant, 10)
