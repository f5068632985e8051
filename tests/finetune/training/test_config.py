from collections.abc import Callable

import pytest
from pydantic import ValidationError

from finetune.training.config import TrainingConfig

Configure = Callable[..., TrainingConfig]


@pytest.mark.parametrize(
    ("others", "message"),
    [
        ({"loss": "distillation"}, "loss: distillation needs a teacher's scores.* take softmax or lambdarank"),
        ({"negatives": {"hits": 20, "random": 5}}, "negatives: 26 and their target .* 26 letters; ask for fewer"),
    ],
)
def test_what_has_no_letters_is_refused(configure: Configure, others: dict[str, object], message: str) -> None:
    configure(method="packed", **others)
    with pytest.raises(ValidationError, match=message):
        configure(method="letters", **others)


def test_every_letter_may_be_used(configure: Configure) -> None:
    assert configure(method="letters", negatives={"hits": 20, "popular": 0, "random": 5}).negatives.count == 25
