"""What an interrupted training goes on from."""

import pickle
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor

from retrieval.errors import TrainingError
from retrieval.files import write_whole

Weights = dict[str, Tensor]

_DAMAGES = (EOFError, LookupError, RuntimeError, TypeError, ValueError, pickle.UnpicklingError)


@dataclass(kw_only=True, slots=True)
class Checkpoint:
    """The state after a step. `plan` names what is trained on what."""

    plan: str
    weights: Weights
    """The adapter's."""

    optimizer: dict[str, Any]
    best: Weights
    """The adapter's, at the best validation; the newest where nothing is validated."""

    losses: list[float] = field(default_factory=list)
    """Mean loss of a list, step by step."""

    validations: list[tuple[int, float, float]] = field(default_factory=list)
    """After how many steps, how good (0 to 1), loss."""

    seconds: float = 0.0
    """Of all steps and validations."""

    done: bool = False

    @classmethod
    def read(cls, path: Path, plan: str) -> Self | None:
        """The checkpoint, None where there is none; raises TrainingError for one that is damaged or of another plan."""
        if not path.exists():
            return None
        try:
            state = cls(**torch.load(path, map_location="cpu", weights_only=True))
        except OSError as err:
            raise TrainingError(
                f"the checkpoint cannot be read ({err})",
                field="checkpoint",
                value=str(path),
                remedy="Mend that and run the same again.",
            ) from err
        except _DAMAGES as err:
            raise TrainingError(
                f"the checkpoint is cut short or damaged ({err})",
                field="checkpoint",
                value=str(path),
                remedy="Where memory is short, free some and run the same again; else move it away to train anew.",
            ) from err
        if state.plan != plan:
            raise TrainingError(
                "this checkpoint is of another training: other examples, settings, model or seed",
                field="checkpoint",
                value=str(path),
                remedy="Give another folder, or delete the checkpoint to train anew.",
            )
        return state

    def write(self, path: Path) -> None:
        """Replaces the file, whole; raises TrainingError, the old one untouched, where that fails."""
        state = {each.name: getattr(self, each.name) for each in fields(self)}  # asdict would copy every tensor
        try:
            write_whole(path, lambda part: torch.save(state, part))
        except (OSError, RuntimeError) as err:  # torch reports a full disk as a RuntimeError
            raise TrainingError(
                f"the checkpoint cannot be written ({err}); the one before it is whole",
                field="checkpoint",
                value=str(path),
                remedy="Make room on the disk and run the same again: it goes on from there.",
            ) from err

    @property
    def best_step(self) -> int:
        """After how many steps the best weights were had."""
        return max(self.validations, key=lambda v: v[1])[0] if self.validations else len(self.losses)
