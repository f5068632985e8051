"""What a recommender is made of."""

from pathlib import Path
from typing import Self

from pydantic import Field, JsonValue, model_validator

from llm_rerank.adapters import Adapter
from llm_rerank.engines.base import Kind
from llm_rerank.explanations.evidence import EvidenceConfig
from llm_rerank.models import DEFAULT_MODEL
from llm_rerank.prompt import PromptConfig
from llm_rerank.ranking import Method
from llm_rerank.served import AdapterSetting, served_adapter
from retrieval.settings import Settings


class EngineConfig(Settings):
    """What runs the language model."""

    kind: Kind = "transformers"
    """transformers: a real model in this process. vllm: the same under vLLM. remote: one that `vllm serve` has. fake: a
    stand-in for tests that knows no language."""
    device: str | None = None
    """Where transformers runs: a torch device such as cpu or cuda:0; None takes CUDA where there is one."""
    arguments: dict[str, JsonValue] = Field(default_factory=dict)
    """Arguments of vLLM's engine, by its own names, such as tensor_parallel_size: 2."""
    servers: tuple[str, ...] = ()
    """Addresses of remote servers, such as http://gpu-1:8000; the environment's VLLM_API_KEY is shown to them."""

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        for name, kind in (("device", "transformers"), ("arguments", "vllm"), ("servers", "remote")):
            if getattr(self, name) and self.kind != kind:
                raise ValueError(f"{name}: {kind} alone has it; leave it out, or set kind: {kind}")
        if self.kind == "remote" and not self.servers:
            raise ValueError("servers: a remote engine needs one, such as http://gpu-1:8000")
        return self


class RerankerConfig(Settings):
    """The language model, what it is asked, and how much it has to say."""

    model: str = DEFAULT_MODEL
    """The embedded default, a local folder, or a hub model by name."""
    adapter: AdapterSetting | None = None
    """A LoRA adapter that was trained for this model and this prompt: its folder, or `registry` and `channel` for the
    one that is live there when the program starts. None: the model as it is."""
    engine: EngineConfig = EngineConfig()
    """What runs the model."""
    prompt: PromptConfig = PromptConfig()
    """What the model is asked."""
    block_tokens: int = Field(default=1, ge=1, le=512)
    """A prefix begins with empty lines, as many as make it a multiple of so many tokens: vLLM remembers whole blocks,
    and computes what is over again for every candidate. 1: none. Scores change a little with it."""
    method: Method = "packed"
    """How candidates are scored; only packed scores can be explained."""
    candidates: int = Field(default=50, ge=0, le=1000)
    """How many candidates retrieval proposes and the LLM scores."""
    llm_weight: float = Field(default=0.0, ge=0, le=1)
    """The LLM's share in the final score, as chosen on validation users; a fusion that was learnt has its own."""

    def served(self) -> Adapter | None:
        """The adapter, read and whole, trained with this prompt and for this method; of the model it is not asked yet.

        Raises ModelError for one that was not, BuildError and ConfigError as served_adapter does.
        """
        adapter = served_adapter(self.adapter)
        if adapter is not None:
            adapter.require_prompt(self.prompt)
            adapter.require_method(self.method)
        return adapter

    def settled(self) -> Self:
        """The same with its adapter by folder: another one may be live the next time. Raises as `served` does."""
        adapter = self.served()
        return self if adapter is None else self.model_copy(update={"adapter": adapter.folder})


class RecommendConfig(RerankerConfig):
    """From a user to a ranking with reasons."""

    shop: Path = Path("var/shop")
    """The build folder."""
    fusion: Path | None = None
    """A folder with a fusion that was learnt for this shop's retrieval, this model, adapter and prompt; none: one
    weight, `llm_weight`."""
    evidence: EvidenceConfig = EvidenceConfig()
    """How hard to look for reasons."""
    writer_adapter: AdapterSetting | None = None
    """A LoRA adapter that was trained to word reasons, likewise; none: the weights that score word them."""

    def settled(self) -> Self:
        """Likewise, and its writer's adapter."""
        settled, writer = super().settled(), served_adapter(self.writer_adapter)
        return settled if writer is None else settled.model_copy(update={"writer_adapter": writer.folder})
