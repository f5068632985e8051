from pathlib import Path

import pytest
from PIL import Image

from finetune.training.checkpoint import Checkpoint
from finetune.training.picture import smoothed, write_picture


@pytest.mark.parametrize("validations", [[], [(10, 0.4, 2.0), (20, 0.5, 1.5)]])
def test_a_picture_is_as_high_as_there_is_to_show(tmp_path: Path, validations: list[tuple[int, float, float]]) -> None:
    losses = [2.0 - step / 20 for step in range(20)]
    state = Checkpoint(plan="plan", weights={}, optimizer={}, best={}, losses=losses, validations=validations)
    write_picture(tmp_path / "curve.png", state, "NDCG@10", losses)
    with Image.open(tmp_path / "curve.png") as picture:
        assert picture.size == (960, 600 if validations else 312)


def test_smoothed_is_the_mean_of_the_newest_twentieth() -> None:
    found = smoothed([1.0, 3.0, *[5.0] * 38])
    assert len(found) == 40
    assert found[:4].tolist() == [1.0, 2.0, 4.0, 5.0]


def test_few_values_are_left_as_they_are() -> None:
    assert smoothed([1.0, 3.0]).tolist() == [1.0, 3.0]
