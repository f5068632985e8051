"""From a configuration to a reranker with its model loaded."""

from collections.abc import Callable

from llm_rerank.adapters import Adapter
from llm_rerank.config import RecommendConfig, RerankerConfig
from llm_rerank.engines.base import Lora
from llm_rerank.engines.building import build_engine
from llm_rerank.explanations.asking import WriterPrompt, writer_prompt
from llm_rerank.fusion import Fusion, WeightedFusion
from llm_rerank.learned_fusion.record import read_record
from llm_rerank.models import PreparedModel, prepare_model
from llm_rerank.prompt import Prompt
from llm_rerank.reranker import Reranker
from llm_rerank.served import served_adapter
from llm_rerank.tokenizer import ChatTokenizer
from retrieval.catalogue import Catalogue
from retrieval.folder import BuiltShop


def open_reranker(config: RerankerConfig, catalogue: Catalogue, *, say: Callable[[str], None]) -> Reranker:
    """The configured model, prepared and loaded, with its adapter and prompt; `say` hears of slow steps.

    Raises ModelError for an adapter that was trained on another model, with another prompt or for another method, and
    BuildError or ConfigError for one that is not there (see served_adapter).
    """
    model, adapter = _served(config, say)
    return _open(config, model, adapter, catalogue, WeightedFusion(llm_weight=config.llm_weight))


def open_for_shop(config: RecommendConfig, shop: BuiltShop, *, say: Callable[[str], None]) -> Reranker:
    """The same, with the fusion that was learnt for this shop and the writer's adapter where they are configured.

    Raises ConfigError for a fusion that was learnt with another model, adapter, prompt or retrieval, ModelError for a
    writer of another model or one that was asked in other words.
    """
    model, adapter = _served(config, say)
    writer = served_adapter(config.writer_adapter)
    if writer is not None:
        writer.require(model, writer_prompt())
    return _open(config, model, adapter, shop.catalogue, _fusion(config, model, adapter, shop), writer=writer)


def require_fitting(adapter: Adapter, config: RecommendConfig, *, say: Callable[[str], None]) -> None:
    """Raises ModelError and ConfigError as opening would with this adapter live; neither shop nor weights are read."""
    model = prepare_model(config.model, say=say)
    if isinstance(adapter.prompt, WriterPrompt):
        adapter.require(model, writer_prompt())
        return
    adapter.require(model, config.prompt)
    adapter.require_method(config.method)
    if config.fusion is not None:
        learnt = read_record(config.fusion).learnt_with
        served = {"model": model.fingerprint, "adapter": adapter.adapter_id, "prompt": config.prompt.fingerprint}
        learnt.require(learnt.model_copy(update=served))


def _served(config: RerankerConfig, say: Callable[[str], None]) -> tuple[PreparedModel, Adapter | None]:
    adapter = config.served()  # first: nobody should wait for a model to hear that it is not there
    model = prepare_model(config.model, say=say)
    if adapter is not None:
        adapter.require_base(model)
    return model, adapter


def _fusion(config: RecommendConfig, model: PreparedModel, adapter: Adapter | None, shop: BuiltShop) -> Fusion:
    if config.fusion is None:
        return WeightedFusion(llm_weight=config.llm_weight)
    from llm_rerank.learned_fusion.opening import learnt_with, open_fusion  # brings LightGBM

    served_with = learnt_with(model.fingerprint, adapter.adapter_id if adapter else None, config.prompt, shop.config)
    return open_fusion(config.fusion, shop.as_built, served_with)


def _open(
    config: RerankerConfig,
    model: PreparedModel,
    adapter: Adapter | None,
    catalogue: Catalogue,
    fusion: Fusion,
    *,
    writer: Adapter | None = None,
) -> Reranker:
    tokenizer = ChatTokenizer.load(model.folder)
    # Before the engine: its answers may be no tokens of this model.
    prompt = Prompt(tokenizer, config.prompt, block_tokens=config.block_tokens)
    engine = build_engine(
        config.engine.kind,
        model.folder,
        tokenizer,
        adapter=_lora(adapter),
        writer=_lora(writer),
        device=config.engine.device,
        arguments=config.engine.arguments,
        servers=config.engine.servers,
    )
    adapter_id = adapter.adapter_id if adapter else None
    made_of = {"model": model.fingerprint, "adapter": adapter_id}
    return Reranker(engine, prompt, catalogue, method=config.method, fusion=fusion, **made_of)


def _lora(adapter: Adapter | None) -> Lora | None:
    return None if adapter is None else Lora(name=adapter.adapter_id, folder=adapter.folder)
