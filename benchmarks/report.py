"""A benchmark's folder: the page people read, and the raw numbers it was made from."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.table import Table, page


def write_report(
    folder: Path,
    title: str,
    tables: Sequence[Table],
    about: Mapping[str, str],
    raw: Mapping[str, Any],
    *,
    picture: str = "",
) -> None:
    """Writes README.md and raw.json; `picture` is the name of a file in the same folder."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers = json.dumps({"about": about, **raw}, indent=1)
    (folder / "raw.json").write_text(numbers + "\n", encoding="utf-8")
    (folder / "README.md").write_text(page(title, tables, about, picture=picture), encoding="utf-8")
