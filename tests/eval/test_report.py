from pathlib import Path

import pytest

from eval.report import Report
from retrieval.files import read_json


def test_a_report_names_its_command_and_has_its_tables_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["/somewhere/eval/trial.py", "--part", "test"])
    report = Report("Trial", notice="Made up.")
    report.table("Shares", ("name", "mean"), [("a", 0.15)])
    report.line("That is all.")
    report.write(tmp_path / "new", "test")
    text = (tmp_path / "new" / "test.md").read_text(encoding="utf-8")
    assert text.startswith("# Trial\n\n`python -m eval.trial --part test`\n\nMade up.\n\n### Shares\n\n| name | mean |")
    assert "| a | 0.15 |\n\nThat is all.\n\n- machine: " in text
    assert read_json(tmp_path / "new" / "test.json")["tables"] == [
        {"title": "Shares", "columns": ["name", "mean"], "rows": [["a", "0.15"]]}
    ]
