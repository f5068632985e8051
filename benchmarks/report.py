"""A benchmark's folder: the page people read, and the raw numbers it was made from."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.table import Table, page
from eval.promise import PROMISES, Promise, as_json


def write_report(
    folder: Path,
    title: str,
    tables: Sequence[Table],
    about: Mapping[str, str],
    raw: Mapping[str, Any],
    *,
    promises: Sequence[Promise] = (),
    picture: str = "",
) -> None:
    """Writes README.md and raw.json, in which eval.results finds the promises; `picture` lies in the same folder."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = {PROMISES: as_json(promises, about["command"], about.get("device", about["processor"]))} if promises else {}
    numbers = json.dumps({"about": about, **kept, **raw}, indent=1)
    (folder / "raw.json").write_text(numbers + "\n", encoding="utf-8")
    (folder / "README.md").write_text(page(title, tables, about, picture=picture), encoding="utf-8")
