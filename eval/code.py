"""Which code made a result: a result is older than its code when a line that does something has changed since."""

import ast
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from hashlib import sha256
from itertools import accumulate
from pathlib import Path
from typing import Final, get_args

from llm_rerank.engines.base import Kind

ROOT: Final = Path(__file__).parents[1]
NO_FIGURES: Final = frozenset({"eval/config.py", "eval/result.py", "eval/code.py", "eval/environment.py"})
"""What figures do not depend on: settings are compared by themselves, and the others tell of the run."""

_PACKAGES: Final = ("retrieval", "llm_rerank", "eval")


def code_behind(*roots: str, without: Collection[str] = ()) -> dict[str, str]:
    """The digest of each module of ours that these reach by imports, at the top or later; by path from the root.

    `without` are modules that are neither counted nor followed.
    """
    found: dict[str, str] = {}
    waiting = list(roots)
    while waiting:
        path = waiting.pop()
        if path not in found and path not in without:
            found[path] = digest(ROOT / path)
            waiting += _imported(ROOT / path)
    return dict(sorted(found.items()))


def engines_not_asked(*asked: Kind) -> frozenset[str]:
    """The modules of all kinds but these; a kind's is named after it."""
    return frozenset(f"llm_rerank/engines/{kind}.py" for kind in get_args(Kind) if kind not in asked)


def one_digest(code: Mapping[str, str]) -> str:
    """Changes with any of these modules."""
    return sha256(repr(sorted(code.items())).encode()).hexdigest()[:16]


def digest(path: Path) -> str:
    """Changes with what the module does, not with its comments, docstrings or layout."""
    return _read(path)[0]


def changed(code: Mapping[str, str]) -> list[str]:
    """The modules that are no longer what they were, or no longer there."""
    return [path for path in code if not (ROOT / path).exists() or digest(ROOT / path) != code[path]]


def _imported(path: Path) -> tuple[str, ...]:
    return _read(path)[1]


def _read(path: Path) -> tuple[str, tuple[str, ...]]:
    """The digest of a module, and what it imports of ours."""
    written = path.stat()
    return _parsed(path, written.st_mtime_ns, written.st_size)


@cache  # parsing all of ours takes half a second
def _parsed(path: Path, written: int, size: int) -> tuple[str, tuple[str, ...]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = dict.fromkeys(path for name in _names(tree) for path in _paths(name))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [line for line in body if not _says_nothing(line)] or [ast.Pass()]  # type: ignore[attr-defined]
    return sha256(ast.dump(tree).encode()).hexdigest()[:16], tuple(imported)


def _names(tree: ast.Module) -> Iterator[str]:
    """Every dotted name that is imported; the last part of one may be no module. Ours has no relative imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def _paths(name: str) -> Iterator[str]:
    """The files of ours that importing a dotted name runs: each package on the way, and the module."""
    if name.split(".", 1)[0] in _PACKAGES:
        for place in accumulate(name.split("."), "{}/{}".format):
            yield from (path for path in (f"{place}.py", f"{place}/__init__.py") if (ROOT / path).exists())


def _says_nothing(line: ast.stmt) -> bool:
    return isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant) and isinstance(line.value.value, str)
