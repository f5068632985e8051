"""Batched text generation, one token a step for every text, yielding pieces as they come."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from threading import Event

import torch
from transformers import DynamicCache, PreTrainedModel

from llm_rerank.engines.base import GeneratedPiece, GenerationRequest, raise_if_cancelled
from llm_rerank.engines.texts import GrowingText
from llm_rerank.tokenizer import TokenIds, Tokenizer


def generate(
    model: PreTrainedModel,
    tokenizer: Tokenizer,
    requests: Sequence[GenerationRequest],
    model_in_use: Callable[[], AbstractContextManager[None]],
    cancel: Event | None,
) -> Iterator[GeneratedPiece]:
    """Greedy or sampled; `model_in_use` is entered anew for each step: a slow reader blocks no other caller."""
    texts = [GrowingText(request=request, tokenizer=tokenizer) for request in requests]
    samplers = [torch.Generator().manual_seed(request.seed) for request in requests]
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
                piece = text.take(_chosen(step.logits[index, -1], text.request, samplers[index]))
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


def _chosen(logits: torch.Tensor, request: GenerationRequest, sampler: torch.Generator) -> int:
    """The next token, of `logits` (vocabulary,)."""
    if request.temperature == 0:
        return int(logits.argmax())
    probabilities = torch.softmax(logits.float().cpu() / request.temperature, dim=-1)
    return int(torch.multinomial(probabilities, 1, generator=sampler))
