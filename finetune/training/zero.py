"""DeepSpeed's ZeRO (Rajbhandari et al. 2020): optimizer states and gradients in parts (2), the weights too (3).

It keeps flat parts of its own making and shows tensors whole, so that a checkpoint is everybody's: one process or FSDP
goes on from it, too.
"""

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any, Final

import torch
from accelerate import Accelerator, DeepSpeedPlugin
from peft import get_peft_model_state_dict
from torch import Tensor
from torch.optim import Optimizer

from finetune.training.checkpoint import Weights
from finetune.training.learnt import Learnt, trained
from finetune.training.scorer import Adapted
from finetune.training.whole import whole
from retrieval.errors import MissingExtraError, TrainingError

_MOMENTS: Final = ("exp_avg", "exp_avg_sq")
"""What AdamW keeps of each weight."""


def zero() -> DeepSpeedPlugin:
    """ZeRO in the stage that the launcher says. Batches, clipping and precision are this training's own.

    Every process reads the base for itself, since it is checked (can it be packed?) before it is parted.
    Raises MissingExtraError without DeepSpeed, TrainingError without a GPU.
    """
    if find_spec("deepspeed") is None:
        raise MissingExtraError(
            "DeepSpeed was asked for and is not installed",
            field="distributed_type",
            value="DEEPSPEED",
            remedy="Run pip install 'llm-rerank[deepspeed]', or use configs/accelerate/fsdp2.yaml.",
        )
    if not torch.cuda.is_available() and not torch.distributed.is_initialized():
        raise TrainingError(
            "DeepSpeed was asked for, and torch sees no GPU",
            field="distributed_type",
            value="DEEPSPEED",
            remedy="Without GPUs: ACCELERATE_USE_CPU=true torchrun --nproc_per_node 2 -m finetune.train.",
        )
    return DeepSpeedPlugin(gradient_accumulation_steps=1, zero3_init_flag=False)


class ZeroLearnt(Learnt):
    """See Learnt. DeepSpeed's optimizer moves with the last backward of a step."""

    def __init__(self, accelerator: Accelerator, adapted: Adapted, optimizer: Optimizer, *, clip: float) -> None:
        """See Learnt."""
        self._groups: list[dict[str, Any]] = optimizer.state_dict()["param_groups"]
        accelerator.deepspeed_plugin.deepspeed_config |= {
            "train_micro_batch_size_per_gpu": 1,  # nobody asks: passes differ in size
            "gradient_clipping": clip,
            # Sums in bfloat16 would lose what many passes and processes add.
            "data_types": {"grad_accum_dtype": "fp32"},
            "communication_data_type": "fp32",
        }
        super().__init__(accelerator, adapted, optimizer, clip=clip)

    def weights(self) -> Weights:
        """See Learnt; those that the optimizer moves, in float32."""
        from deepspeed.utils import safe_get_full_fp32_param

        return {name: whole(safe_get_full_fp32_param(weight)) for name, weight in self._named().items()}

    def kept(self) -> dict[str, Any]:
        """See Learnt."""
        from deepspeed.utils import safe_get_full_optimizer_state

        state = {}
        if counted := self._steps():
            for number, weight in enumerate(trained(self._adapted)):
                moments = {key: whole(safe_get_full_optimizer_state(weight, key)) for key in _MOMENTS}
                state[number] = {"step": whole(counted[0]), **moments}
        return {"state": state, "param_groups": self._groups}

    def take(self, weights: Weights, kept: Mapping[str, Any], *, nothing: Callable[[], Tensor]) -> None:
        """See Learnt."""
        from deepspeed.runtime.zero import GatheredParameters
        from deepspeed.utils import safe_set_full_fp32_param, safe_set_full_optimizer_state

        device = self._accelerator.device
        if kept["state"]:
            self._move_by(nothing)
            for number, weight in enumerate(trained(self._adapted)):
                for key in _MOMENTS:
                    safe_set_full_optimizer_state(weight, kept["state"][number][key].to(device), key)
            for step in self._steps():
                step.fill_(kept["state"][0]["step"])
        for name, weight in self._named().items():
            value = weights[name].to(device)
            safe_set_full_fp32_param(weight, value)
            with torch.no_grad(), GatheredParameters([weight], modifier_rank=0):
                weight.copy_(value)

    def backward(self, loss: Tensor, *, last: bool) -> None:
        """See Learnt."""
        self._accelerator.deepspeed_engine_wrapped.backward(loss, sync_gradients=last)

    def step(self) -> float:
        """See Learnt; the last `backward` has changed the weights."""
        return float(self._accelerator.deepspeed_engine_wrapped.get_global_grad_norm())

    def _move_by(self, nothing: Callable[[], Tensor]) -> None:
        """A step that moves nothing: before the first one DeepSpeed has no state that could be set."""
        for group in self.optimizer.param_groups:
            group["lr"] = 0.0
        self.backward(nothing(), last=True)

    def _steps(self) -> list[Tensor]:
        """How many steps the optimizer has counted, in each of this process's parts; nothing before the first one."""
        return [part["step"] for part in self.optimizer.state.values()]

    def _named(self) -> dict[str, torch.nn.Parameter]:
        """By their names in an adapter's file."""
        peft = self._adapted.model
        named: dict[str, torch.nn.Parameter] = get_peft_model_state_dict(
            peft, state_dict=dict(peft.named_parameters()), save_embedding_layers=False
        )
        return named
