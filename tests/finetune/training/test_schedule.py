from collections.abc import Callable

import pytest

from finetune.training.config import TrainingConfig
from finetune.training.schedule import learning_rate

Configure = Callable[..., TrainingConfig]


def test_the_learning_rate_goes_up_in_a_line_and_down_in_half_a_cosine(configure: Configure) -> None:
    config = configure(learning_rate=1.0, warmup_steps=3)
    rates = [learning_rate(config, step, 100) for step in range(100)]
    assert rates[:4] == pytest.approx([0.25, 0.5, 0.75, 1.0], abs=0.01)
    assert rates[50] == pytest.approx(0.5)
    assert rates[99] < 0.001
    assert rates[4:] == sorted(rates[4:], reverse=True)
