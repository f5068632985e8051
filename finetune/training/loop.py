"""The loop: steps, validations and checkpoints; the same whether interrupted or not, in one process or in several."""

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from accelerate import Accelerator
from peft import get_peft_model_state_dict, set_peft_model_state_dict

from finetune.examples import ExampleFolder
from finetune.training.checkpoint import Checkpoint, Weights
from finetune.training.config import TrainingConfig
from finetune.training.events import EVENTS, Follow, events
from finetune.training.loss import list_losses
from finetune.training.processes import from_first
from finetune.training.schedule import learning_rate
from finetune.training.scorer import PackedScorer
from finetune.training.share import Passes, Share
from finetune.training.steps import Step, load_steps, steps_of
from finetune.training.validation import judge, validation_passes
from finetune.training.whole import load_optimizer, parted, whole
from llm_rerank.engines.base import ScoringRequest
from llm_rerank.engines.packing import pack
from llm_rerank.prompt import Prompt
from retrieval.errors import TrainingError
from retrieval.retrievers.base import OnStep

_UNKEPT_SECONDS = 60.0
"""Of work that an interruption may cost where validations are further apart."""

_NOTHING = (ScoringRequest(prefix=(0,), continuations=((0,),), labels=(0, 1)),)
"""What a pass computes that packs no list: an item alone has no loss, and its gradient is zero."""


class Training:
    """One adapter, from the first step or from its checkpoint to the last."""

    def __init__(
        self,
        config: TrainingConfig,
        examples: ExampleFolder,
        prompt: Prompt,
        scorer: PackedScorer,
        accelerator: Accelerator,
        plan: str,
        path: Path,
    ) -> None:
        """`plan` names what is trained on what; the checkpoint lies at `path`."""
        self._config, self._examples, self._prompt = config, examples, prompt
        self._accelerator, self._plan, self._path = accelerator, plan, path
        self._share = Share(rank=accelerator.process_index, world=accelerator.num_processes)
        self._validated = min(config.validation_lists, examples.rows("validation"))
        self._scorer = scorer
        self._heads = scorer.causal.config.num_attention_heads
        optimizer = torch.optim.AdamW(_trained(scorer), lr=0.0, weight_decay=config.weight_decay)
        self._model, self._optimizer = accelerator.prepare(scorer, optimizer)
        self._trained = _trained(scorer)  # what is parted among processes is not what it was before

    def run(self, on_step: OnStep) -> Checkpoint:
        """Trains until early stopping or the last step; what is returned is also what lies at the path."""
        state = from_first(self._accelerator, lambda: Checkpoint.read(self._path, self._plan)) or self._first_state()
        self._restore(state)
        last = steps_of(self._config, self._examples)
        lists = validation_passes(self._config, self._examples, self._prompt, self._share)
        kept = perf_counter()
        steps = load_steps(self._config, self._examples, self._prompt, first=len(state.losses), share=self._share)
        with self._events(state, last) as follow:
            while not state.done:
                state.losses.append(self._step(next(steps), last))
                done = len(state.losses)
                on_step(done, last, _standing(state))
                validating = done % self._config.validate_every == 0 or done == last
                if validating:
                    self._validate(state, lists, last)
                follow(state)
                if validating or self._first_says(perf_counter() - kept > _UNKEPT_SECONDS):
                    state.seconds, kept = state.seconds + perf_counter() - kept, perf_counter()
                    self._keep(state)
        return state

    def _events(self, state: Checkpoint, last: int) -> AbstractContextManager[Follow]:
        """The first process writes them."""
        if not self._accelerator.is_main_process:
            return nullcontext(lambda state: None)
        return events(self._path.with_name(EVENTS), state, lambda step: learning_rate(self._config, step, last))

    def _first_says(self, yes: bool) -> bool:
        """To keep is the work of all, and their clocks differ."""
        said = torch.tensor(float(yes and self._accelerator.is_main_process), device=self._accelerator.device)
        return bool(self._accelerator.reduce(said, "sum"))

    def _first_state(self) -> Checkpoint:
        weights, optimizer = self._weights(), whole(self._optimizer.state_dict())
        return Checkpoint(plan=self._plan, weights=weights, optimizer=optimizer, best=weights)

    def _restore(self, state: Checkpoint) -> None:
        held = self._adapter()
        weights = {name: parted(value, held[name]) for name, value in state.weights.items()}
        set_peft_model_state_dict(self._scorer.model, weights)
        load_optimizer(self._optimizer, state.optimizer)

    def _adapter(self) -> Weights:
        held: Weights = get_peft_model_state_dict(self._scorer.model, save_embedding_layers=False)
        return held

    def _weights(self) -> Weights:
        weights: Weights = whole(self._adapter())
        return weights

    def _keep(self, state: Checkpoint) -> None:
        """Takes the weights into the state; the first process writes it, and nobody waits."""
        state.weights, state.optimizer = self._weights(), whole(self._optimizer.state_dict())
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
                scores = self._scores(self._model, requests)
                losses = list_losses(scores, _lengths(requests), self._config.loss)
                # Processes' gradients are averaged: times their number the mean is a sum over all lists.
                self._accelerator.backward(losses.sum() * self._share.world / step.lists)
            total += losses.detach().sum()
        norm = float(whole(self._accelerator.clip_grad_norm_(self._trained, self._config.clip)))
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        mean = float(self._accelerator.reduce(total, "sum")) / step.lists
        if not math.isfinite(mean) or not math.isfinite(norm):
            raise TrainingError(
                f"the training loss is no longer a number at step {step.number + 1}",
                field="learning_rate",
                value=self._config.learning_rate,
                remedy="Lower it, or raise warmup_steps; the checkpoint before this step is whole.",
            )
        return mean

    def _scores(self, model: torch.nn.Module, requests: Sequence[ScoringRequest]) -> torch.Tensor:
        requests = requests or _NOTHING
        packed = pack(requests, query_heads=self._heads, device=self._accelerator.device)
        with self._accelerator.autocast():
            scores: torch.Tensor = model(packed, requests[0].labels)
            return scores

    def _validate(self, state: Checkpoint, lists: Passes, last: int) -> None:
        """Tells whether the weights are the best, and whether it is over."""
        done = len(state.losses)
        state.done = done >= last
        if not self._validated:
            return
        self._scorer.eval()
        # Unwrapped: without gradients DDP has nothing to do.
        mine = judge(lists, partial(self._scores, self._scorer), self._config.loss)
        found = self._accelerator.reduce(torch.tensor(mine, device=self._accelerator.device))
        count, gain, loss = found.tolist()
        state.validations.append((done, gain / count, loss / count))
        if state.best_step == done:
            state.best = self._weights()
        better = [step for step, *_ in state.validations].index(state.best_step)
        state.done |= len(state.validations) - 1 - better >= self._config.patience


def _trained(scorer: PackedScorer) -> list[torch.nn.Parameter]:
    return [weights for weights in scorer.parameters() if weights.requires_grad]


def _lengths(requests: Sequence[ScoringRequest]) -> list[int]:
    return [len(request.continuations) for request in requests or _NOTHING]


def _seed(*numbers: int) -> int:
    return int(np.random.default_rng([*numbers]).integers(2**62))


def _standing(state: Checkpoint) -> str:
    said = f"loss {np.mean(state.losses[-50:]):.4f}"
    return f"{said}, validation NDCG@10 {state.validations[-1][1]:.4f}" if state.validations else said
