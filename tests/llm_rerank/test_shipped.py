"""What comes with the project fits the configurations that come with it."""

from pathlib import Path

from llm_rerank.adapters import Adapter
from llm_rerank.config import RecommendConfig
from llm_rerank.learned_fusion.model import read_record
from llm_rerank.learned_fusion.opening import learnt_with
from llm_rerank.models import PreparedModel
from retrieval.config import RetrievalConfig, read_config

ROOT = Path(__file__).parents[2]
SERVED = read_config(ROOT / "configs" / "recommend.yaml", RecommendConfig)
MOST_BYTES = 8_000_000


def test_the_demos_adapter_is_small_whole_and_for_its_base_and_prompt(prepared: PreparedModel) -> None:
    assert isinstance(SERVED.adapter, Path)
    adapter = Adapter.read(ROOT / SERVED.adapter)
    adapter.require(prepared, SERVED.prompt)
    assert adapter.size < MOST_BYTES


def test_the_demos_fusion_was_learnt_with_what_the_demo_serves(prepared: PreparedModel) -> None:
    assert isinstance(SERVED.adapter, Path)
    assert SERVED.fusion is not None
    record = read_record(ROOT / SERVED.fusion)
    build = read_config(ROOT / "configs" / "retrieval.yaml", RetrievalConfig)
    adapter = Adapter.read(ROOT / SERVED.adapter).adapter_id
    record.learnt_with.require(learnt_with(prepared.fingerprint, adapter, SERVED.prompt, build))
    assert record.candidates == SERVED.candidates
