"""The rules of the house that no linter keeps."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("retrieval", "llm_rerank", "finetune", "eval")
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
WIRE = sorted((ROOT / "llm_rerank" / "wire").glob("[a-z]*.py"))
BY_PYDANTIC = ("annotated_types", "pydantic_core", "typing_extensions", "typing_inspection")
HEAVY = ("torch", "vllm", "faiss", "ray", "transformers", "lenskit", "lightgbm", "scipy", "matplotlib")


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_nothing_heavy(package: str) -> None:
    code = f"import sys, {package}; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_the_command_line_opens_without_anything_heavy() -> None:
    code = f"import sys, llm_rerank.cli.app; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_what_goes_over_the_wire_needs_pydantic_and_nothing_else() -> None:
    names = [f"llm_rerank.wire.{path.stem}" for path in WIRE]
    code = f"import sys; before = set(sys.modules); import {', '.join(names)}; print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    roots = {name.partition(".")[0] for name in done.stdout.split() if not name.startswith("_")}
    assert roots - sys.stdlib_module_names == {"llm_rerank", "retrieval", "pydantic", *BY_PYDANTIC}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_files_and_functions_are_seen_whole(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 400
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    assert [f.name for f in functions if (f.end_lineno or 0) - f.lineno >= 60] == []
