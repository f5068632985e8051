"""The fusion job: how much the LLM, retrieval and its sources are to be believed, learnt from held-out baskets.

    python -m finetune.fit_fusion --config configs/finetune/….yaml --out var/finetune/…

Retrieval is fitted without the last baskets, proposes, and the LLM scores what it proposed; what was then really taken
teaches the trees. Whatever was scored is kept: an interrupted run goes on and ends with the same bytes.
"""

import argparse
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Final

import numpy as np
from rich.progress import Progress

from finetune.fusion_config import FusionConfig
from finetune.hybrids import fit_hybrid, open_shelf
from finetune.write_once import PACKAGES
from llm_rerank.cli.explained import explained
from llm_rerank.fusion import Scores
from llm_rerank.learned_fusion.features import FusionFeatures
from llm_rerank.learned_fusion.fitting import FusionLearner, Lesson
from llm_rerank.learned_fusion.model import write_fusion
from llm_rerank.learned_fusion.opening import learnt_with
from llm_rerank.learned_fusion.record import RECORD, FusionRecord, read_record
from llm_rerank.models import prepare_model
from llm_rerank.opening import open_reranker
from llm_rerank.reranker import Query, Reranker
from llm_rerank.served import served_adapter
from retrieval.alone import alone
from retrieval.config import read_config
from retrieval.datasets.base import load_dataset
from retrieval.differences import differences
from retrieval.errors import BuildError, DatasetError
from retrieval.files import read_json, unreadable, write_json
from retrieval.manifest import installed
from retrieval.progress import showing_progress
from retrieval.records import Candidate, UserHistory
from retrieval.retrievers.hybrid import HybridRetriever
from retrieval.shop import ShopData
from retrieval.splits import Split, last_basket

_WORK: Final = "work"
_VERSIONS: Final = "versions.json"
_AT_ONCE: Final = 16  # users whose scores an interruption may cost


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asked:
    """One user, as they were before their last basket."""

    history: UserHistory
    candidates: tuple[Candidate, ...]
    taken: frozenset[str]


def fit_shop_fusion(shop: ShopData, config: FusionConfig, folder: Path, progress: Progress) -> FusionRecord:
    """Writes the fusion to `folder`, going on where an earlier run stopped; a finished folder is left as it is.

    Raises BuildError for a folder that holds another one, or was begun by other versions, or where another process is
    at work, and DatasetError where nobody's last basket can be held out, or there is nothing to propose.
    """
    model = prepare_model(config.reranker.model, say=progress.console.print)
    config = config.model_copy(update={"reranker": config.reranker.settled()})
    adapter = served_adapter(config.reranker.adapter)
    with_what = learnt_with(model.fingerprint, adapter.adapter_id if adapter else None, config.reranker.prompt, config)
    settings = config.model_dump_json(exclude={"dataset": True, "reranker": {"model": True, "adapter": True}})
    made_from = sha256(f"{shop.fingerprint} {with_what.model_dump_json()} {settings}".encode()).hexdigest()[:16]
    with alone(folder):
        _same(folder, made_from)
        if not (folder / RECORD).exists():
            work = folder / _WORK / made_from
            _begin(folder, work)
            features, lessons = _lessons(shop, config, work, progress)
            fitted = FusionLearner(features.names, features.of_llm, config.trees).fit(lessons)
            about = {"lists": len(lessons), "candidates": config.reranker.candidates, "data": made_from}
            write_fusion(folder, fitted, with_what, features, about)
        shutil.rmtree(folder / _WORK, ignore_errors=True)
        return read_record(folder)


def _same(folder: Path, made_from: str) -> None:
    if (folder / RECORD).exists() and read_record(folder).data != made_from:
        raise BuildError(
            "this folder holds a fusion of other data or with other settings",
            field="out",
            value=str(folder),
            remedy="Give another folder: a fusion is never changed in place.",
        )


def _begin(folder: Path, work: Path) -> None:
    """What an earlier run kept is gone on with by the same versions only: others score otherwise."""
    versions, path = installed(PACKAGES), work / _VERSIONS
    if path.exists() and (changed := differences(read_json(path), versions)):
        raise BuildError(
            f"this fusion was begun by other versions: {changed}",
            field="out",
            value=str(folder),
            remedy="Go on with those, or begin anew in another folder.",
        )
    write_json(path, versions)


def _lessons(
    shop: ShopData, config: FusionConfig, work: Path, progress: Progress
) -> tuple[FusionFeatures, list[Lesson]]:
    split = last_basket(shop.log, "test")
    if not split.targets:
        raise DatasetError(
            "nobody has a last basket and something before it",
            field="dataset",
            value=shop.name,
            remedy="Give a log of users who came back.",
        )
    shelf = replace(open_shelf(shop, config, work, progress), log=split.train)
    hybrid = fit_hybrid(config, shelf, work, progress, "without the last baskets")
    asked = _asked(config, split, hybrid, progress)
    reranker = partial(open_reranker, config.reranker, shop.catalogue, say=progress.console.print)
    scores = progress.track(_scores(asked, reranker, work), total=len(asked), description="LLM scores")
    sources = [source.name for source in config.retrievers]
    features = FusionFeatures(shop.catalogue, shelf.vectors, split.train, sources)
    return features, [_lesson(one, llm, features) for one, llm in zip(asked, scores, strict=True) if one.candidates]


def _asked(config: FusionConfig, split: Split, hybrid: HybridRetriever, progress: Progress) -> list[_Asked]:
    """Of users drawn at random, what retrieval proposes."""
    drawn = np.random.default_rng([config.seed, 3]).permutation(sorted(split.targets))[: config.users].tolist()
    asked = [
        _Asked(
            history=(history := split.train.history(user)),
            candidates=hybrid.retrieve(history, config.reranker.candidates),
            taken=frozenset(split.targets[user]),
        )
        for user in progress.track(sorted(drawn), description="candidates")
    ]
    if not any(one.candidates for one in asked):
        raise DatasetError(
            f"nothing is proposed to any of {len(asked):,} users",
            field="retrievers",
            value=[source.name for source in config.retrievers],
            remedy="Add one that has something for everybody, such as `kind: popularity`.",
        )
    return asked


def _lesson(asked: _Asked, llm: Scores, features: FusionFeatures) -> Lesson:
    taken = np.array([candidate.item.item_id in asked.taken for candidate in asked.candidates])
    retrieval = np.array([candidate.score for candidate in asked.candidates], dtype=np.float64)
    matrix = features.of(asked.history, asked.candidates, llm)
    return Lesson(matrix=matrix, llm=llm, retrieval=retrieval, taken=taken)


def _scores(asked: Sequence[_Asked], open_: "partial[Reranker]", work: Path) -> Iterator[Scores]:
    """The LLM's scores of each one's candidates; the model is loaded when something is not kept yet."""
    reranker: Reranker | None = None
    for start in range(0, len(asked), _AT_ONCE):
        group, path = asked[start : start + _AT_ONCE], work / "scores" / f"{start:05}.json"
        if not path.exists():
            reranker = reranker or open_()
            queries = [Query(history=one.history, items=tuple(c.item for c in one.candidates)) for one in group]
            write_json(path, [scores.tolist() for scores in reranker.score(queries)])
        yield from _kept(path)


def _kept(path: Path) -> list[Scores]:
    try:
        return [np.array(scores, dtype=np.float64) for scores in read_json(path)]
    except (BuildError, TypeError, ValueError) as err:
        raise unreadable(path, remade=True) from err


def told(record: FusionRecord) -> str:
    """What was learnt, in a line."""
    checks = ", ".join(f"{variant} {value:.4f}" for variant, value in record.checks.items())
    return (
        f"Learnt from {record.lists:,} users. NDCG@10 of users that were not learnt from: {checks}. "
        f"Chosen: {record.variant}; the LLM's share in it is {record.llm_weight:.0%}."
    )


def main() -> None:
    """Learns one fusion."""
    parser = argparse.ArgumentParser(
        prog="python -m finetune.fit_fusion", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", type=Path, required=True, help="a YAML file; see configs/finetune/")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write")
    given = parser.parse_args()
    with explained("finetune.fit_fusion"):
        config = read_config(given.config, FusionConfig)
        shop = load_dataset(config.dataset).shop
        with showing_progress() as progress:
            record = fit_shop_fusion(shop, config, given.out, progress)
    print(told(record))


if __name__ == "__main__":
    main()
