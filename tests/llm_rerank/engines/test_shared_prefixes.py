"""Requests that share a prefix are scored, and trained, as they are alone: on either attention."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest
import torch
from transformers import AttentionInterface, LlamaConfig, LlamaForCausalLM

from llm_rerank.engines.base import ScoringRequest
from llm_rerank.engines.flex import block_mask, padded_length
from llm_rerank.engines.layout import lay_out, passes
from llm_rerank.engines.packing import Pack, pack, packed_attention

AttentionInterface.register("packed", packed_attention)
WORDS = 200
DEVICES = [
    "cpu",
    pytest.param("flex on a cpu", marks=pytest.mark.filterwarnings("ignore:flex_attention called without")),
    pytest.param("cuda", marks=[pytest.mark.gpu, pytest.mark.filterwarnings("ignore")]),
]


@pytest.fixture(scope="module")
def model() -> LlamaForCausalLM:
    """The heads of SmolLM2: nine for three keys, of 64 numbers."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=WORDS,
        hidden_size=576,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=9,
        num_key_value_heads=3,
        initializer_range=0.2,
        attn_implementation="packed",
    )
    return LlamaForCausalLM(config).eval()


@pytest.fixture(params=DEVICES)
def where(request: pytest.FixtureRequest) -> str:
    if request.param == "cuda" and not torch.cuda.is_available():
        pytest.skip("there is no CUDA device")
    return str(request.param)


def laid_out(requests: Sequence[ScoringRequest], where: str) -> Pack:
    packed = pack(requests, query_heads=9, device=torch.device(where.split()[-1]))
    if where != "flex on a cpu":
        return packed
    length = -(-packed.input_ids.shape[1] // 128) * 128
    padding = (0, length - packed.input_ids.shape[1])
    return replace(
        packed,
        input_ids=torch.nn.functional.pad(packed.input_ids, padding),
        position_ids=torch.nn.functional.pad(packed.position_ids, padding),
        visible=block_mask(lay_out(requests).segments, length, torch.device("cpu")),
    )


def scores(model: LlamaForCausalLM, packed: Pack) -> torch.Tensor:
    hidden = model.model(
        input_ids=packed.input_ids, position_ids=packed.position_ids, use_cache=False, packed=packed
    ).last_hidden_state
    return hidden[0, packed.last_rows].float() @ (model.lm_head.weight[1] - model.lm_head.weight[2]).float()


def alone(model: LlamaForCausalLM, requests: Sequence[ScoringRequest]) -> torch.Tensor:
    """The independent way: a plain pass over every whole prompt."""
    model.config._attn_implementation = "sdpa"
    prompts = [request.prefix + continuation for request in requests for continuation in request.continuations]
    device = model.device
    last = [model.model(input_ids=torch.tensor([p], device=device)).last_hidden_state[0, -1] for p in prompts]
    model.config._attn_implementation = "packed"
    return torch.stack(last).float() @ (model.lm_head.weight[1] - model.lm_head.weight[2]).float()


def tokens(random: Random, count: int) -> tuple[int, ...]:
    return tuple(random.randrange(3, WORDS) for _ in range(count))


def request(random: Random, prefix: tuple[int, ...], candidates: int = 4) -> ScoringRequest:
    return ScoringRequest(
        prefix=prefix,
        continuations=tuple(tokens(random, random.randint(1, 9)) for _ in range(candidates)),
        labels=(1, 2),
    )


def moments(order: str, seed: int = 0) -> list[ScoringRequest]:
    """Lists of one user at several moments, and of two strangers."""
    random = Random(seed)
    history = tokens(random, 150)
    lengths = {"ascending": [5, 40, 41, 150], "descending": [150, 90, 7], "mixed": [40, 150, 5, 40, 149]}[order]
    stranger = request(random, tokens(random, 30))
    return [stranger, *(request(random, history[:n]) for n in lengths), request(random, tokens(random, 12), 1)]


@pytest.mark.parametrize("order", ["ascending", "descending", "mixed"])
def test_scores_are_those_of_a_prompt_each(model: LlamaForCausalLM, where: str, order: str) -> None:
    model.to(where.split()[-1])
    requests = moments(order)
    with torch.no_grad():
        torch.testing.assert_close(
            scores(model, laid_out(requests, where)), alone(model, requests), atol=1e-3, rtol=1e-4
        )


def test_gradients_are_those_of_a_prompt_each(model: LlamaForCausalLM, where: str) -> None:
    if where == "flex on a cpu":
        pytest.skip("FlexAttention has no gradients on a CPU")
    model.to(where)
    requests, weights = moments("mixed"), model.model.embed_tokens.weight
    (packed,) = torch.autograd.grad(scores(model, laid_out(requests, where)).sum(), weights)
    (plain,) = torch.autograd.grad(alone(model, requests).sum(), weights)
    torch.testing.assert_close(packed, plain, atol=2e-3 * float(plain.abs().max()), rtol=1e-3)


def test_rounding_does_no_more_than_to_a_prompt_each(model: LlamaForCausalLM, where: str) -> None:
    if where != "cuda":
        pytest.skip("half precision is for a GPU")
    requests = moments("ascending")
    model.to(where)
    with torch.no_grad():
        exact = alone(model, requests)
        with torch.autocast("cuda", torch.bfloat16):
            rounded, packed = alone(model, requests), scores(model, laid_out(requests, where))
    assert float((packed - exact).abs().max()) <= 2 * float((rounded - exact).abs().max())


def test_a_history_of_many_moments_is_laid_out_once() -> None:
    random = Random(1)
    history = tokens(random, 50)
    requests = [request(random, history[:n], candidates=2) for n in (10, 50, 30)]
    layout = lay_out(requests)
    (segment,) = layout.segments
    assert (segment.start, segment.stop) == (0, 50)
    assert segment.seen.tolist() == [10, 10, 50, 50, 30, 30]
    assert len(layout.ids) == 50 + sum(len(c) for r in requests for c in r.continuations)
    assert [int(layout.ids[row]) for row in layout.last_rows] == [c[-1] for r in requests for c in r.continuations]
    assert layout.positions[segment.starts].tolist() == segment.seen.tolist()


@pytest.mark.parametrize(
    ("tokens", "length"), [(1, 1024), (1024, 1024), (1025, 2048), (8192, 8192), (8193, 16384), (30_000, 32768)]
)
def test_few_lengths_are_compiled(tokens: int, length: int) -> None:
    assert padded_length(tokens) == length


@pytest.mark.parametrize(("tokens", "sizes"), [(1_000, [7]), (1, [1] * 7), (200, [5, 2])])
def test_a_pass_counts_shared_prefixes_once(tokens: int, sizes: list[int]) -> None:
    """The first 100 tokens of one history and, five times, 20 behind some of them: 200; another list is too many."""
    history, behind = tuple(range(3, 103)), (tuple(range(3, 23)),)
    seen = (9, 50, 100, 40, 99, 8, 100)
    requests = [ScoringRequest(prefix=history[:n], continuations=behind, labels=(1, 2)) for n in seen]
    groups = passes(requests, tokens)
    assert [len(group) for group in groups] == sizes
    assert [request for group in groups for request in group] == requests
