import pytest
from pydantic import ValidationError

from retrieval.retrievers.sequence.config import EncoderConfig


def test_heads_share_the_dimension_evenly() -> None:
    with pytest.raises(ValidationError, match="not a multiple of heads"):
        EncoderConfig(dimension=10, heads=4)
