"""What comes with the project fits the configurations that come with it."""

from pathlib import Path

from llm_rerank.adapters import Adapter
from llm_rerank.config import RecommendConfig
from llm_rerank.explanations.asking import writer_prompt
from llm_rerank.models import PreparedModel
from retrieval.config import read_config

ROOT = Path(__file__).parents[2]
SERVED = read_config(ROOT / "configs" / "recommend.yaml", RecommendConfig)
MOST_BYTES = 8_000_000


def test_the_demos_adapter_is_small_whole_and_for_its_base_and_prompt(prepared: PreparedModel) -> None:
    assert isinstance(SERVED.adapter, Path)
    adapter = Adapter.read(ROOT / SERVED.adapter)
    adapter.require(prepared, SERVED.prompt)
    assert adapter.size < MOST_BYTES


def test_so_is_the_one_that_words_the_reasons(prepared: PreparedModel) -> None:
    """It is asked as it was trained: who changes the question trains it again."""
    assert isinstance(SERVED.writer_adapter, Path)
    adapter = Adapter.read(ROOT / SERVED.writer_adapter)
    adapter.require(prepared, writer_prompt())
    assert adapter.size < MOST_BYTES
