from pathlib import Path

from eval.kept import Kept


def test_rows_are_there_after_a_restart(tmp_path: Path) -> None:
    Kept("job", "eval/reasons/answers.py", folder=tmp_path).keep("anna", {"score": 1})
    kept = Kept("job", "eval/reasons/answers.py", folder=tmp_path)
    assert "anna" in kept
    assert kept["anna"] == {"score": 1}
    assert "ben" not in kept


def test_a_line_that_was_cut_off_spoils_no_other(tmp_path: Path) -> None:
    Kept("job", "eval/reasons/answers.py", folder=tmp_path).keep("anna", 1)
    with (tmp_path / "job.jsonl").open("a", encoding="utf-8") as file:
        file.write('\n["ben", ')
    Kept("job", "eval/reasons/answers.py", folder=tmp_path).keep("chloe", 3)
    kept = Kept("job", "eval/reasons/answers.py", folder=tmp_path)
    assert [kept[user] for user in ("anna", "chloe")] == [1, 3]
    assert "ben" not in kept
