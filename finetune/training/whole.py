"""Tensors of which every process holds a part, as FSDP has them: put together, and parted again.

A checkpoint holds whole tensors, so that it can be gone on from with another number of processes, sharded or not.
"""

from collections.abc import Mapping
from typing import Any

from torch import Tensor
from torch.distributed.tensor import DTensor, distribute_tensor
from torch.optim import Optimizer


def whole(held: Any) -> Any:
    """The same with every tensor in it whole and on the CPU. Where they are parted, all processes must ask for it."""
    if isinstance(held, Mapping):
        return {name: whole(value) for name, value in held.items()}
    if isinstance(held, list):
        return [whole(value) for value in held]
    if isinstance(held, DTensor):
        held = held.full_tensor()
    return held.detach().to("cpu", copy=True) if isinstance(held, Tensor) else held


def parted(tensor: Tensor, like: Tensor) -> Tensor:
    """This process's part of a whole tensor that all have, where `like` is parted."""
    if not isinstance(like, DTensor):
        return tensor
    # Without a source: nothing is sent, each takes its part of what it has.
    return distribute_tensor(tensor.to(like.device), like.device_mesh, like.placements, src_data_rank=None)


def load_optimizer(optimizer: Optimizer, state: Mapping[str, Any]) -> None:
    """Takes up a state of whole tensors: what is kept of a weight is parted as the weight is."""
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    kept = {
        number: {
            name: parted(value, weights[number]) if getattr(value, "shape", None) == weights[number].shape else value
            for name, value in of_weight.items()
        }
        for number, of_weight in state["state"].items()
    }
    optimizer.load_state_dict({**state, "state": kept})
