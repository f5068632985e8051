import pytest
from pydantic import ValidationError

from finetune.examples_config import ExamplesConfig


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"folds": 1}, "greater than or equal to 2"),
        ({"retrievers": [{"kind": "text"}, {"kind": "text"}]}, "names one source twice"),
        ({"retrievers": [{"kind": "sequence", "trained": "var/trained"}]}, "knows the answers"),
        ({"popular": 0, "random": 0}, "there are no negatives"),
        ({"hits": 0}, "greater than 0"),
        ({"seed": -1}, "greater than or equal to 0"),
    ],
)
def test_what_cannot_be_is_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ExamplesConfig.model_validate(settings)
