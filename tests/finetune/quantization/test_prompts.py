from pathlib import Path

import pytest

from finetune.examples import ExampleFolder
from finetune.quantization.config import CalibrationConfig
from finetune.quantization.prompts import calibration_prompts
from llm_rerank.counted import counted_history
from llm_rerank.models import PreparedModel
from llm_rerank.prompt import Prompt, PromptConfig
from llm_rerank.tokenizer import ChatTokenizer
from retrieval.errors import DatasetError


@pytest.fixture(scope="module")
def tokenizer(tiny: PreparedModel) -> ChatTokenizer:
    return ChatTokenizer.load(tiny.folder)


@pytest.fixture(scope="module")
def prompt(tokenizer: ChatTokenizer) -> Prompt:
    return Prompt(tokenizer, PromptConfig(chat=False, lead="", question="Buy?"))


def test_a_prompt_is_what_service_asks_of_one_candidate(rows: Path, prompt: Prompt) -> None:
    catalogue = ExampleFolder(rows).catalogue
    asked = prompt.yes_no(counted_history("user", ["0", "1"], (1, 2)), tuple(catalogue), catalogue)
    whole = {asked.prefix + continuation for continuation in asked.continuations}
    found = calibration_prompts(CalibrationConfig(examples=rows, prompts=8), prompt)
    assert set(found) <= whole
    assert len(set(found)) > 1


def test_a_model_of_letters_is_shown_all_of_a_list(rows: Path, prompt: Prompt, tokenizer: ChatTokenizer) -> None:
    catalogue = ExampleFolder(rows).catalogue
    shown = [tokenizer.encode(f"({letter})") for letter in "ABCDEF"]
    asked = prompt.letters(counted_history("user", ["0", "1"], (1, 2)), tuple(catalogue)[2:8], catalogue)
    for ids in calibration_prompts(CalibrationConfig(examples=rows, prompts=8), prompt, "letters"):
        assert len(ids) == len(asked.prefix + asked.continuations[0])
        assert all(letter[0] in ids for letter in shown)


def test_histories_that_are_too_short_for_the_prompt_are_refused(rows: Path, tokenizer: ChatTokenizer) -> None:
    """The examples hold twenty items."""
    with pytest.raises(DatasetError, match=r"prompt\.history_items=21"):
        calibration_prompts(CalibrationConfig(examples=rows), Prompt(tokenizer, PromptConfig(history_items=21)))


def test_households_to_validate_on_are_not_calibrated_on(rows: Path, prompt: Prompt, tokenizer: ChatTokenizer) -> None:
    asked = calibration_prompts(CalibrationConfig(examples=rows, prompts=8), prompt)
    (eight,) = tokenizer.encode("8")
    assert len(asked) == 8
    assert all(eight not in ids for ids in asked)


def test_the_draw_is_the_seeds(rows: Path, prompt: Prompt) -> None:
    first, again, other = (
        calibration_prompts(CalibrationConfig(examples=rows, prompts=8, seed=seed), prompt) for seed in (0, 0, 1)
    )
    assert first == again != other


def test_more_prompts_than_lists_are_refused(rows: Path, prompt: Prompt) -> None:
    with pytest.raises(DatasetError, match=r"calibration\.prompts=9: the examples hold 8 lists"):
        calibration_prompts(CalibrationConfig(examples=rows, prompts=9), prompt)
