"""Training one encoder: kept after every epoch, stopped when validation no longer gains."""

import math
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from retrieval.errors import TrainingError
from retrieval.retrievers.base import OnStep
from retrieval.retrievers.sequence.checkpoint import Checkpoint
from retrieval.retrievers.sequence.competitors import Competitors, SampledCatalogue, WholeCatalogue
from retrieval.retrievers.sequence.config import EncoderConfig, TrainingConfig
from retrieval.retrievers.sequence.encoder import SequenceEncoder, Weights
from retrieval.retrievers.sequence.histories import NOTHING, Batch, HeldOut, Histories, batches, windows
from retrieval.retrievers.sequence.loss import catalogue_cross_entropy
from retrieval.retrievers.sequence.validation import validate


@dataclass(frozen=True, kw_only=True, slots=True)
class Lesson:
    """What one encoder is trained on. Items are columns: rows of `text`."""

    encoder: EncoderConfig
    training: TrainingConfig
    histories: Histories
    held_out: HeldOut | None
    """None: nothing is held out and all epochs are trained."""

    text: NDArray[np.float32]
    seed: int
    start: Weights | None = None
    """Weights to go on from, by name."""

    @property
    def plan(self) -> str:
        """Changes with all of it, that is with anything but the code that changes the weights."""
        digest = sha256(f"{self.encoder} {self.training} {self.seed}".encode())
        held = () if self.held_out is None else (*self.held_out.histories, self.held_out.items)
        start = [] if self.start is None else [weights.numpy() for _, weights in sorted(self.start.items())]
        for array in (self.histories.items, self.histories.bounds, self.histories.asked, self.text, *held, *start):
            digest.update(f"{array.shape}".encode() + array.tobytes())
        return digest.hexdigest()[:16]


class Training:
    """One lesson from the first step, or from its checkpoint, to the last."""

    def __init__(self, lesson: Lesson, path: Path) -> None:
        """`path` is where the checkpoint lies."""
        self._lesson, self._path = lesson, path
        self._pieces = windows(lesson.histories, lesson.encoder.window)
        self._text = torch.from_numpy(lesson.text)
        self._competitors = _competitors(lesson)
        with torch.random.fork_rng():
            torch.manual_seed(lesson.seed)
            self._encoder = SequenceEncoder(len(lesson.text), lesson.text.shape[1], lesson.encoder)
        self._encoder.items.learn_scale(self._text)
        if lesson.start is not None:
            self._encoder.load_state_dict(lesson.start)
        self._optimizer = torch.optim.AdamW(
            self._encoder.parameters(), betas=(0.9, 0.98), weight_decay=lesson.training.weight_decay
        )

    def run(self, on_step: OnStep) -> Checkpoint:
        """Trains until early stopping or the last epoch; what is returned is also what lies at the path."""
        state = Checkpoint.read(self._path, self._lesson.plan) or self._first_state()
        self._encoder.load_state_dict(state.weights)
        self._optimizer.load_state_dict(state.optimizer)
        while not state.done:
            start = perf_counter()
            state.losses.append(self._epoch(len(state.losses), on_step, _standing(state)))
            self._keep(state)
            state.seconds.append(perf_counter() - start)
            state.write(self._path)
        return state

    def _first_state(self) -> Checkpoint:
        weights = _copy(self._encoder)
        return Checkpoint(plan=self._lesson.plan, weights=weights, optimizer=self._optimizer.state_dict(), best=weights)

    def _keep(self, state: Checkpoint) -> None:
        """Takes the epoch into the state: the weights, whether they are the best, whether it is over."""
        training, held_out = self._lesson.training, self._lesson.held_out
        state.weights, state.optimizer = _copy(self._encoder), self._optimizer.state_dict()
        if held_out is not None:
            state.validation.append(validate(self._encoder, self._text, held_out, self._lesson.encoder.window))
        if state.best_epochs == len(state.losses):
            state.best = state.weights
        waited = len(state.losses) - state.best_epochs
        state.done = len(state.losses) >= training.epochs or waited >= training.patience

    def _epoch(self, number: int, on_step: OnStep, standing: str) -> float:
        """The mean loss. Its random numbers depend on seed and epoch alone, so that a resumed training is the same."""
        size, epochs = self._lesson.training.batch_size, self._lesson.training.epochs
        steps = math.ceil(len(self._pieces) / size)
        rng = np.random.default_rng([self._lesson.seed, number])
        self._encoder.train()
        losses: list[float] = []
        with torch.random.fork_rng():
            torch.manual_seed(int(rng.integers(2**62)))
            for batch in batches(self._lesson.histories, self._pieces, size, rng):
                self._set_learning_rate(number * steps + len(losses), epochs * steps)
                losses.append(self._step(batch, rng))
                on_step(number * steps + len(losses), epochs * steps, f"epoch {number + 1} of {epochs}{standing}")
            with torch.no_grad():
                self._loss(batch, rng)  # after the last step too it must be a number
        return float(np.mean(losses))

    def _set_learning_rate(self, step: int, steps: int) -> None:
        """Up in a line, down in half a cosine."""
        training = self._lesson.training
        up = min(1.0, (step + 1) / (training.warmup_steps + 1))
        rate = training.learning_rate * up * (1 + math.cos(math.pi * step / steps)) / 2
        for group in self._optimizer.param_groups:
            group["lr"] = rate

    def _step(self, batch: Batch, rng: np.random.Generator) -> float:
        loss = self._loss(batch, rng)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        return loss.item()

    def _loss(self, batch: Batch, rng: np.random.Generator) -> Tensor:
        asked = batch.next_items != NOTHING
        right = batch.next_items[asked]
        competing = self._competitors.draw(right, rng)
        used = np.union1d(competing.columns, batch.items[batch.items != NOTHING])
        rows = torch.from_numpy(used)
        table = self._encoder.items(rows, self._text[rows])
        users = self._encoder.users(table[_places(used, np.maximum(batch.items, used[0]))])
        bias = self._encoder.items.bias[torch.from_numpy(competing.columns)] - torch.from_numpy(competing.correction)
        outputs = self._encoder.targets(table[_places(used, competing.columns)], bias)
        loss = catalogue_cross_entropy(users[torch.from_numpy(asked)], outputs, _places(competing.columns, right))
        if not torch.isfinite(loss):
            raise TrainingError(
                "the training loss is no longer a number",
                field="learning_rate",
                value=self._lesson.training.learning_rate,
                remedy="Lower it, or raise warmup_steps.",
            )
        return loss


def _competitors(lesson: Lesson) -> Competitors:
    items, negatives = len(lesson.text), lesson.training.negatives
    if negatives is None:
        return WholeCatalogue(items)
    answers = lesson.histories.items[lesson.histories.asked]
    return SampledCatalogue(np.bincount(answers, minlength=items), negatives)


def _places(ascending: NDArray[np.int64], values: NDArray[np.int64]) -> Tensor:
    """Where the values stand."""
    return torch.from_numpy(np.searchsorted(ascending, values))


def _standing(state: Checkpoint) -> str:
    return f", validation NDCG@10 {state.validation[-1]:.4f}" if state.validation else ""


def _copy(encoder: SequenceEncoder) -> Weights:
    return {name: value.detach().clone() for name, value in encoder.state_dict().items()}
