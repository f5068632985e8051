from pathlib import Path

import pytest

from eval.run_folder import PLAN, bind, claim, clear
from retrieval.alone import alone
from retrieval.errors import BuildError

MINE = {"config": {"depth": 100}, "code": "aa"}


def test_a_folder_that_is_new_or_empty_is_taken(tmp_path: Path) -> None:
    claim(tmp_path / "new", MINE)
    claim(tmp_path / "new", MINE)
    assert (tmp_path / "new" / PLAN).exists()


@pytest.mark.parametrize("theirs", [{"config": {"depth": 10}, "code": "aa"}, {"config": {"depth": 100}, "code": "bb"}])
def test_anothers_folder_is_refused(tmp_path: Path, theirs: dict[str, object]) -> None:
    claim(tmp_path, theirs)
    with pytest.raises(BuildError, match=r"configuration, other data or other code: (config\.depth|code) was"):
        claim(tmp_path, MINE)


def test_a_folder_that_is_no_run(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    for folder in (tmp_path, tmp_path / "thesis.tex"):
        with pytest.raises(BuildError, match="this is no run folder"):
            claim(folder, MINE)


@pytest.mark.parametrize("text", ["[]", "{", ""])
def test_a_damaged_plan(tmp_path: Path, text: str) -> None:
    (tmp_path / PLAN).write_text(text, encoding="utf-8")
    with pytest.raises(BuildError, match="damaged"):
        claim(tmp_path, MINE)


def test_what_was_read_must_stay(tmp_path: Path) -> None:
    claim(tmp_path, MINE)
    bind(tmp_path, {"data": "aa"})
    bind(tmp_path, {"data": "aa"})
    claim(tmp_path, MINE)
    with pytest.raises(BuildError, match=r"read\.data was 'aa' and is now 'bb'"):
        bind(tmp_path, {"data": "bb"})


def test_overwrite_deletes_a_run(tmp_path: Path) -> None:
    claim(tmp_path / "run", MINE)
    clear(tmp_path / "run")
    clear(tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_overwrite_deletes_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(BuildError, match="no run folder"):
        clear(tmp_path)
    (tmp_path / PLAN).touch()
    with pytest.raises(BuildError, match=r"holds 'thesis\.tex', which no run wrote"):
        clear(tmp_path)
    assert (tmp_path / "thesis.tex").exists()


def test_one_process_at_a_time(tmp_path: Path) -> None:
    claim(tmp_path, MINE)
    with alone(tmp_path), pytest.raises(BuildError, match="another process"):
        clear(tmp_path)
    with alone(tmp_path):
        pass
