"""Fine-tuning on one page: every promise with what was measured, and every report behind it."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from eval.lift.result import LiftResult
from eval.pages.tables import as_markdown

_ORDER: Final = (
    *("lift-*", "learning-*", "ablations", "training-speed", "order"),
    *("incremental-adapters", "pruning*", "quantization", "unmerged", "explanations"),
)
"""Folders of docs/results, as they are read."""

_WAYS: Final = ("retrieval", "the LLM alone", "trees without the LLM", "trees with the LLM")
_REASONS: Final = "explanations"
_COLUMNS: Final = ("what", "order", "metric", "measured", "95 %", "goal", "", "command", "machine")


def finetune_page(place: Path, lines: Sequence[Sequence[str]], lifts: Sequence[LiftResult]) -> str:
    """`lines` in the columns of eval.results; of the reports below `place` those of fine-tuning."""
    folders = [folder for pattern in _ORDER for folder in sorted(place.glob(pattern))]
    names = {folder.name for folder in folders}
    rows = [line for line in lines if {line[0], f"lift-{line[0]}"} & names]
    blocks = [
        "# Fine-tuning: what was promised and what was measured",
        "Made by `python -m eval.results --write` of the reports beside it; nothing here is typed in.",
        "## Is the LLM worth it?",
        _worth(lifts),
        "NDCG@10 of users whose candidates hold what they took. Trees: a fusion learnt from users of the part before. "
        "The LLM adds: trees with it minus trees without it, 95 %. Used: what held-out learners chose.",
        "## Promises",
        "Could be luck: the goal lies within the 95 % interval.",
        _promises([row for row in rows if row[0] != _REASONS]),
        "## Promises of the explanations",
        _promises([row for row in rows if row[0] == _REASONS]),
        *(_section(folder) for folder in folders),
    ]
    return "\n\n".join(blocks) + "\n"


def _worth(lifts: Sequence[LiftResult]) -> str:
    return _table(("data", *_WAYS, "the LLM adds", "p", "used"), [_worth_of(lift) for lift in lifts])


def _worth_of(lift: LiftResult) -> Sequence[str]:
    rows = (lift.row(way) for way in _WAYS)
    means = ("" if row is None else f"{row.held['ndcg@10'].mean:.4f}" for row in rows)
    added = lift.llm_adds
    cells = (f"{added.difference.mean:+.4f}", f"[{added.difference.low:+.4f}, {added.difference.high:+.4f}]")
    return (as_markdown(lift.lift), *means, as_markdown(" ".join(cells)), f"{added.p_value:.4f}", lift.chosen)


def _promises(rows: Sequence[Sequence[str]]) -> str:
    cells = [(*map(as_markdown, (row[0], row[2], *row[3:8])), f"`{row[8]}`", as_markdown(row[9])) for row in rows]
    return _table(_COLUMNS, cells)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in (columns, ("---",) * len(columns), *rows))


def _section(folder: Path) -> str:
    """The report, its headings a step lower, its pictures found from here."""
    text = "\n\n".join(page.read_text(encoding="utf-8").strip() for page in sorted(folder.glob("*.md")))
    lower = re.sub(r"^(#+) ", r"#\1 ", text, flags=re.MULTILINE)
    return re.sub(r"(!\[[^\]]*\]\()", rf"\g<1>{folder.name}/", lower)
