import os
from pathlib import Path

import pytest

from eval.code import ROOT, changed, code_behind, digest, engines_not_asked, one_digest

CODE = 'def half(x):\n    """Halves."""\n    return x / 2\n'


@pytest.mark.parametrize(
    ("now", "same"),
    [
        ('"""A module."""\n' + CODE.replace("Halves", "Divides by two"), True),
        (CODE.replace("    return", "    # slowly\n\n    return"), True),
        (CODE.replace("x / 2", "(x / 2)"), True),
        (CODE.replace("2", "3"), False),
        (CODE.replace("half(x)", "half(x, y=1)"), False),
        (CODE.replace("x / 2", 'x / len("""Halves.""")'), False),
    ],
    ids=["docstrings", "comments", "layout", "a number", "a default", "a text that is used"],
)
def test_a_digest_sees_code_alone(tmp_path: Path, now: str, same: bool) -> None:
    before, after = tmp_path / "before.py", tmp_path / "after.py"
    before.write_text(CODE, encoding="utf-8")
    after.write_text(now, encoding="utf-8")
    assert (digest(before) == digest(after)) is same


def test_a_file_that_is_written_again_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "half.py"
    path.write_text(CODE, encoding="utf-8")
    before = digest(path)
    path.write_text(CODE.replace("2", "3"), encoding="utf-8")
    os.utime(path, ns=(1, 1))
    assert digest(path) != before


def test_the_code_behind_a_module_is_all_that_it_reaches() -> None:
    code = code_behind("eval/systems.py")
    assert code["eval/systems.py"] == digest(ROOT / "eval" / "systems.py")
    assert {"eval/__init__.py", "eval/fitted.py", "retrieval/log.py"} <= code.keys(), (
        "packages, and what imports import"
    )
    assert "retrieval/retrievers/lenskit.py" in code, "what is imported only where it is needed"
    assert not {"retrieval/build.py", "eval/pages/page.py", "llm_rerank/cli/app.py"} & code.keys()


def test_what_is_left_out_is_not_followed() -> None:
    code = code_behind("eval/run.py", without={"eval/pages/page.py"})
    assert "eval/pages/page.py" not in code
    assert "eval/pages/plots.py" not in code


def test_what_is_another_or_gone_has_changed() -> None:
    code = {"eval/code.py": digest(ROOT / "eval" / "code.py"), "eval/answers.py": "0" * 16, "eval/gone.py": "0" * 16}
    assert changed(code) == ["eval/answers.py", "eval/gone.py"]


def test_one_digest_for_all_knows_names_and_contents() -> None:
    codes = [{"a": "1", "b": "2"}, {"b": "2", "a": "1"}, {"a": "2", "b": "1"}, {"a": "1", "c": "2"}]
    assert len({one_digest(code) for code in codes}) == 3


def test_figures_do_not_depend_on_engines_that_nobody_asked() -> None:
    others = engines_not_asked("transformers")
    assert {path for path in others if (ROOT / path).exists()} == others
    code = code_behind("eval/llm_scores.py", without=others)
    assert "llm_rerank/engines/transformers.py" in code
    assert "llm_rerank/engines/servers.py" not in code
