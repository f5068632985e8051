import pytest
from pydantic import ValidationError

from llm_rerank.config import EngineConfig


def test_an_engine_has_what_its_kind_has() -> None:
    assert EngineConfig(device="cuda:1").kind == "transformers"
    assert EngineConfig(kind="vllm", arguments={"tensor_parallel_size": 2}).arguments == {"tensor_parallel_size": 2}
    assert EngineConfig(kind="remote", servers=("http://gpu-1:8000",)).servers == ("http://gpu-1:8000",)


@pytest.mark.parametrize(
    ("settings", "because"),
    [
        ({"kind": "vllm", "device": "cpu"}, "device: transformers alone has it"),
        ({"arguments": {"max_model_len": 1}}, "arguments: vllm alone has it"),
        ({"kind": "vllm", "servers": ["http://gpu-1:8000"]}, "servers: remote alone has it"),
        ({"kind": "remote"}, "servers: a remote engine needs one"),
        ({"kind": "tpu"}, "kind"),
    ],
)
def test_and_nothing_that_another_one_has(settings: dict[str, object], because: str) -> None:
    with pytest.raises(ValidationError, match=because):
        EngineConfig.model_validate(settings)
