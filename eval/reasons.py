"""Reasons: is what they say true, are the citations in the history, how often did the template stand in?

    python -m eval.reasons --households 200 --out docs/results/reasons

The judge here does not use the program's own check: it looks for every title of the catalogue in every text, and
compares what a text says with catalogue and log (eval.statements).
Households that are done are kept, so an interrupted run goes on where it was.
"""

import argparse
import re
from calendar import month_name
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import track

from eval.kept import Kept
from eval.promise import Promise
from eval.report import Report
from eval.statements import statements
from llm_rerank.config import RecommendConfig
from llm_rerank.ranking import RankedItem
from llm_rerank.recommender import Recommender
from llm_rerank.request import RankingRequest
from llm_rerank.served import served_adapter
from llm_rerank.tokenizer import one_line
from retrieval.catalogue import Catalogue
from retrieval.config import read_config
from retrieval.records import Item, UserHistory

EXPLAINED = 3
_WORD = re.compile(r"\w+")
_NUMBER = re.compile(rf"\d+(?:\.\d+)?|\b(?:{'|'.join(month_name[1:])})\b")


class TitleFinder:
    """Finds catalogue titles in a text, as whole words; titles of one word are ordinary words and cannot be told."""

    def __init__(self, titles: Iterable[str]) -> None:
        self._titles: dict[tuple[str, ...], str] = {}
        for title in titles:
            if len(words := _words(title)) > 1:
                self._titles[words] = title
        self._longest = max(map(len, self._titles), default=0)

    def find(self, text: str) -> set[str]:
        """The titles that stand in the text."""
        words = _words(text)
        spans = (words[i : i + n] for i in range(len(words)) for n in range(2, self._longest + 1))
        return {self._titles[span] for span in spans if span in self._titles}


def judge(ranked: RankedItem, history: UserHistory, finder: TitleFinder, catalogue: Catalogue) -> dict[str, Any]:
    """One explanation: its citations that are not in the history, the titles it has no business to name, and what of
    its statements is so.
    """
    explanation = ranked.explanation
    assert explanation is not None
    cited = [catalogue[evidence.item_id] for evidence in explanation.evidence]
    known = {title for item in (ranked.item, *cited) for text in _known_of(item) for title in finder.find(text)}
    read = list(statements(explanation.text, ranked.item, cited, history))
    own = {interaction.item_id for interaction in history.interactions}
    return {
        "text": explanation.text,
        "title": ranked.item.title,
        "titles": [one_line(each.title) for each in (ranked.item, *cited)],
        "source": explanation.source,
        "rejected": explanation.rejected,
        "effects": [evidence.effect for evidence in explanation.evidence],
        "not_in_history": [e.item_id for e in explanation.evidence if e.item_id not in own],
        "unknown_titles": sorted(finder.find(explanation.text) - known),
        "statements": len(read),
        "untrue": [statement.words for statement in read if not statement.true],
    }


def report_reasons(report: Report, judged: list[dict[str, Any]], households: int) -> None:
    """Counts, reasons of refusal, and examples good and bad."""
    cited = [row for row in judged if row["effects"]]
    by_model = [row for row in judged if row["source"] == "model"]
    wrong = sum(bool(row["not_in_history"]) for row in judged)
    said, untrue = (sum(counts) for counts in zip(*((r["statements"], len(r["untrue"])) for r in judged), strict=True))
    texts, unknown = {row["text"] for row in judged}, sum(bool(row["unknown_titles"]) for row in judged)
    rows = [
        ("explanations", len(judged)),
        ("with evidence", f"{len(cited)} ({len(cited) / len(judged):.1%})"),
        ("all citations in the history", f"{len(judged) - wrong} ({1 - wrong / len(judged):.1%})"),
        ("naming an unknown item", unknown),
        ("written by the model and passed", f"{len(by_model)} ({len(by_model) / len(judged):.1%})"),
        ("fell back to the template", f"{len(judged) - len(by_model)} ({1 - len(by_model) / len(judged):.1%})"),
        ("distinct texts", f"{len(texts)} ({len(texts) / len(judged):.1%})"),
        ("distinct texts, titles, numbers and months aside", len({_form(row) for row in judged})),
        ("words in a text, median", f"{np.median([len(row['text'].split()) for row in judged]):.0f}"),
        ("statements compared with catalogue and log", said),
        ("of these true", f"{said - untrue} ({1 - untrue / max(1, said):.1%})"),
        ("median effect of the strongest citation, log-odds", f"{np.median([row['effects'][0] for row in cited]):.3f}"),
    ]
    report.table(f"Reasons for the first {EXPLAINED} items of {households} households", ("what", "count"), rows)
    report.promise(
        (
            Promise(name="citations in the history", sense="at least", limit=1, measured=1 - wrong / len(judged)),
            Promise(
                name="statements that are true",
                sense="at least",
                limit=0.95,
                measured=1 - untrue / said if said else None,
            ),
            Promise(name="naming an unknown item", sense="at most", limit=0, measured=unknown),
            Promise(name="by the template", sense="at most", limit=0.2, measured=1 - len(by_model) / len(judged)),
            Promise(name="distinct texts", sense="at least", limit=0.9, measured=len(texts) / len(judged)),
        )
    )
    by_citations = Counter((min(len(row["effects"]), 2), row["source"]) for row in judged)
    counts = [(number, by_citations[number, "model"], by_citations[number, "template"]) for number in range(3)]
    report.table("By what could be cited", ("items with evidence", "model", "template"), counts)
    refused = Counter(re.sub(r"'[^']*'|\d+", "…", row["rejected"]) for row in judged if row["rejected"])
    report.table("Why the template stood in", ("reason", "count"), refused.most_common())
    for source in ("model", "template"):
        examples = [row for row in judged if row["source"] == source][:10]
        report.table(f"Examples, {source}", ("item", "text"), [(row["title"], row["text"]) for row in examples])


def main() -> None:
    """Explains the sampled households and writes the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, default=Path("configs/recommend.yaml"))
    parser.add_argument("--households", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    config = read_config(given.config, RecommendConfig)
    recommender = Recommender.open(config, say=print)
    shop = recommender.shop
    writer = served_adapter(config.writer_adapter)
    adapters = [recommender.reranker.adapter or "", "" if writer is None else writer.adapter_id]
    kept = Kept("reasons", "eval/reasons.py", shop.manifest.plan, config, extra=" ".join(adapters))
    finder = TitleFinder(one_line(item.title) for item in shop.catalogue)
    users = np.random.default_rng(given.seed).permutation(shop.log.user_ids)[: given.households].tolist()
    for user in track(users, description="explaining"):
        if user not in kept:
            history = shop.log.history(user)
            ranking = recommender.recommend(RankingRequest(history=history, top_n=EXPLAINED, explained=EXPLAINED))
            kept.keep(user, [judge(item, history, finder, shop.catalogue) for item in ranking.items])
    report = Report("Reasons on the demo shop", notice=shop.shop.notice)
    report_reasons(report, [row for user in users for row in kept[user]], len(users))
    report.write(given.out, "reasons")


def _known_of(item: Item) -> tuple[str, ...]:
    """What the catalogue says of it: a category may be called what another item is called."""
    return (item.title, item.category, item.brand, *item.attributes.values())


def _form(row: dict[str, Any]) -> str:
    """The text without titles, numbers and months."""
    text = str(row["text"])
    for title in sorted(row["titles"], key=len, reverse=True):
        text = text.replace(title, "…")
    return _NUMBER.sub("…", text)


def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text.casefold()))


if __name__ == "__main__":
    main()
