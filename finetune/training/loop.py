"""The loop: steps, validations and checkpoints; the same whether interrupted or not, in one process or in several."""

import math
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from peft import get_peft_model_state_dict, set_peft_model_state_dict

from finetune.training.checkpoint import Checkpoint, Weights
from finetune.training.config import AdapterTraining
from finetune.training.lesson import Lesson
from finetune.training.scorer import Adapted
from finetune.training.steps import Share, Step
from llm_rerank.engines.base import ScoringRequest
from llm_rerank.engines.layout import passes
from llm_rerank.engines.packing import pack
from retrieval.errors import TrainingError
from retrieval.retrievers.base import OnStep

_UNKEPT_SECONDS = 60.0
"""Of work that an interruption may cost where validations are further apart."""


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
        self._config, self._lesson = config, lesson
        self._accelerator, self._plan, self._path = accelerator, plan, path
        self._share = Share(rank=accelerator.process_index, world=accelerator.num_processes)
        self._adapted = adapted
        self._heads = adapted.causal.config.num_attention_heads
        self._trained = [weights for weights in adapted.parameters() if weights.requires_grad]
        optimizer = torch.optim.AdamW(self._trained, lr=0.0, weight_decay=config.weight_decay)
        self._model, self._optimizer = accelerator.prepare(adapted, optimizer)

    def run(self, on_step: OnStep) -> Checkpoint:
        """Trains until early stopping or the last step; what is returned is also what lies at the path."""
        state = Checkpoint.read(self._path, self._plan) or self._first_state()
        self._restore(state)
        last = self._lesson.steps
        lists = self._lesson.validation(self._share)
        kept = perf_counter()
        steps = self._lesson.load(len(state.losses), self._share)
        while not state.done:
            state.losses.append(self._step(next(steps), last))
            done = len(state.losses)
            on_step(done, last, _standing(state, self._lesson.measure))
            validating = done % self._config.validate_every == 0 or done == last
            if validating:
                self._validate(state, lists, last)
            if validating or perf_counter() - kept > _UNKEPT_SECONDS:
                state.seconds, kept = state.seconds + perf_counter() - kept, perf_counter()
                self._keep(state)
        return state

    def _first_state(self) -> Checkpoint:
        weights = self._weights()
        return Checkpoint(plan=self._plan, weights=weights, optimizer=self._optimizer.state_dict(), best=weights)

    def _restore(self, state: Checkpoint) -> None:
        set_peft_model_state_dict(self._adapted.model, state.weights)
        self._optimizer.load_state_dict(state.optimizer)

    def _weights(self) -> Weights:
        found = get_peft_model_state_dict(self._adapted.model, save_embedding_layers=False)
        return {name: value.detach().to("cpu", copy=True) for name, value in found.items()}

    def _keep(self, state: Checkpoint) -> None:
        """Takes the weights into the state and writes it. Nobody waits: the others read it when all start again."""
        state.weights, state.optimizer = self._weights(), self._optimizer.state_dict()
        if not state.validations:
            state.best = state.weights
        if self._accelerator.is_main_process:
            state.write(self._path)

    def _step(self, step: Step, last: int) -> float:
        """Changes the weights once; the mean loss of the step's lists, of all processes."""
        self._model.train()
        torch.manual_seed(_seed(self._config.seed, step.number, self._share.rank))  # of dropout
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate(self._config, step.number, last)
        total = torch.zeros((), device=self._accelerator.device)
        for number, requests in enumerate(step.passes, start=1):
            with nullcontext() if number == len(step.passes) else self._accelerator.no_sync(self._model):
                losses, _ = self._judge(self._model, requests)
                # Processes' gradients are averaged: times their number the mean is a sum over all lists.
                self._accelerator.backward(losses.sum() * self._share.world / step.lists)
            total += losses.detach().sum()
        norm = self._accelerator.clip_grad_norm_(self._trained, self._config.clip)
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        mean = float(self._accelerator.reduce(total, "sum")) / step.lists
        if not math.isfinite(mean) or not math.isfinite(float(norm)):
            raise TrainingError(
                f"the training loss is no longer a number at step {step.number + 1}",
                field="learning_rate",
                value=self._config.learning_rate,
                remedy="Lower it, or raise warmup_steps; the checkpoint before this step is whole.",
            )
        return mean

    def _judge(self, model: Any, requests: Sequence[ScoringRequest]) -> tuple[torch.Tensor, torch.Tensor]:
        packed = pack(requests, query_heads=self._heads, device=self._accelerator.device)
        with self._accelerator.autocast():
            return self._lesson.judge(model, packed, requests)

    @torch.no_grad()
    def _validate(self, state: Checkpoint, lists: Sequence[ScoringRequest], last: int) -> None:
        """Tells whether the weights are the best, and whether it is over."""
        done = len(state.losses)
        state.done = done >= last
        self._adapted.eval()
        found = np.zeros(3)
        for group in passes(lists, self._config.tokens_per_pass):
            losses, gains = self._judge(self._adapted, group)  # unwrapped: processes may have unlike many passes
            found += [len(group), float(gains.sum()), float(losses.sum())]
        count, gain, loss_sum = self._accelerator.reduce(torch.tensor(found, device=self._accelerator.device)).tolist()
        if not count:
            return
        state.validations.append((done, gain / count, loss_sum / count))
        if state.best_step == done:
            state.best = self._weights()
        better = [step for step, *_ in state.validations].index(state.best_step)
        state.done |= len(state.validations) - 1 - better >= self._config.patience


def learning_rate(config: AdapterTraining, step: int, last: int) -> float:
    """Of step number `step`, from 0: up in a line, down in half a cosine."""
    up = min(1.0, (step + 1) / (config.warmup_steps + 1))
    return config.learning_rate * up * (1 + math.cos(math.pi * step / last)) / 2


def _seed(*numbers: int) -> int:
    return int(np.random.default_rng([*numbers]).integers(2**62))


def _standing(state: Checkpoint, measure: str) -> str:
    said = f"loss {np.mean(state.losses[-50:]):.4f}"
    return f"{said}, validation {measure} {state.validations[-1][1]:.4f}" if state.validations else said
