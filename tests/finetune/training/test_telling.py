import pytest
from rich.progress import Progress

from finetune.training import telling
from finetune.training.telling import telling_of_training
from retrieval.progress import showing_progress


def lines(capsys: pytest.CaptureFixture[str], steps: int) -> list[str]:
    """What is said before the bar is drawn, when all is over."""
    with showing_progress() as progress:
        on_step = telling_of_training(progress)
        for done in range(1, steps + 1):
            on_step(done, steps, "loss [0.5]")
        return capsys.readouterr().err.splitlines()


def test_a_log_gets_the_first_line_and_the_last_of_quick_work(capsys: pytest.CaptureFixture[str]) -> None:
    assert lines(capsys, 4) == ["training: 1 of 4, loss [0.5]", "training: 4 of 4, loss [0.5]"]


def test_a_log_gets_more_of_slow_work(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "_SECONDS", 0.0)
    assert len(lines(capsys, 4)) == 4


def test_a_bar_that_is_off_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    telling_of_training(Progress(disable=True))(1, 1, "")
    assert capsys.readouterr() == ("", "")
