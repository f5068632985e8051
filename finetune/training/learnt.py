"""What a training learns, however processes hold it: each a copy, or a part as FSDP parts it."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from accelerate import Accelerator
from peft import get_peft_model_state_dict, set_peft_model_state_dict
from torch import Tensor
from torch.nn import Parameter
from torch.optim import Optimizer

from finetune.training.checkpoint import Weights
from finetune.training.scorer import Adapted
from finetune.training.whole import load_optimizer, parted, whole


class Learnt:
    """An adapter's weights and what an optimizer keeps of them: whole for a checkpoint, parted for the processes.

    All processes call the same methods at the same time.
    """

    def __init__(self, accelerator: Accelerator, adapted: Adapted, optimizer: Optimizer, *, clip: float) -> None:
        """`clip` is the largest norm of a gradient."""
        self._accelerator, self._adapted, self._clip = accelerator, adapted, clip
        self.model, self.optimizer = accelerator.prepare(adapted, optimizer)

    def weights(self) -> Weights:
        """By their names in an adapter's file."""
        found: Weights = whole(held_weights(self._adapted))
        return found

    def kept(self) -> dict[str, Any]:
        """What the optimizer keeps, as the state of one of torch's."""
        state: dict[str, Any] = whole(self.optimizer.state_dict())
        return state

    def take(self, weights: Weights, kept: Mapping[str, Any], *, nothing: Callable[[], Tensor]) -> None:
        """Goes on from there. `nothing` is a loss of zero of a pass through the model, for those who need one."""
        held = held_weights(self._adapted)
        parts = {name: parted(value, held[name]) for name, value in weights.items()}
        set_peft_model_state_dict(self._adapted.model, parts)
        load_optimizer(self.optimizer, kept)

    def pass_through(self, *, last: bool) -> AbstractContextManager[None]:
        """What a pass and its `backward` stand in; after the last one of a step processes exchange gradients."""
        return nullcontext() if last else self._accelerator.no_sync(self.model)

    def backward(self, loss: Tensor, *, last: bool) -> None:
        """Adds the gradients of a pass."""
        self._accelerator.backward(loss)

    def step(self) -> float:
        """Changes the weights by what was added, whose norm it returns, and forgets it."""
        norm = float(whole(self._accelerator.clip_grad_norm_(trained(self._adapted), self._clip)))
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return norm


def trained(adapted: Adapted) -> list[Parameter]:
    """What learns, as this process holds it, in the optimizer's order."""
    return [weights for weights in adapted.parameters() if weights.requires_grad]


def held_weights(adapted: Adapted) -> Weights:
    """The adapter's weights as this process holds them, by their names in an adapter's file."""
    held: Weights = get_peft_model_state_dict(adapted.model, save_embedding_layers=False)
    return held
