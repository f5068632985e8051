"""Prompts to calibrate on: what the model is asked in service, as token ids, each as long as it is there."""

from collections.abc import Iterator

import numpy as np

from finetune.examples import Example, ExampleFolder
from finetune.quantization.config import CalibrationConfig
from finetune.training.lists import validation_list
from llm_rerank.prompt import Prompt
from llm_rerank.tokenizer import TokenIds
from retrieval.errors import DatasetError


def calibration_prompts(config: CalibrationConfig, prompt: Prompt) -> list[TokenIds]:
    """One a list: the history, then one candidate. The same every time.

    Raises DatasetError where there are not so many lists.
    """
    examples = ExampleFolder(config.examples)
    rng = np.random.default_rng(config.seed)
    prompts = []
    for example in _drawn(examples, config, rng):
        request = validation_list(example, prompt, examples.catalogue)
        prompts.append(request.prefix + request.continuations[rng.integers(len(request.continuations))])
    return prompts


def _drawn(examples: ExampleFolder, config: CalibrationConfig, rng: np.random.Generator) -> Iterator[Example]:
    rows = examples.rows("train")
    if rows < config.prompts:
        raise DatasetError(
            f"the examples hold {rows:,} lists to train on",
            field="calibration.prompts",
            value=config.prompts,
            remedy="Ask for fewer, or make more examples.",
        )
    drawn = set(rng.choice(rows, config.prompts, replace=False).tolist())
    return (example for number, example in enumerate(examples.all("train")) if number in drawn)
