"""From a shop and what is served to its learned fusion."""

from hashlib import sha256
from pathlib import Path

from llm_rerank.learned_fusion.features import FusionFeatures
from llm_rerank.learned_fusion.model import LearnedFusion
from llm_rerank.learned_fusion.record import LearntWith
from llm_rerank.prompt import PromptConfig
from retrieval.config import RetrievalConfig
from retrieval.folder import BuiltShop


def open_fusion(folder: Path, shop: BuiltShop, served_with: LearntWith) -> LearnedFusion:
    """The fusion in that folder; raises BuildError where there is none, ConfigError where it was learnt otherwise."""
    sources = served_with.sources
    fusion = LearnedFusion.read(folder, FusionFeatures(shop.catalogue, shop.vectors, shop.log, sources))
    fusion.record.learnt_with.require(served_with)
    return fusion


def learnt_with(model: str, adapter: str | None, prompt: PromptConfig, retrieval: RetrievalConfig) -> LearntWith:
    """`model` is the base's fingerprint, `adapter` the adapter's id."""
    joined = retrieval.model_dump_json(include={"embedder", "retrievers", "hybrid", "blend"})
    return LearntWith(
        model=model,
        adapter=adapter,
        prompt=prompt.fingerprint,
        sources=tuple(source.name for source in retrieval.retrievers),
        retrieval=sha256(joined.encode()).hexdigest()[:16],
    )
