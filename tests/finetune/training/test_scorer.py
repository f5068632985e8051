from collections.abc import Callable

import pytest
import torch
from peft.tuners.tuners_utils import BaseTunerLayer

from finetune.examples import ExampleFolder
from finetune.training.config import TrainingConfig
from finetune.training.lists import history_of, judged_among, judging_chance, validation_list
from finetune.training.scorer import Scorer, candidates_of, open_scorer
from llm_rerank.engines.base import ScoringRequest
from llm_rerank.engines.packing import pack
from llm_rerank.engines.transformers import TransformersEngine
from llm_rerank.fusion import WeightedFusion
from llm_rerank.models import PreparedModel
from llm_rerank.prompt import Prompt
from llm_rerank.reranker import Query, Reranker
from llm_rerank.tokenizer import ChatTokenizer
from retrieval.errors import ModelError

Configure = Callable[..., TrainingConfig]
CPU = torch.device("cpu")
REQUESTS = [
    ScoringRequest(prefix=(1, 5, 9), continuations=((7, 8), (11,), (7, 8, 12)), labels=(3, 4)),
    ScoringRequest(prefix=(1, 5, 9, 13), continuations=((7, 8), (14, 15)), labels=(3, 4)),
]


@pytest.fixture
def scorer(configure: Configure, tiny: PreparedModel) -> Scorer:
    return as_if_trained(open_scorer(configure(), tiny, CPU))


def as_if_trained(scorer: Scorer) -> Scorer:
    """A fresh adapter would add nothing."""
    torch.manual_seed(1)
    with torch.no_grad():
        for weights in trained(scorer):
            weights.normal_(std=0.1)
    return scorer


class Leaky(torch.nn.Module):
    """A layer that is no attention: it hands each token something of all before it."""

    def __init__(self, *_: object) -> None:
        super().__init__()

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        return hidden + hidden.cumsum(dim=1)


@pytest.mark.filterwarnings("ignore")
def test_a_model_whose_candidates_would_see_each_other_is_not_trained(
    configure: Configure, tiny: PreparedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transformers.models.llama.modeling_llama.LlamaMLP", Leaky)
    with pytest.raises(ModelError, match="differ from those of a prompt of its own"):
        open_scorer(configure(), tiny, CPU)


def trained(scorer: Scorer) -> list[torch.nn.Parameter]:
    return [weights for weights in scorer.parameters() if weights.requires_grad]


def score(scorer: Scorer, *requests: ScoringRequest) -> torch.Tensor:
    found: torch.Tensor = scorer(pack(requests, query_heads=4, device=CPU), requests)
    return found


def test_a_fresh_adapter_scores_as_the_engine_does(configure: Configure, tiny: PreparedModel) -> None:
    engine = TransformersEngine.load(tiny.folder, ChatTokenizer.load(tiny.folder), device="cpu")
    scores = score(open_scorer(configure(), tiny, CPU), *REQUESTS)
    expected = [row[0] - row[1] for logits in engine.score(REQUESTS) for row in logits]
    assert scores.tolist() == pytest.approx(expected, abs=1e-5)


def test_a_request_scores_the_same_alone(scorer: Scorer) -> None:
    alone = torch.cat([score(scorer, request) for request in REQUESTS])
    torch.testing.assert_close(score(scorer, *REQUESTS), alone)


def test_letters_score_as_they_are_served(
    configure: Configure, tiny: PreparedModel, prompt: Prompt, examples: ExampleFolder
) -> None:
    scorer = as_if_trained(open_scorer(configure(method="letters"), tiny, CPU))
    rows = list(examples.all("validation"))[:2]
    requests = [validation_list(row, prompt, examples.catalogue, method="letters") for row in rows]
    found = score(scorer, *requests).split(candidates_of(requests, "letters"))
    engine = TransformersEngine(scorer.causal, ChatTokenizer.load(tiny.folder))
    alone = WeightedFusion(llm_weight=1)
    reranker = Reranker(engine, prompt, examples.catalogue, method="letters", fusion=alone)
    for row, scores in zip(rows, found, strict=True):
        items = [examples.catalogue.at(item) for item in (row.target, *judged_among(row))]
        shown = judging_chance(row).permutation(len(items))
        query = Query(history=history_of(row, examples.catalogue), items=tuple(items[place] for place in shown))
        (served,) = reranker.score([query])
        assert scores.log_softmax(dim=0)[shown].tolist() == pytest.approx(served.tolist(), abs=1e-4)


def test_only_the_adapter_learns_and_a_seed_says_how_it_begins(configure: Configure, tiny: PreparedModel) -> None:
    one, same, other = (open_scorer(configure(seed=seed), tiny, CPU) for seed in (0, 0, 1))
    assert all("lora" in name for name, weights in one.named_parameters() if weights.requires_grad)
    torch.testing.assert_close(trained(one), trained(same), rtol=0, atol=0)
    with pytest.raises(AssertionError):
        torch.testing.assert_close(trained(one), trained(other))


def as_on_cuda(scorer: Scorer) -> Scorer:
    """The base in bfloat16, the adapter in float32."""
    for weights in scorer.parameters():
        if not weights.requires_grad:
            weights.data = weights.data.bfloat16()
    return scorer


def learn(scorer: Scorer) -> tuple[torch.Tensor, list[torch.Tensor | None]]:
    scorer.zero_grad()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        scores = score(scorer, *REQUESTS)
    scores.square().sum().backward()
    return scores, [weights.grad for weights in trained(scorer)]


def test_under_autocast_scores_and_gradients_are_float32_and_near(scorer: Scorer) -> None:
    exact = score(scorer, *REQUESTS)
    scores, gradients = learn(as_on_cuda(scorer))
    assert scores.dtype == torch.float32
    assert all(gradient is not None and gradient.dtype == torch.float32 for gradient in gradients)
    torch.testing.assert_close(scores, exact, atol=0.05, rtol=0.05)


def test_casting_to_float32_and_back_would_change_nothing(scorer: Scorer) -> None:
    without = learn(as_on_cuda(scorer))
    for layer in scorer.modules():
        if isinstance(layer, BaseTunerLayer):
            layer.cast_input_dtype_enabled = True
    torch.testing.assert_close(learn(scorer), without, rtol=0, atol=0)


def test_the_prompts_labels_are_yes_and_no(prompt: Prompt, tiny: PreparedModel) -> None:
    tokenizer = ChatTokenizer.load(tiny.folder)
    assert [tokenizer.encode(word) for word in ("Yes", "No")] == [(3,), (4,)]
