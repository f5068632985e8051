"""The loop: steps, validations and checkpoints; the same whether interrupted or not, in one process or in several."""

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import DistributedType

from finetune.training.checkpoint import Checkpoint
from finetune.training.config import AdapterTraining
from finetune.training.events import EVENTS, Follow, events
from finetune.training.learnt import Learnt, held_weights, trained
from finetune.training.lesson import Lesson
from finetune.training.processes import from_first
from finetune.training.schedule import learning_rate
from finetune.training.scorer import Adapted
from finetune.training.share import Passes, Share
from finetune.training.steps import Step
from finetune.training.whole import whole
from finetune.training.zero import ZeroLearnt
from llm_rerank.engines.base import ScoringRequest
from llm_rerank.engines.packing import pack
from retrieval.errors import TrainingError
from retrieval.retrievers.base import OnStep

_UNKEPT_SECONDS = 60.0
"""Of work that an interruption may cost where validations are further apart."""

_NOTHING = (ScoringRequest(prefix=(0,), continuations=((0, 0),), labels=(0, 1)),)
"""What a pass computes that packs nothing, since others wait for it; its loss does not count."""


class Training:
    """One adapter, from the first step or from its checkpoint to the last."""

    def __init__(
        self,
        config: AdapterTraining,
        lesson: Lesson,
        adapted: Adapted,
        accelerator: Accelerator,
        plan: str,
        path: Path,
    ) -> None:
        """`plan` names what is trained on what; the checkpoint lies at `path`."""
        self._config, self._lesson, self._adapted = config, lesson, adapted
        self._accelerator, self._plan, self._path = accelerator, plan, path
        self._share = Share(rank=accelerator.process_index, world=accelerator.num_processes)
        self._heads = adapted.causal.config.num_attention_heads
        optimizer = torch.optim.AdamW(trained(adapted), lr=0.0, weight_decay=config.weight_decay)
        self._fresh = whole(held_weights(adapted))  # DeepSpeed rounds what it is given to bfloat16
        kind = ZeroLearnt if accelerator.distributed_type == DistributedType.DEEPSPEED else Learnt
        self._learnt = kind(accelerator, adapted, optimizer, clip=config.clip)

    def run(self, on_step: OnStep) -> Checkpoint:
        """Trains until early stopping or the last step; what is returned is also what lies at the path."""
        state = from_first(self._accelerator, lambda: Checkpoint.read(self._path, self._plan)) or self._first_state()
        self._learnt.take(state.weights, state.optimizer, nothing=self._nothing)
        last, kept = self._lesson.steps, perf_counter()
        judged = self._share.passes(self._lesson.validation(), self._config.tokens_per_pass)
        steps = self._lesson.load(len(state.losses), self._share)
        with self._events(state, last) as follow:
            if self._config.begin_with is not None and not state.losses:
                self._validate(state, judged, last)  # what is begun with may stay the best
            while not state.done:
                state.losses.append(self._step(next(steps), last))
                done = len(state.losses)
                on_step(done, last, _standing(state, self._lesson.measure))
                validating = done % self._config.validate_every == 0 or done == last
                if validating:
                    self._validate(state, judged, last)
                follow(state)
                if validating or self._first_says(perf_counter() - kept > _UNKEPT_SECONDS):
                    state.seconds, kept = state.seconds + perf_counter() - kept, perf_counter()
                    self._keep(state)
        return state

    def _events(self, state: Checkpoint, last: int) -> AbstractContextManager[Follow]:
        """The first process writes them."""
        if not self._accelerator.is_main_process:
            return nullcontext(lambda state: None)
        folder, measure = self._path.with_name(EVENTS), self._lesson.measure
        return events(folder, state, measure, lambda step: learning_rate(self._config, step, last))

    def _first_says(self, yes: bool) -> bool:
        """To keep is the work of all, and their clocks differ."""
        said = torch.tensor(float(yes and self._accelerator.is_main_process), device=self._accelerator.device)
        return bool(self._accelerator.reduce(said, "sum"))

    def _first_state(self) -> Checkpoint:
        return Checkpoint(plan=self._plan, weights=self._fresh, optimizer=self._learnt.kept(), best=self._fresh)

    def _nothing(self) -> torch.Tensor:
        """A loss of zero, of all weights."""
        return self._judge(self._learnt.model, ())[0].sum()

    def _keep(self, state: Checkpoint) -> None:
        """Takes the weights into the state; the first process writes it, and nobody waits."""
        state.weights, state.optimizer = self._learnt.weights(), self._learnt.kept()
        if not state.validations:
            state.best = state.weights
        if self._accelerator.is_main_process:
            state.write(self._path)

    def _step(self, step: Step, last: int) -> float:
        """Changes the weights once; the mean loss of the step's lists, of all processes."""
        self._learnt.model.train()
        torch.manual_seed(_seed(self._config.seed, step.number, self._share.rank))  # of dropout
        for group in self._learnt.optimizer.param_groups:
            group["lr"] = learning_rate(self._config, step.number, last)
        total = torch.zeros((), device=self._accelerator.device)
        for number, requests in enumerate(step.passes, start=1):
            last_pass = number == len(step.passes)
            with self._learnt.pass_through(last=last_pass):
                losses, _ = self._judge(self._learnt.model, requests)
                # Processes' gradients are averaged: times their number the mean is a sum over all lists.
                self._learnt.backward(losses.sum() * self._share.world / step.lists, last=last_pass)
            total += losses.detach().sum()
        norm = self._learnt.step()
        mean = float(self._accelerator.reduce(total, "sum")) / step.lists
        if not math.isfinite(mean) or not math.isfinite(norm):
            raise TrainingError(
                f"the training loss is no longer a number at step {step.number + 1}",
                field="learning_rate",
                value=self._config.learning_rate,
                remedy="Lower it, or raise warmup_steps, and train anew in another folder; "
                "what was best until here, --so-far writes as an adapter.",
            )
        return mean

    def _judge(self, model: Any, requests: Sequence[ScoringRequest]) -> tuple[torch.Tensor, torch.Tensor]:
        """See Lesson.judge; a pass that packs nothing has a loss of zero, and so has its gradient."""
        packed = pack(requests or _NOTHING, query_heads=self._heads, device=self._accelerator.device)
        with self._accelerator.autocast():
            losses, gains = self._lesson.judge(model, packed, requests or _NOTHING)
        return (losses, gains) if requests else (0 * losses, gains)

    @torch.no_grad()
    def _validate(self, state: Checkpoint, judged: Passes, last: int) -> None:
        """Tells whether the weights are the best, and whether it is over."""
        done = len(state.losses)
        state.done = done >= last
        self._adapted.eval()
        found = np.zeros(3)
        for requests in judged:
            losses, gains = self._judge(self._adapted, requests)  # unwrapped: without gradients DDP has nothing to do
            if requests:
                found += [len(requests), float(gains.sum()), float(losses.sum())]
        count, gain, loss = self._accelerator.reduce(torch.tensor(found, device=self._accelerator.device)).tolist()
        if not count:
            return
        state.validations.append((done, gain / count, loss / count))
        if state.best_step == done:
            state.best = self._learnt.weights()
        better = [step for step, *_ in state.validations].index(state.best_step)
        state.done |= len(state.validations) - 1 - better >= self._config.patience


def _seed(*numbers: int) -> int:
    return int(np.random.default_rng([*numbers]).integers(2**62))


def _standing(state: Checkpoint, measure: str) -> str:
    said = f"loss {np.mean(state.losses[-50:]):.4f}"
    if not state.validations:
        return said
    step, found, _ = state.validations[-1]
    return f"{said}, validation {measure} {found:.4f} after {step}"
