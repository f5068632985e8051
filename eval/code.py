"""Which code made a result: a result is older than its code when a line that does something has changed since."""

import ast
import sys
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parents[1]
_PACKAGES = ("retrieval", "llm_rerank", "eval")


def whole_code() -> dict[str, str]:
    """The digest of every module that could take part, by its path from the root."""
    paths = (path for package in _PACKAGES for path in sorted((ROOT / package).rglob("*.py")))
    return {path.relative_to(ROOT).as_posix(): digest(path) for path in paths}


def one_digest(code: Mapping[str, str]) -> str:
    """Changes with any of these modules."""
    return sha256(repr(sorted(code.items())).encode()).hexdigest()[:16]


def modules_in_use() -> set[str]:
    """The paths of the modules of ours that are imported."""
    files = (getattr(sys.modules[name], "__file__", None) for name in sorted(sys.modules) if _is_ours(name))
    return {Path(file).relative_to(ROOT).as_posix() for file in files if file}


def digest(path: Path) -> str:
    """Changes with what the module does, not with its comments, docstrings or layout."""
    written = path.stat()
    return _digest(path, written.st_mtime_ns, written.st_size)


@cache  # parsing all of ours takes half a second
def _digest(path: Path, written: int, size: int) -> str:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [line for line in body if not _says_nothing(line)] or [ast.Pass()]  # type: ignore[attr-defined]
    return sha256(ast.dump(tree).encode()).hexdigest()[:16]


def changed(code: Mapping[str, str]) -> list[str]:
    """The modules that are no longer what they were, or no longer there."""
    return [path for path in code if not (ROOT / path).exists() or digest(ROOT / path) != code[path]]


def _is_ours(name: str) -> bool:
    return name.split(".", 1)[0] in _PACKAGES


def _says_nothing(line: ast.stmt) -> bool:
    return isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant) and isinstance(line.value.value, str)
