"""Drawing: rankings as tables for people and as JSON for programs. A printed title is one visible line."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from llm_rerank.ranking import Evidence, Explanation, RankedItem, Ranking
from llm_rerank.tokenizer import one_line
from retrieval.catalogue import Catalogue
from retrieval.profile import UserProfile
from retrieval.records import UserHistory

if TYPE_CHECKING:
    from retrieval.datasets.report import CleaningReport  # brings pandas

_console = Console(emoji=False)
_errors = Console(stderr=True, emoji=False)


def print_json(value: object) -> None:
    """One JSON document on standard output, and nothing else. What no terminal should see raw is escaped in it."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    print("".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text))


def print_text(text: str) -> None:
    """Text that nobody's markup can colour."""
    _console.print(escape(text), highlight=False)


def print_table(table: Table) -> None:
    """A table whose cells are escaped already."""
    _console.print(table)


def show_cleaning(report: "CleaningReport") -> None:
    """How many rows were left out and why, as a table."""
    _console.print(report)


@contextmanager
def progress(*, visible: bool) -> Iterator[Callable[[str], None]]:
    """A spinner on standard error, and the function that changes its words."""
    if not visible:
        yield lambda _: None
        return
    with _errors.status("Opening the shop and the model") as status:
        yield lambda text: status.update(escape(text))


def ranking_json(ranking: Ranking) -> dict[str, Any]:
    """The JSON form of a ranking. `degraded` is null where the LLM answered."""
    return {
        "user_id": ranking.user_id,
        "items": [_item_json(item) for item in ranking.items],
        "engine": ranking.engine,
        "model": ranking.model,
        "adapter": ranking.adapter,
        "llm_weight": ranking.llm_weight,
        "timings_ms": ranking.timings_ms,
        "answered_by": ranking.answered_by,
        "degraded": ranking.degraded or None,
    }


def _item_json(ranked: RankedItem) -> dict[str, Any]:
    return {
        "item_id": ranked.item.item_id,
        "title": ranked.item.title,
        "rank": ranked.rank,
        "score": ranked.score,
        "retrieval_rank": ranked.retrieval_rank,
        "llm_rank": ranked.llm_rank,
        "llm_score": ranked.llm_score,
        "sources": [{"source": s.source, "score": s.score, "rank": s.rank} for s in ranked.sources],
        "explanation": ranked.explanation and _explanation_json(ranked.explanation),
    }


def _explanation_json(explanation: Explanation) -> dict[str, Any]:
    return {
        "text": explanation.text,
        "language": explanation.language,
        "source": explanation.source,
        "rejected": explanation.rejected or None,
        "evidence": _evidence_json(explanation.evidence),
        "against": _evidence_json(explanation.against),
    }


def _evidence_json(found: Sequence[Evidence]) -> list[dict[str, Any]]:
    return [{"item_id": one.item_id, "title": one.title, "effect": one.effect} for one in found]


def show_ranking(ranking: Ranking, history: UserHistory, catalogue: Catalogue, read: Sequence[str]) -> None:
    """The history, the order before and after, and the reasons. `read` is what the model read of the history."""
    _console.print(_history_table(history, catalogue, read))
    _console.print(_ranking_table(ranking))
    if ranking.llm_weight == 0 and any(item.explanation for item in ranking.items):
        print_text("The LLM has no weight in this order. The reasons say what raised the LLM's own score of each item:")
    for item in ranking.items:
        if item.explanation:
            _show_explanation(item, item.explanation)
    _show_footer(ranking)


def _history_table(history: UserHistory, catalogue: Catalogue, read: Sequence[str]) -> Table:
    profile = UserProfile.of(history, catalogue)
    table = Table(
        title=f"What {escape(one_line(history.user_id))} did: {profile.interactions:,} interactions with "
        f"{profile.distinct_items:,} items, {profile.repeat_rate:.0%} of them repeats; what the LLM reads of it:"
    )
    for column in ("last", "times", "id", "item"):
        table.add_column(column)
    times = Counter(interaction.item_id for interaction in history.interactions)
    last = {interaction.item_id: interaction.timestamp for interaction in history.interactions}
    for item_id in reversed(read):
        title = escape(one_line(catalogue[item_id].title))
        table.add_row(f"{last[item_id]:%d %b %Y}", str(times[item_id]), escape(one_line(item_id)), title)
    return table


def _ranking_table(ranking: Ranking) -> Table:
    proposed = any(item.sources for item in ranking.items)  # else the caller named the items
    title = f"retrieval's order, the LLM's order, the final order (LLM weight {ranking.llm_weight:g})"
    table = Table(title=f"The ranking: {title if proposed else 'the given items in the order of the LLM'}")
    for column in ("final", *(["retrieval"] if proposed else []), "LLM", "log-odds"):
        table.add_column(column, justify="right")
    for column in ("id", "item", *(["proposed by"] if proposed else [])):
        table.add_column(column)
    for item in ranking.items:
        before = [str(item.retrieval_rank)] if proposed else []
        sources = [", ".join(f"{s.source} #{s.rank}" for s in item.sources)] if proposed else []
        table.add_row(str(item.rank), *before, *_llm_cells(item), *_item_cells(item), *sources)
    return table


def _llm_cells(item: RankedItem) -> tuple[str, str]:
    if item.llm_rank is None or item.llm_score is None:
        return "-", "-"
    return str(item.llm_rank), f"{item.llm_score:+.2f}"


def _item_cells(item: RankedItem) -> tuple[str, str]:
    return escape(one_line(item.item.item_id)), escape(one_line(item.item.title))


def _show_explanation(item: RankedItem, explanation: Explanation) -> None:
    _console.print(f"[bold]{item.rank}. {escape(one_line(item.item.title))}[/bold]", highlight=False)
    if explanation.text:
        print_text(f"   {explanation.text}")
    for evidence in (*explanation.evidence, *explanation.against):
        moves = f"{'falls' if evidence.effect > 0 else 'rises'} by {abs(evidence.effect):.3f} log-odds"
        print_text(f"   evidence: without {one_line(evidence.title)} the score {moves}")
    print_text(f"   ({_origin(explanation)})")


def _origin(explanation: Explanation) -> str:
    if explanation.source == "model":
        return "written by the model and checked"
    if explanation.source == "none" and not explanation.rejected:
        return (
            "nothing that was tried raised the score further than random items did: no reason is better than a weak one"
        )
    if explanation.source == "none":
        return f"no reason: the model's text was refused, {explanation.rejected}, and no other is short and new"
    return f"written from a template: the model's text was refused, {explanation.rejected}"


def _show_footer(ranking: Ranking) -> None:
    times = ", ".join(f"{stage} {value:,.0f} ms" for stage, value in ranking.timings_ms.items())
    print_text(f"engine {ranking.engine}, model {ranking.model}, adapter {ranking.adapter or 'none'}; {times}")
    if ranking.degraded:
        print_text(f"DEGRADED: {ranking.degraded}")
