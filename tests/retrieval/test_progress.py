import pytest
from rich.progress import Progress

from retrieval import progress as bars
from retrieval.progress import showing_progress, telling


def test_progress_is_shown_where_the_answer_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    with showing_progress() as progress:
        assert list(progress.track([1, 2], description="counting")) == [1, 2]
    out, err = capsys.readouterr()
    assert out == ""
    assert "counting" in err
    assert "2/2" in err


def test_a_log_gets_a_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    with showing_progress() as progress:
        on_step = telling(progress, "training")
        for done in (1, 2, 3):
            on_step(done, 3, "loss [0.5]")
        so_far = capsys.readouterr().err
    assert so_far == "training: 1 of 3, loss [0.5]\n"


def test_a_log_gets_every_line_of_slow_work(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bars, "_SECONDS", 0.0)
    with showing_progress() as progress:
        on_step = telling(progress, "training")
        for done in (1, 2):
            on_step(done, 2, "")
        assert len(capsys.readouterr().err.splitlines()) == 2


def test_a_bar_that_is_off_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    telling(Progress(disable=True), "training")(1, 2, "")
    assert capsys.readouterr() == ("", "")
