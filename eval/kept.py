"""Results that outlive an interruption: one JSON line each, kept outside what is committed."""

import json
from collections.abc import Collection
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from eval.code import code_behind, one_digest

KEPT: Final = Path("var/eval")
"""Where runs go by default, and what they share."""


class Kept:
    """Rows of one job, by whatever names what they answer. Other settings, data or code behind are another job.

    Settings tell a model by its name alone: put its weights into `extra`, or give a retrained one another name.
    """

    def __init__(
        self,
        job: str,
        module: str,
        *settings: BaseModel,
        extra: str = "",
        folder: Path = KEPT,
        without: Collection[str] = (),
    ) -> None:
        """`module` is the path, from the root, of what makes the rows; `without` are those that have no part in it."""
        code = one_digest(code_behind(module, without=without))
        made_by = sha256("".join([extra, code, *(s.model_dump_json() for s in settings)]).encode())
        self._path = folder / f"{job}-{made_by.hexdigest()[:16]}.jsonl"
        self._rows: dict[str, Any] = dict(self._read())

    def __contains__(self, key: object) -> bool:
        return key in self._rows

    def __getitem__(self, key: str) -> Any:
        return self._rows[key]

    def keep(self, key: str, row: Any) -> None:
        """Keeps a row at once."""
        self._rows[key] = row
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write("\n" + json.dumps([key, row]))  # the line break first: it ends a line that was cut off

    def _read(self) -> list[tuple[str, Any]]:
        if not self._path.exists():
            return []
        rows = []
        for line in self._path.read_text(encoding="utf-8").splitlines():
            try:
                key, row = json.loads(line)
            except ValueError:  # empty, or the writer was killed within it
                continue
            rows.append((key, row))
        return rows
