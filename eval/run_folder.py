"""Whose a run folder is: one configuration's, one code's, one data's, and one process's at a time."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from eval.code import changed
from eval.config import EvalConfig
from eval.examples import EXAMPLES
from eval.finished import RESULT, USERS
from eval.kept import KEPT
from eval.result import Result
from retrieval.alone import LOCK, alone
from retrieval.differences import differences
from retrieval.errors import BuildError
from retrieval.files import read_json, unreadable, write_json

PLAN: Final = "run.json"
REPORT: Final = "report.html"
RANKINGS: Final = "rankings"
INPUTS: Final = "inputs.json"
"""How the files that were read looked."""

_OURS: Final = frozenset({PLAN, RESULT, REPORT, USERS, RANKINGS, INPUTS, EXAMPLES, LOCK})
_MOST: Final = 3  # modules shown


def claim(folder: Path, plan: Mapping[str, object]) -> None:
    """Makes the folder this plan's own; raises BuildError where it is another's, or holds something else."""
    if (folder / PLAN).exists():
        found = _read_plan(folder)
        same({name: found.get(name) for name in plan}, plan, folder)
    elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BuildError(
            "this is no run folder",
            field="out",
            value=str(folder),
            remedy="Give another folder, or clear it.",
        )
    else:
        write_json(folder / PLAN, plan)


def bind(folder: Path, read: Mapping[str, str]) -> None:
    """Binds it to what is read too; raises BuildError where an earlier start read something else."""
    plan = _read_plan(folder)
    same({"read": plan.get("read", read)}, {"read": read}, folder)
    write_json(folder / PLAN, plan | {"read": read})


def _read_plan(folder: Path) -> dict[str, Any]:
    plan = read_json(folder / PLAN)
    if not isinstance(plan, dict):
        raise unreadable(folder / PLAN)
    return plan


def same(before: Mapping[str, object], now: Mapping[str, object], folder: Path) -> None:
    """Raises BuildError, naming what differs."""
    if different := differences(before, now):
        raise BuildError(
            f"this run folder is of another configuration, other data or other code: {different}",
            field="out",
            value=str(folder),
            remedy="Give another --out, or measure again with --overwrite.",
        )


def check_code(result: Result, folder: Path) -> None:
    """Raises BuildError for a result that is older than its code."""
    if stale := changed(result.code):
        raise BuildError(
            f"this run was made before {', '.join(stale[:_MOST])} changed",
            field="run",
            value=str(folder),
            remedy="Measure again with --overwrite.",
        )


def default_folder(config: EvalConfig) -> Path:
    """Where a benchmark's run goes."""
    return KEPT / "runs" / f"{config.benchmark}-{config.protocol.part}"


def clear(folder: Path) -> None:
    """Deletes a run folder; raises BuildError for one that no run wrote, holds anything else, or is being filled."""
    if not folder.exists():
        return
    if not (folder / PLAN).exists():
        raise BuildError(
            "this is no run folder", field="out", value=str(folder), remedy="Give another one, or clear it yourself."
        )
    for path in folder.iterdir():
        if path.name not in _OURS and not (path.name.startswith(".") and path.name.endswith(".part")):
            raise BuildError(
                f"this folder holds {path.name!r}, which no run wrote",
                field="out",
                value=str(folder),
                remedy="Move that away, or give another folder: --overwrite deletes only runs.",
            )
    with alone(folder):
        shutil.rmtree(folder)
