"""A report: tables as Markdown and as JSON, with what a reader needs to make them again."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eval.environment import device, today, versions
from eval.promise import PROMISES, Promise, as_json


class Report:
    """Collects tables and lines, and writes them once."""

    def __init__(self, title: str, *, notice: str = "") -> None:
        self._title = title
        self._blocks: list[str] = [notice] if notice else []
        self._tables: list[dict[str, Any]] = []
        self._promises: list[Promise] = []

    def line(self, text: str) -> None:
        """One paragraph."""
        self._blocks.append(text)

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """One table; cells are written as str says them."""
        texts = [[str(cell) for cell in row] for row in rows]
        lines = [columns, ["---"] * len(columns), *texts]
        self._blocks.append(f"### {title}\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines))
        self._tables.append({"title": title, "columns": list(columns), "rows": texts})

    def promise(self, promises: Sequence[Promise]) -> None:
        """What was promised of it, as a table; eval.results has a line for each."""
        self._promises += promises
        self.table("Promises", ("promise", "wanted", "measured", "verdict"), [promise.row for promise in promises])

    def write(self, folder: Path, name: str) -> None:
        """Writes `name`.md and `name`.json into `folder`, and prints the first."""
        command = "python -m " + " ".join([Path(sys.argv[0]).parent.name + "." + Path(sys.argv[0]).stem, *sys.argv[1:]])
        versions_in_use = ", ".join(f"{package} {number}" for package, number in versions().items())
        machine = {"machine": device(), "versions": versions_in_use, "date": today()}
        about = "\n".join(f"- {key}: {value}" for key, value in machine.items())
        text = "\n\n".join([f"# {self._title}", f"`{command}`", *self._blocks, about]) + "\n"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
        data = {"title": self._title, "command": command, "machine": machine, "tables": self._tables}
        if self._promises:
            data[PROMISES] = as_json(self._promises, command, device())
        (folder / f"{name}.json").write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
        print(text)
