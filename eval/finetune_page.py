"""Fine-tuning on one page: every promise with what was measured, and every report behind it."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from eval.pages.tables import as_markdown

_ORDER: Final = (
    *("lift-*", "learning-*", "ablations", "training-speed", "order"),
    *("incremental-adapters", "pruning", "quantization", "unmerged", "explanations"),
)
"""Folders of docs/results, as they are read."""

_COLUMNS: Final = ("what", "order", "metric", "measured", "95 %", "goal", "", "command", "machine")


def finetune_page(place: Path, lines: Sequence[Sequence[str]]) -> str:
    """`lines` in the columns of eval.results; of the reports below `place` those of fine-tuning."""
    folders = [folder for pattern in _ORDER for folder in sorted(place.glob(pattern))]
    names = {folder.name for folder in folders}
    rows = [line for line in lines if {line[0], f"lift-{line[0]}"} & names]
    blocks = [
        "# Fine-tuning: what was promised and what was measured",
        "Made by `python -m eval.results --write` of the reports beside it; nothing here is typed in.",
        _table(rows),
        *(_section(folder) for folder in folders),
    ]
    return "\n\n".join(blocks) + "\n"


def _table(rows: Sequence[Sequence[str]]) -> str:
    cells = [(*map(as_markdown, (row[0], row[2], *row[3:8])), f"`{row[8]}`", as_markdown(row[9])) for row in rows]
    lines = [_COLUMNS, ("---",) * len(_COLUMNS), *cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _section(folder: Path) -> str:
    """The report, its headings a step lower, its pictures found from here."""
    text = "\n\n".join(page.read_text(encoding="utf-8").strip() for page in sorted(folder.glob("*.md")))
    lower = re.sub(r"^(#+) ", r"#\1 ", text, flags=re.MULTILINE)
    return re.sub(r"(!\[[^\]]*\]\()", rf"\g<1>{folder.name}/", lower)
