"""Last basket: does retrieval find what a household buys next, and does the LLM put it in a better order?

    python -m eval.last_basket --part validation --out docs/results/last-basket

Retrievers are fitted on everything before the held-out basket; repeats count. The text vectors come from the build
folder: they know the catalogue and nothing of anybody's purchases. The LLM scores the hybrid's candidates of a random
sample of households. Scored households are kept as they come, so an interrupted run goes on where it was.
"""

import argparse
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from eval.kept import Kept
from eval.metrics.one_list import recall
from eval.report import Report
from eval.result import Interval
from eval.statistics.significance import bootstrap_interval
from llm_rerank.config import RecommendConfig
from llm_rerank.fusion import WEIGHTS, ScoredList, choose_weight, fuse
from llm_rerank.recommender import open_reranker
from llm_rerank.reranker import Query, Reranker
from retrieval.config import RetrievalConfig, read_config
from retrieval.errors import ConfigError
from retrieval.folder import BuiltShop, load_folder
from retrieval.ndcg import ndcg
from retrieval.records import Candidate
from retrieval.retrievers import Shelf, fit, open_retriever
from retrieval.retrievers.base import Retriever
from retrieval.retrievers.hybrid import HybridRetriever
from retrieval.splits import Part, Split, last_basket

K_RECALL = 100
K_NDCG = 10
HYBRID = "hybrid"


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """What is measured: `households` of `part` are scored by the LLM, all of them count for recall."""

    part: Part
    households: int
    seed: int
    config: RecommendConfig


def sources_fitted_on(split: Split, shop: BuiltShop) -> dict[str, Retriever]:
    """Every configured source and the hybrid of them, fitted on the training part alone.

    Raises ConfigError for a shop that serves something else: a blend, or what was trained on the held-out baskets too.
    """
    _check_served(shop.config)
    shelf = Shelf(catalogue=shop.catalogue, log=split.train, vectors=shop.vectors, index=shop.index)
    sources: dict[str, Retriever] = {}
    weighted: list[tuple[Retriever, float]] = []
    for config in track(shop.config.retrievers, description="fitting"):
        source = open_retriever(
            config, shelf, fit(config, shelf, shop.config.seed, Path("var/eval/last-basket") / split.train.fingerprint)
        )
        sources[source.name] = source
        weighted.append((source, config.weight))
    return {**sources, HYBRID: HybridRetriever(shop.config.hybrid, shop.catalogue, weighted)}


def _check_served(config: RetrievalConfig) -> None:
    trained = [source.name for source in config.retrievers if getattr(source, "trained", None) is not None]
    if config.blend is not None or trained:
        raise ConfigError(
            "this measures sources that are fitted here and joined by rank",
            field="blend" if config.blend is not None else "trained",
            value=trained,
            remedy="Measure a blend or a trained retriever with `llm-rerank eval`; see configs/eval/.",
        )


def recalls(split: Split, sources: Mapping[str, Retriever]) -> dict[str, NDArray[np.float64]]:
    """Recall@100 of every household, source by source; 0 for a household that a source has no answer for."""
    found: dict[str, list[float]] = {name: [] for name in sources}
    for user, targets in track(split.targets.items(), description="retrieving"):
        history = split.train.history(user)
        for name, source in sources.items():
            ids = [candidate.item.item_id for candidate in source.retrieve(history, K_RECALL)]
            found[name].append(recall(ids, targets, K_RECALL))
    return {name: np.array(values) for name, values in found.items()}


def scored_lists(job: Job, split: Split, retriever: Retriever, shop: BuiltShop, kept: Kept) -> list[ScoredList]:
    """The LLM's and retrieval's scores of the sampled households whose candidates hold something they bought."""
    users = np.random.default_rng(job.seed).permutation(sorted(split.targets))[: job.households]
    reranker: Reranker | None = None
    lists: list[ScoredList] = []
    for user in track(users.tolist(), description="LLM scoring"):
        if user not in kept:
            reranker = reranker or open_reranker(job.config, shop.catalogue, say=print)
            candidates = retriever.retrieve(split.train.history(user), job.config.candidates)
            kept.keep(user, _score(reranker, user, split, candidates))
        row = {name: np.array(values) for name, values in kept[user].items()}
        lists.append(ScoredList(llm=row["llm"], retrieval=row["retrieval"], relevant=row["relevant"].astype(bool)))
    return [scored for scored in lists if scored.relevant.any()]


def _score(reranker: Reranker, user: str, split: Split, candidates: tuple[Candidate, ...]) -> dict[str, Any]:
    items = tuple(candidate.item for candidate in candidates)
    (llm,) = reranker.score([Query(history=split.train.history(user), items=items)])
    return {
        "llm": llm.tolist(),
        "retrieval": [candidate.score for candidate in candidates],
        "relevant": [item.item_id in split.targets[user] for item in items],
    }


def report_retrieval(report: Report, found: Mapping[str, NDArray[np.float64]]) -> None:
    """One row a source, and how much the hybrid gains over it on the same households."""
    report.table(
        f"Recall@{K_RECALL} of the held-out basket, {len(found[HYBRID]):,} households",
        ("source", "mean", "95 % interval", "hybrid minus source"),
        [
            (
                name,
                f"{values.mean():.4f}",
                _sure(values),
                "" if name == HYBRID else _sure(found[HYBRID] - values),
            )
            for name, values in sorted(found.items(), key=lambda entry: entry[1].mean())
        ],
    )


def _sure(recalls: NDArray[np.float64]) -> Interval:
    return bootstrap_interval(recalls, metric=f"recall@{K_RECALL}")


def report_llm(report: Report, lists: list[ScoredList], job: Job) -> None:
    """NDCG@10 of retrieval, of the LLM, of chance and of the fusion. A weight is chosen on validation lists only."""
    base, configured = _ndcgs(lists, 0.0), job.config.llm_weight
    chance = np.array([np.mean([_shuffled(x, seed) for seed in range(20)]) for x in lists])
    rows: list[tuple[str, NDArray[np.float64]]] = [
        ("retrieval alone (weight 0)", base),
        ("LLM alone (weight 1)", _ndcgs(lists, 1.0)),
        (f"fused at the configured weight {configured:g}", _ndcgs(lists, configured)),
        ("random order, mean of 20", chance),
    ]
    report.table(
        f"NDCG@{K_NDCG} among {job.config.candidates} candidates: the {len(lists)} of {job.households} households "
        "with a hit among them",
        ("order", "mean", "minus retrieval, 95 % paired bootstrap"),
        [
            (name, f"{values.mean():.4f}", bootstrap_interval(values - base, metric=f"ndcg@{K_NDCG}"))
            for name, values in rows
        ],
    )
    if job.part == "validation":
        weight = choose_weight(lists, lambda scores, relevant: ndcg(scores, relevant, K_NDCG))
        curve = {f"{w:g}": round(float(_ndcgs(lists, w).mean()), 4) for w in WEIGHTS}
        report.line(f"Weight chosen: {weight:g}. Mean NDCG@{K_NDCG} by weight: {json.dumps(curve)}")


def _ndcgs(lists: list[ScoredList], weight: float) -> NDArray[np.float64]:
    return np.array([ndcg(fuse(x.llm, x.retrieval, weight), x.relevant, K_NDCG) for x in lists])


def _shuffled(scored: ScoredList, seed: int) -> float:
    return ndcg(np.random.default_rng(seed).random(len(scored.relevant)), scored.relevant, K_NDCG)


def main() -> None:
    """Runs one part and writes its report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=("validation", "test"), default="validation")
    parser.add_argument("--config", type=Path, default=Path("configs/recommend.yaml"))
    parser.add_argument(
        "--households", type=int, default=300, help="how many the LLM scores; 0 measures retrieval only"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    config = read_config(given.config, RecommendConfig)
    job = Job(part=given.part, households=given.households, seed=given.seed, config=config)
    shop = load_folder(config.shop)
    split = last_basket(shop.log, job.part)
    sources = sources_fitted_on(split, shop)
    report = Report(f"Last basket, {job.part}", notice=shop.shop.notice)
    report_retrieval(report, recalls(split, sources))
    if job.households:
        kept = Kept("last-basket", "eval/last_basket.py", shop.manifest.plan, config, extra=f"{job.part}")
        lists = scored_lists(job, split, sources[HYBRID], shop, kept)
        report_llm(report, lists, job)
    report.write(given.out, job.part)


if __name__ == "__main__":
    main()
