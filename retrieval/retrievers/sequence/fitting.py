"""From a log to trained weights: every member, early stopping and, where asked for, a last training on everything."""

from pathlib import Path

import numpy as np
import torch

from retrieval.catalogue import Catalogue
from retrieval.files import Arrays
from retrieval.item_vectors import ItemVectors
from retrieval.log import InteractionLog
from retrieval.retrievers.base import OnStep
from retrieval.retrievers.sequence.config import SequenceConfig
from retrieval.retrievers.sequence.encoder import SequenceEncoder
from retrieval.retrievers.sequence.histories import HeldOut, Histories, hold_out, read_histories
from retrieval.retrievers.sequence.training import Lesson, Training


class Fitting:
    """All that goes into training one `SequenceConfig` on one log."""

    def __init__(
        self, config: SequenceConfig, catalogue: Catalogue, log: InteractionLog, vectors: ItemVectors, seed: int
    ) -> None:
        self._config, self._vectors, self._seed = config, vectors, seed
        self._histories = read_histories(log, catalogue)

    def run(self, work: Path, on_step: OnStep) -> Arrays:
        """Array `items`, the catalogue row of every column, and by member its weights and learning curves.

        `work` holds the checkpoints. A log in which nobody touched two things teaches nothing: `items` is empty.
        """
        if not (self._histories.lengths >= 2).any():
            return {"items": np.empty(0, dtype=np.int64)}
        arrays: Arrays = {}
        for member in range(self._config.members):
            arrays |= self._member(member, work, on_step)
        return arrays

    def _member(self, member: int, work: Path, on_step: OnStep) -> Arrays:
        training, seed = self._config.training, self._seed + member
        start, held_out = hold_out(self._histories, training.validation_users, np.random.default_rng(self._seed))
        said = f"model {member + 1} of {self._config.members}, " if self._config.members > 1 else ""

        def say(done: int, steps: int, text: str) -> None:
            on_step(done, steps, said + text)

        lesson = self._lesson(start, held_out if len(held_out.items) else None, seed)
        state, items = Training(lesson, work / f"{member}.pt").run(say), np.unique(start.items)
        curves = {f"{member}/losses": np.array(state.losses), f"{member}/validation": np.array(state.validation)}
        if training.refit:
            again = self._lesson(self._histories, None, seed, epochs=state.best_epochs)
            state, items = Training(again, work / f"{member}-refit.pt").run(say), np.unique(self._histories.items)
        return {"items": items} | curves | {f"{member}/{name}": value.numpy() for name, value in state.best.items()}

    def _lesson(self, histories: Histories, held_out: HeldOut | None, seed: int, epochs: int | None = None) -> Lesson:
        rows, training = np.unique(histories.items), self._config.training
        return Lesson(
            encoder=self._config.encoder,
            training=training if epochs is None else training.model_copy(update={"epochs": epochs}),
            histories=histories.renumbered(rows),
            held_out=None if held_out is None else held_out.renumbered(rows),
            text=self._vectors.at(rows),
            seed=seed,
        )


def open_encoders(config: SequenceConfig, arrays: Arrays) -> list[SequenceEncoder]:
    """The trained members, ready to answer; none where nothing could be learnt."""
    return [
        _open(config, {name.split("/", 1)[1]: value for name, value in arrays.items() if name.startswith(f"{member}/")})
        for member in range(config.members)
        if len(arrays["items"])
    ]


def _open(config: SequenceConfig, arrays: Arrays) -> SequenceEncoder:
    items, text = arrays["items.ids.weight"].shape[0], arrays["items.text.weight"].shape[1]
    encoder = SequenceEncoder(items, text, config.encoder)
    encoder.load_state_dict({name: torch.from_numpy(arrays[name]) for name in encoder.state_dict()})
    return encoder.eval()
