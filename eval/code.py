"""Which code made a result: a result is older than its code when a line that does something has changed since."""

import ast
import sys
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parents[1]
_PACKAGES = ("retrieval", "llm_rerank", "eval")


def code_in_use() -> dict[str, str]:
    """The digest of every module of ours that is imported, by its path from the root."""
    files = (getattr(sys.modules[name], "__file__", None) for name in sorted(sys.modules) if _is_ours(name))
    paths = sorted({Path(file).relative_to(ROOT).as_posix() for file in files if file})
    return {path: digest(ROOT / path) for path in paths}


def whole_code() -> str:
    """Changes with any module that could take part: what a run that is not finished yet is made by."""
    paths = (path for package in _PACKAGES for path in sorted((ROOT / package).rglob("*.py")))
    return sha256("".join(digest(path) for path in paths).encode()).hexdigest()[:16]


def digest(path: Path) -> str:
    """Changes with what the module does, not with its comments, docstrings or layout."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [line for line in body if not _says_nothing(line)] or [ast.Pass()]  # type: ignore[attr-defined]
    return sha256(ast.dump(tree).encode()).hexdigest()[:16]


def changed(code: dict[str, str]) -> list[str]:
    """The modules that are no longer what they were, or no longer there."""
    return [path for path in code if not (ROOT / path).exists() or digest(ROOT / path) != code[path]]


def _is_ours(name: str) -> bool:
    return name.split(".", 1)[0] in _PACKAGES


def _says_nothing(line: ast.stmt) -> bool:
    return isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant) and isinstance(line.value.value, str)
