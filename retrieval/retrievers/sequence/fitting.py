"""From a log to trained weights, member by member."""

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrieval.catalogue import Catalogue
from retrieval.files import Arrays
from retrieval.item_vectors import ItemVectors
from retrieval.log import InteractionLog
from retrieval.retrievers.base import OnStep
from retrieval.retrievers.sequence.config import SequenceConfig
from retrieval.retrievers.sequence.histories import HeldOut, Histories, hold_out, read_histories, windows
from retrieval.retrievers.sequence.opening import tensors
from retrieval.retrievers.sequence.trained import Trained, spread
from retrieval.retrievers.sequence.training import Lesson, Training
from retrieval.retrievers.sequence.validation import K

CURVE: Final = "curve/model "
"""Arrays of this name are learning curves, one value an epoch."""


class Fitting:
    """All that goes into training one `SequenceConfig` on one log."""

    def __init__(
        self,
        config: SequenceConfig,
        catalogue: Catalogue,
        log: InteractionLog,
        vectors: ItemVectors,
        seed: int,
        start: Trained | None = None,
    ) -> None:
        """With a `start` its weights are trained further, on what the log has that is newer (Trained.until)."""
        self._config, self._vectors, self._seed = config, vectors, seed
        self.seconds = 0.0
        """What the epochs took, those before an interruption too; known after `run`."""
        self._start = None if start is None else start.arrays_for(config, catalogue)
        new = None if start is None else _is_new(log, start)
        self._histories = read_histories(log, catalogue, new=new)

    def run(self, work: Path, on_step: OnStep) -> Arrays:
        """Array `items`, the catalogue row of every column, and by member its weights and learning curves.

        `work` holds the checkpoints. A log in which nobody touched two things teaches nothing: `items` is empty.
        """
        if not len(windows(self._histories, self._config.encoder.window)):
            return {"items": np.empty(0, dtype=np.int64)}
        begun, held_out = self._hold_out()
        arrays: Arrays = {"items": self._rows(begun)}
        for member in range(self._config.members):
            arrays |= self._member(member, self._lesson(begun, held_out, member), work, on_step)
        return arrays

    def _member(self, member: int, lesson: Lesson, work: Path, on_step: OnStep) -> Arrays:
        said = f"model {member + 1} of {self._config.members}, " if self._config.members > 1 else ""

        def say(done: int, steps: int, text: str) -> None:
            on_step(done, steps, said + text)

        state = Training(lesson, work / f"{member}.pt").run(say)
        self.seconds += sum(state.seconds)
        curves = {
            f"{CURVE}{member + 1}: training loss": np.array(state.losses),
            f"{CURVE}{member + 1}: validation NDCG@{K}": np.array(state.validation),
        }
        return curves | {f"{member}/{name}": value.numpy() for name, value in state.best.items()}

    def _hold_out(self) -> tuple[Histories, HeldOut | None]:
        """What to train on and what to validate on: nothing where holding out would leave nothing to train on."""
        most, rng = self._config.training.validation_users, np.random.default_rng(self._seed)
        rest, held_out = hold_out(self._histories, most, rng)
        if not len(held_out.items) or not len(windows(rest, self._config.encoder.window)):
            return self._histories, None
        return rest, held_out

    def _rows(self, histories: Histories) -> NDArray[np.int64]:
        """The catalogue row of every column: what was touched, and what a start knows though the log is without it."""
        known = np.empty(0, dtype=np.int64) if self._start is None else self._start["items"]
        return np.union1d(histories.items, known)

    def _lesson(self, histories: Histories, held_out: HeldOut | None, member: int) -> Lesson:
        rows = self._rows(histories)
        return Lesson(
            encoder=self._config.encoder,
            training=self._config.training,
            histories=histories.renumbered(rows),
            held_out=None if held_out is None else held_out.renumbered(rows),
            text=self._vectors.at(rows),
            seed=int(np.random.SeedSequence([self._seed, member]).generate_state(1)[0]),
            start=None if self._start is None else tensors(spread(self._start, rows, member)),
        )


def _is_new(log: InteractionLog, start: Trained) -> NDArray[np.bool_]:
    """Which rows training further is to foresee."""
    times, until = log.frame["timestamp"], pd.Timestamp(start.until)
    went_on = (times == until).sum() != start.rows_at_until
    return (times >= until if went_on else times > until).to_numpy()
