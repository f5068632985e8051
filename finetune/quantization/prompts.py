"""Prompts to calibrate on: what the model is asked in service, as token ids, each as long as it is there."""

import numpy as np

from finetune.examples import ExampleFolder
from finetune.quantization.config import CalibrationConfig
from finetune.training.lists import validation_list
from llm_rerank.prompt import Prompt
from llm_rerank.ranking import Method
from llm_rerank.tokenizer import TokenIds


def calibration_prompts(config: CalibrationConfig, prompt: Prompt, method: Method = "packed") -> list[TokenIds]:
    """One a list: the history, then one candidate, or all of them lettered. The same every time.

    Raises DatasetError where there are not so many lists, or their histories are too short for the prompt.
    """
    examples = ExampleFolder(config.examples)
    examples.require_histories(prompt.config.history_items)
    rng = np.random.default_rng(config.seed)
    prompts = []
    for example in examples.drawn("train", config.prompts, rng, field="calibration.prompts"):
        request = validation_list(example, prompt, examples.catalogue, method=method)
        prompts.append(request.prefix + request.continuations[rng.integers(len(request.continuations))])
    return prompts
