import pytest
from pydantic import ValidationError

from finetune.quantization.config import QuantizationConfig

EXAMPLES = {"examples": "examples"}


@pytest.mark.parametrize(
    ("scheme", "message"),
    [
        ({"kind": "w2a2"}, "'w8a8', 'w4a16', 'fp8'"),
        ({"kind": "w8a8"}, "scheme.w8a8.calibration\n  Field required"),
        ({"kind": "w8a8", "smoothing": 2, "calibration": EXAMPLES}, "less than or equal to 1"),
        ({"kind": "w8a8", "group_size": 64, "calibration": EXAMPLES}, "Extra inputs"),
        ({"kind": "w4a16", "calibration": {**EXAMPLES, "prompts": 0}}, "greater than 0"),
        ({"kind": "fp8", "calibration": EXAMPLES}, "Extra inputs"),  # it would not be read
    ],
)
def test_what_cannot_be_is_refused(scheme: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        QuantizationConfig.model_validate({"model": "merged", "scheme": scheme})
