"""Batched text generation, one token a step for every text, yielding pieces as they come."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from threading import Event

import torch
from transformers import DynamicCache, PreTrainedModel

from llm_rerank.engines.base import GeneratedPiece, GenerationRequest, raise_if_cancelled
from llm_rerank.tokenizer import TokenIds, Tokenizer

_HALF_A_CHARACTER = "\ufffd"


@dataclass(kw_only=True, slots=True)
class _Text:
    """One text being written: its tokens so far, and how much of it has been handed out."""

    request: GenerationRequest
    tokenizer: Tokenizer
    sampler: torch.Generator
    ids: list[int] = field(default_factory=list)
    handed_out: int = 0
    done: bool = False

    def take(self, logits: torch.Tensor) -> str:
        """Chooses the next token from `logits` (vocabulary,) and returns the text that is now certain."""
        token = self._choose(logits)
        if token in self.tokenizer.end_ids:
            self.done = True
        else:
            self.ids.append(token)
            self.done = len(self.ids) >= self.request.max_tokens
        return self._certain_text()

    def _choose(self, logits: torch.Tensor) -> int:
        if self.request.temperature == 0:
            return int(logits.argmax())
        probabilities = torch.softmax(logits.float().cpu() / self.request.temperature, dim=-1)
        return int(torch.multinomial(probabilities, 1, generator=self.sampler))

    def _certain_text(self) -> str:
        """Text up to a stop text; while more may come, without what could still become a stop text or a character."""
        text = self.tokenizer.decode(tuple(self.ids))
        stops = [at for at in (text.find(stop) for stop in self.request.stop) if at >= 0]
        if stops:
            self.done, text = True, text[: min(stops)]
        elif not self.done:
            text = text[: len(text) - _held_back(text, self.request.stop)]
        piece, self.handed_out = text[self.handed_out :], max(self.handed_out, len(text))
        return piece


def generate(
    model: PreTrainedModel,
    tokenizer: Tokenizer,
    requests: Sequence[GenerationRequest],
    model_in_use: Callable[[], AbstractContextManager[None]],
    cancel: Event | None,
) -> Iterator[GeneratedPiece]:
    """Greedy or sampled; `model_in_use` is entered anew for each step: a slow reader blocks no other caller."""
    texts = [_Text(request=r, tokenizer=tokenizer, sampler=torch.Generator().manual_seed(r.seed)) for r in requests]
    if not texts:
        return
    ids, mask = _left_padded([request.prompt for request in requests], tokenizer.pad_id, model.device)
    cache = DynamicCache(config=model.config)
    while True:
        raise_if_cancelled(cancel)
        with model_in_use(), torch.inference_mode():
            positions = (mask.cumsum(-1) - 1).clamp(min=0)[:, -ids.shape[1] :]
            step = model(
                input_ids=ids, attention_mask=mask, position_ids=positions, past_key_values=cache, logits_to_keep=1
            )
        for index, text in enumerate(texts):
            if not text.done:
                piece = text.take(step.logits[index, -1])
                if piece or text.done:
                    yield GeneratedPiece(index=index, text=piece, done=text.done)
        if all(text.done for text in texts):
            return
        newest = [text.ids[-1] if text.ids else tokenizer.pad_id for text in texts]
        ids = torch.tensor(newest, device=model.device)[:, None]
        # A finished text is fed padding until the others are done, at positions that no longer grow.
        going_on = torch.tensor([not text.done for text in texts], dtype=mask.dtype, device=model.device)
        mask = torch.cat([mask, going_on[:, None]], dim=1)


def _left_padded(prompts: Sequence[TokenIds], pad_id: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and mask of shape (len(prompts), longest), the last token of every prompt in the last column."""
    longest = max(map(len, prompts))
    ids = [[pad_id] * (longest - len(prompt)) + list(prompt) for prompt in prompts]
    mask = [[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts]
    return torch.tensor(ids, device=device), torch.tensor(mask, device=device)


def _held_back(text: str, stops: Sequence[str]) -> int:
    """How many characters at the end are not certain yet: the start of a stop text, or half a character."""
    whole = text.rstrip(_HALF_A_CHARACTER)
    begun = max((n for stop in stops for n in range(1, len(stop)) if whole.endswith(stop[:n])), default=0)
    return len(text) - len(whole) + begun
