import pytest

from retrieval.progress import showing_progress


def test_progress_is_shown_where_the_answer_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    with showing_progress() as progress:
        assert list(progress.track([1, 2], description="counting")) == [1, 2]
    out, err = capsys.readouterr()
    assert out == ""
    assert "counting" in err
    assert "2/2" in err
