"""The four ways to spend a forward pass on a list, over one loaded model."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from transformers import PreTrainedModel
from transformers.utils import logging

from benchmarks.world import Cell, World
from llm_rerank.engines.base import ScoringRequest
from llm_rerank.engines.transformers import TransformersEngine
from llm_rerank.fusion import Scores, WeightedFusion
from llm_rerank.models import prepare_model
from llm_rerank.prompt import Prompt, PromptConfig
from llm_rerank.reranker import Query, Reranker
from llm_rerank.tokenizer import ChatTokenizer, TokenIds, Tokenizer


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """A cell of the grid, made concrete: the user's list, and its tokens for packed scoring."""

    cell: Cell
    query: Query
    request: ScoringRequest


class Forms:
    """Each method does the same job, or the job it is to be compared with, and waits for its end."""

    def __init__(self, engine: TransformersEngine, tokenizer: Tokenizer, world: World) -> None:
        self.engine = engine
        self.model: PreTrainedModel = engine._model  # the very weights: only the form may differ
        self._pad_id = tokenizer.pad_id
        self._world = world
        # Longest histories are read whole: how long they are is what the grid varies.
        self._prompt = Prompt(tokenizer, PromptConfig(history_items=100, history_tokens=4096))
        self._letters = Reranker(
            engine, self._prompt, world.catalogue, method="letters", fusion=WeightedFusion(llm_weight=1.0)
        )

    @classmethod
    def load(cls, name: str, *, seed: int, device: str, say: Callable[[str], None]) -> "Forms":
        """Over a prepared model, on "cpu" (float32) or "cuda" (bfloat16)."""
        logging.disable_progress_bar()
        folder = prepare_model(name, say=say).folder
        tokenizer = ChatTokenizer.load(folder)
        return cls(TransformersEngine.load(folder, tokenizer, device=device), tokenizer, World(seed))

    def case(self, cell: Cell) -> Case:
        """The list of that cell."""
        query = self._world.query(cell)
        request = self._prompt.yes_no(query.history, query.items, self._world.catalogue)
        return Case(cell=cell, query=query, request=request)

    def packed(self, requests: Sequence[ScoringRequest]) -> tuple[Scores, ...]:
        """Log-odds of yes by one packed pass (several where the requests exceed the engine's budget)."""
        logits = self.engine.score(requests)
        return tuple(rows[:, 0].astype(np.float64) - rows[:, 1] for rows in logits)

    def letters(self, case: Case) -> Scores:
        """Lists of 20 lettered candidates, a prompt each."""
        return self._letters.score([case.query])[0]

    @torch.inference_mode()
    def one_prompt(self, request: ScoringRequest, *, batch_size: int) -> Scores:
        """One whole prompt a candidate through the plain model, in batches of like length.

        Padding stands behind the last token, where a causal model never looks: no mask slows the attention down.
        """
        self._attend_plainly()
        yes, no = request.labels
        scores = np.empty(len(request.continuations))
        for rows in _like_length(request.continuations, batch_size):
            prompts = [request.prefix + request.continuations[row] for row in rows]
            last = torch.tensor([len(prompt) - 1 for prompt in prompts])
            hidden = self.model.base_model(input_ids=self._padded(prompts), use_cache=False)[0]
            logits = self.model.get_output_embeddings()(hidden[torch.arange(len(rows)), last]).float()
            scores[rows] = (logits[:, yes] - logits[:, no]).cpu().numpy()
        return scores

    @torch.inference_mode()
    def plain_pass(self, request: ScoringRequest) -> None:
        """The floor: one causal pass over as many tokens, with as many rows of logits, as the packed form."""
        self._attend_plainly()
        ids = request.prefix + tuple(token for continuation in request.continuations for token in continuation)
        logits = self.model(
            input_ids=torch.tensor([ids], device=self.model.device),
            use_cache=False,
            logits_to_keep=len(request.continuations),
        ).logits
        logits[0, :, list(request.labels)].float().cpu()  # copying waits for the device

    def _attend_plainly(self) -> None:
        self.model.set_attn_implementation("sdpa")  # the engine leaves its own in place

    def _padded(self, prompts: Sequence[TokenIds]) -> torch.Tensor:
        longest = max(map(len, prompts))
        ids = [list(prompt) + [self._pad_id] * (longest - len(prompt)) for prompt in prompts]
        return torch.tensor(ids, device=self.model.device)


def spread(request: ScoringRequest, count: int) -> tuple[int, ...]:
    """Rows of `count` continuations evenly spread over all lengths: what stands for all when time is short."""
    by_length = sorted(range(len(request.continuations)), key=lambda row: len(request.continuations[row]))
    middles = ((2 * i + 1) * len(by_length) // (2 * count) for i in range(count))
    return tuple(sorted(by_length[place] for place in middles))


def some(request: ScoringRequest, rows: Sequence[int]) -> ScoringRequest:
    """The same request with only these continuations."""
    return ScoringRequest(
        prefix=request.prefix, continuations=tuple(request.continuations[row] for row in rows), labels=request.labels
    )


def _like_length(continuations: Sequence[TokenIds], batch_size: int) -> Iterator[list[int]]:
    by_length = sorted(range(len(continuations)), key=lambda row: len(continuations[row]))
    for start in range(0, len(by_length), batch_size):
        yield by_length[start : start + batch_size]
