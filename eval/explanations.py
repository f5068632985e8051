"""Explanations: do citations carry the score, is what is said true, and is it worth reading?

    python -m eval.explanations --amazon ../shared/data/amazon-reviews-2023 --out docs/results/explanations

Asked are households of the demo shop and, where there is the data, lists of Amazon Reviews 2023. What is answered is
kept, so an interrupted run goes on where it was, and one of which all is kept needs no model. Another language than
English is asked of fewer households.
"""

import argparse
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from rich.progress import track

from eval.kept import KEPT, Kept
from eval.reasons.amazon import Reviewed, read_amazon
from eval.reasons.answers import answer
from eval.reasons.judged import judged
from eval.reasons.page import AMAZON, CHINESE, DEMO, Measured, explanations_page
from eval.reasons.praise import Overlap, Told, overlaps
from eval.reasons.records import Answer, Asked
from eval.report import Report
from llm_rerank.config import RecommendConfig
from llm_rerank.ranking import Language
from llm_rerank.recommender import Recommender
from llm_rerank.served import served_adapter
from retrieval.build import build
from retrieval.catalogue import Catalogue
from retrieval.config import RetrievalConfig, read_config
from retrieval.embedders.base import SentenceTransformerConfig
from retrieval.folder import BuiltShop, load_folder
from retrieval.indexes.base import ExactConfig
from retrieval.retrievers.popularity import PopularityConfig
from retrieval.shop import ShopData


class Answers:
    """What the program answers for one shop: kept, or asked now."""

    def __init__(self, config: RecommendConfig, shop: BuiltShop, kept: Path = KEPT) -> None:
        self._config, self._shop = config, shop
        adapters = [served_adapter(setting) for setting in (config.adapter, config.writer_adapter)]
        extra = " ".join(adapter.adapter_id if adapter else "" for adapter in adapters)
        self._kept = Kept(
            "explanations", "eval/reasons/answers.py", shop.manifest.plan, config, extra=extra, folder=kept
        )

    def of(self, lists: Sequence[Asked], description: str) -> list[Answer]:
        """One answer a list."""
        for asked in track(lists, description=description):
            if asked.key not in self._kept:
                self._kept.keep(asked.key, answer(self._recommender, asked).model_dump())
        return [Answer.model_validate(self._kept[asked.key]) for asked in lists]

    @cached_property
    def _recommender(self) -> Recommender:
        return Recommender.for_shop(self._shop, self._config, say=print)


def households(shop: BuiltShop, count: int, seed: int, language: Language = "en") -> list[Asked]:
    """Households by chance; the first of many are those of few."""
    users = np.random.default_rng(seed).permutation(shop.log.user_ids)[:count].tolist()
    return [
        Asked(user=user, history=shop.log.history(user), language=language, tried=language == "en") for user in users
    ]


def built(shop: ShopData, folder: Path) -> BuiltShop:
    """A shop that somebody else proposes the items of: its text vectors are all that is asked of it."""
    config = RetrievalConfig(
        embedder=SentenceTransformerConfig(), index=ExactConfig(), retrievers=(PopularityConfig(),)
    )
    build(shop, config, folder)
    return load_folder(folder)


def measured(name: str, shop: BuiltShop, answers: Answers, lists: Sequence[Asked]) -> Measured:
    """Asks and judges."""
    answered = answers.of(lists, name)
    return Measured(name=name, judged=judged(shop.catalogue, lists, answered), answers=answered)


def told_of(lists: Sequence[Reviewed], catalogue: Catalogue, answers: Sequence[Answer]) -> list[Told]:
    """What was said of each held-out item, and what its reader wrote of it."""
    return [
        Told(
            reason=reason.text,
            title=catalogue[reason.item_id].title,
            review=one.review,
            stars=one.stars,
            category=one.category,
            user=one.asked.user,
        )
        for one, answer in zip(lists, answers, strict=True)
        for reason in answer.reasons
        if reason.item_id == one.held_out
    ]


def main() -> None:
    """Asks, judges, and writes the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, default=Path("configs/recommend.yaml"))
    parser.add_argument("--households", type=int, default=170)
    parser.add_argument("--chinese", type=int, default=40, help="households that are asked about in Chinese too")
    parser.add_argument("--amazon", type=Path, help="the folder of Amazon Reviews 2023")
    parser.add_argument("--lists", type=int, default=290, help="of Amazon Reviews 2023")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    config = read_config(given.config, RecommendConfig)
    shop = load_folder(config.shop)
    report = Report("Explanations", notice=shop.shop.notice)
    answers = Answers(config, shop)
    wanted: list[tuple[str, int, Language]] = [(DEMO, given.households, "en"), (CHINESE, given.chinese, "zh")]
    found = [
        measured(name, shop, answers, households(shop, count, given.seed, language))
        for name, count, language in wanted
        if count
    ]
    praise: list[Overlap] = []
    if given.amazon is not None:
        data, lists = read_amazon(given.amazon, count=given.lists, seed=given.seed)
        amazon = built(data, KEPT / data.name)
        found.append(measured(AMAZON, amazon, Answers(config, amazon), [one.asked for one in lists]))
        praise = overlaps(told_of(lists, data.catalogue, found[-1].answers))
    explanations_page(report, found, praise)
    report.write(given.out, "explanations")


if __name__ == "__main__":
    main()
