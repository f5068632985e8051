"""From a configuration to a reranker with its model loaded."""

from collections.abc import Callable
from pathlib import Path

from llm_rerank.adapters import Adapter
from llm_rerank.config import RecommendConfig, RerankerConfig
from llm_rerank.engines import build_engine
from llm_rerank.explanations.asking import writer_prompt
from llm_rerank.fusion import Fusion, WeightedFusion
from llm_rerank.models import PreparedModel, prepare_model
from llm_rerank.prompt import Prompt
from llm_rerank.reranker import Reranker
from llm_rerank.tokenizer import ChatTokenizer
from retrieval.catalogue import Catalogue
from retrieval.folder import BuiltShop


def open_reranker(config: RerankerConfig, catalogue: Catalogue, *, say: Callable[[str], None]) -> Reranker:
    """The configured model, prepared and loaded, with its adapter and prompt; `say` hears of slow steps.

    Raises ModelError for an adapter that was trained on another model or with another prompt.
    """
    fusion = WeightedFusion(llm_weight=config.llm_weight)
    return _open(config, _model(config, say), catalogue, fusion)


def open_for_shop(config: RecommendConfig, shop: BuiltShop, *, say: Callable[[str], None]) -> Reranker:
    """The same, with the fusion that was learnt for this shop and the writer's adapter where they are configured.

    Raises ConfigError for a fusion that was learnt with another model, adapter, prompt or retrieval, ModelError for a
    writer of another model or one that was asked in other words.
    """
    model = _model(config, say)
    if config.writer_adapter is not None:
        Adapter.read(config.writer_adapter).require(model, writer_prompt())
    return _open(config, model, shop.catalogue, _fusion(config, model, shop), writer_adapter=config.writer_adapter)


def _model(config: RerankerConfig, say: Callable[[str], None]) -> PreparedModel:
    model = prepare_model(config.model, say=say)
    if config.adapter is not None:
        Adapter.read(config.adapter).require(model, config.prompt)
    return model


def _fusion(config: RecommendConfig, model: PreparedModel, shop: BuiltShop) -> Fusion:
    if config.fusion is None:
        return WeightedFusion(llm_weight=config.llm_weight)
    from llm_rerank.learned_fusion.opening import learnt_with, open_fusion  # brings LightGBM

    adapter = None if config.adapter is None else Adapter.read(config.adapter).adapter_id
    return open_fusion(config.fusion, shop, learnt_with(model.fingerprint, adapter, config.prompt, shop.config))


def _open(
    config: RerankerConfig,
    model: PreparedModel,
    catalogue: Catalogue,
    fusion: Fusion,
    *,
    writer_adapter: Path | None = None,
) -> Reranker:
    tokenizer = ChatTokenizer.load(model.folder)
    engine = build_engine(
        config.engine.kind,
        model.folder,
        tokenizer,
        adapter=config.adapter,
        writer_adapter=writer_adapter,
        device=config.engine.device,
    )
    prompt = Prompt(tokenizer, config.prompt)
    return Reranker(engine, prompt, catalogue, method=config.method, fusion=fusion)
