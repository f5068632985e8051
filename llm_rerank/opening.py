"""From a configuration to a reranker with its model loaded."""

from collections.abc import Callable
from pathlib import Path

from llm_rerank.adapters import Adapter
from llm_rerank.config import RerankerConfig
from llm_rerank.engines import build_engine
from llm_rerank.explanations.asking import writer_prompt
from llm_rerank.models import prepare_model
from llm_rerank.prompt import Prompt
from llm_rerank.reranker import Reranker
from llm_rerank.tokenizer import ChatTokenizer
from retrieval.catalogue import Catalogue


def open_reranker(
    config: RerankerConfig, catalogue: Catalogue, *, writer_adapter: Path | None = None, say: Callable[[str], None]
) -> Reranker:
    """The configured model, prepared and loaded, with its adapter and prompt; `say` hears of slow steps.

    `writer_adapter` is what its engine generates text with. Raises ModelError for an adapter that was trained on
    another model or with another prompt.
    """
    model = prepare_model(config.model, say=say)
    if config.adapter is not None:
        Adapter.read(config.adapter).require(model, config.prompt)
    if writer_adapter is not None:
        Adapter.read(writer_adapter).require(model, writer_prompt())
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
    return Reranker(engine, prompt, catalogue, method=config.method, llm_weight=config.llm_weight)
