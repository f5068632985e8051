from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from accelerate.utils import DistributedType
from rich.progress import Progress

from finetune.training import quantized
from finetune.training.config import TrainingConfig
from finetune.training.job import train
from finetune.training.quantized import require_quantizable
from retrieval.errors import MissingExtraError, TrainingError

Configure = Callable[..., TrainingConfig]


def on_gpu(kind: DistributedType = DistributedType.NO) -> SimpleNamespace:
    """An accelerator that says that it has one."""
    return SimpleNamespace(device=torch.device("cuda"), distributed_type=kind)


def test_on_a_cpu_a_base_in_four_bits_is_refused(configure: Configure, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"quantized_base='nf4': .* needs CUDA\. Leave it out"):
        train(configure(quantized_base="nf4"), tmp_path / "training", Progress(disable=True))
    assert not (tmp_path / "training").exists()


def test_without_its_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quantized, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"llm-rerank\[qlora\]"):
        require_quantizable(on_gpu())


@pytest.mark.parametrize("kind", [DistributedType.FSDP, DistributedType.DEEPSPEED])
def test_a_base_in_four_bits_is_not_parted(kind: DistributedType) -> None:
    with pytest.raises(TrainingError, match=rf"{kind.name} .*ddp\.yaml"):
        require_quantizable(on_gpu(kind))
