"""The forms learn the same: only their speed may differ."""

import numpy as np
import pytest
import torch

from benchmarks.training import FORMS, Forms, Timed, measure, speed_table, training_promises
from benchmarks.world import World
from finetune.training.config import TrainingConfig
from finetune.training.scorer import Scorer, open_scorer
from llm_rerank.models import prepare_model
from llm_rerank.prompt import Prompt, PromptConfig
from llm_rerank.tokenizer import ChatTokenizer


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    torch.set_num_threads(1)
    scorer = open_scorer(TrainingConfig(examples="nowhere"), prepare_model(), torch.device("cpu"))  # type: ignore[arg-type]
    for name, weights in scorer.named_parameters():
        if "lora_B" in name:  # zeros, which no gradient of A gets through
            torch.nn.init.normal_(weights, std=0.01)
    return scorer


@pytest.fixture(scope="module")
def forms(scorer: Scorer) -> Forms:
    prompt = Prompt(ChatTokenizer.load(prepare_model().folder), PromptConfig(history_items=6))
    return Forms(scorer, prompt, World(0))


def gradients(scorer: Scorer) -> torch.Tensor:
    return torch.cat([weights.grad.flatten() for weights in scorer.parameters() if weights.grad is not None])


def test_one_prompt_a_candidate_and_one_packed_list_have_the_same_gradients(forms: Forms, scorer: Scorer) -> None:
    found = []
    for form in (FORMS[0], FORMS[2]):
        loss = forms.gradients(form, forms.requests(form, 2, 2))
        found.append((loss, gradients(scorer)))
    (loss, alone), (packed_loss, packed) = found
    torch.testing.assert_close(loss, packed_loss, atol=1e-4, rtol=0)
    assert alone.norm() > 0
    torch.testing.assert_close(alone, packed, atol=1e-4, rtol=1e-2)


def test_several_positions_are_the_moments_of_one_history(forms: Forms) -> None:
    requests = forms.requests(FORMS[3], 2, 4)
    assert [len(request.prefix) for request in requests] == sorted((len(r.prefix) for r in requests), reverse=True)
    longest = requests[0].prefix
    assert all(longest[: len(request.prefix)] == request.prefix for request in requests)
    assert len(forms.gradients(FORMS[3], requests)) == 4


def test_every_form_is_timed(forms: Forms) -> None:
    steps: list[str] = []
    found = measure(forms, [2], 4, 1, steps.append)
    assert len(steps) == 2 * len(FORMS)
    assert [one.form for one in found] == list(FORMS)
    assert [one.decisions for one in found] == [2, 1, 2, 8]
    assert len(speed_table(found).rows) == 4


@pytest.mark.parametrize(
    ("seconds", "verdicts"), [(0.5, ["met", "not met"]), (0.1, ["met", "met"]), (2, ["not met"] * 2)]
)
def test_the_targets_are_ratios_of_one_run(seconds: float, verdicts: list[str]) -> None:
    quick = dict.fromkeys(FORMS, seconds) | {FORMS[0]: 4.0, FORMS[1]: 0.01}
    found = [
        Timed(form=form, k=10, decisions=10, lists=1, tokens=1, seconds=(quick[form] + 1, quick[form]))
        for form in FORMS
    ]
    assert [promise.verdict for promise in training_promises(found)] == verdicts
    assert np.isclose(training_promises(found)[0].measured or 0, 4 / seconds)
