"""What an interrupted training goes on from."""

import pickle
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

import torch

from retrieval.errors import BuildError
from retrieval.files import unreadable, write_whole
from retrieval.retrievers.sequence.encoder import Weights

_DAMAGES = (OSError, EOFError, LookupError, RuntimeError, TypeError, ValueError, pickle.UnpicklingError)


@dataclass(kw_only=True, slots=True)
class Checkpoint:
    """The state after an epoch. `plan` names what is trained on what."""

    plan: str
    weights: Weights
    optimizer: dict[str, Any]
    best: Weights
    losses: list[float] = field(default_factory=list)
    """Mean training loss, epoch by epoch."""

    validation: list[float] = field(default_factory=list)
    """NDCG@10, epoch by epoch; empty where nothing is held out."""

    seconds: list[float] = field(default_factory=list)
    """Of each epoch, its validation included."""

    done: bool = False

    @classmethod
    def read(cls, path: Path, plan: str) -> Self | None:
        """The checkpoint, None where there is none; raises BuildError for one that is damaged or of another plan."""
        if not path.exists():
            return None
        try:
            state = cls(**torch.load(path, weights_only=True))
        except _DAMAGES as err:
            raise unreadable(path, remade=True) from err
        if state.plan != plan:
            raise BuildError(
                "this checkpoint is of another training: other data, settings or seed",
                field="checkpoint",
                value=str(path),
                remedy="Give another folder, or delete the checkpoint to train anew.",
            )
        return state

    def write(self, path: Path) -> None:
        """Replaces the file, whole."""
        write_whole(path, lambda part: torch.save(asdict(self), part))

    @property
    def best_epochs(self) -> int:
        """How many epochs the best weights have seen."""
        return 1 + self.validation.index(max(self.validation)) if self.validation else len(self.losses)
