"""The rules of the house that no linter keeps."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("retrieval", "llm_rerank", "finetune", "eval")
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
PYDANTIC = {"pydantic", "annotated_types", "pydantic_core", "typing_extensions", "typing_inspection"}
HTTPX2 = {"httpx2", "anyio", "backports", "idna"}
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


@pytest.mark.parametrize(("package", "needs"), [("wire", PYDANTIC), ("client", PYDANTIC | HTTPX2)])
def test_a_caller_installs_little(package: str, needs: set[str]) -> None:
    names = [f"llm_rerank.{package}.{path.stem}" for path in (ROOT / "llm_rerank" / package).glob("[a-z]*.py")]
    code = f"import sys; before = set(sys.modules); import {', '.join(names)}; print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    roots = {name.partition(".")[0] for name in done.stdout.split() if not name.startswith("_")}
    assert roots - sys.stdlib_module_names <= {"llm_rerank", "retrieval"} | needs


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_files_and_functions_are_seen_whole(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 400
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    assert [f.name for f in functions if (f.end_lineno or 0) - f.lineno >= 60] == []
