"""Token ids in, label logits or text out: a deterministic stand-in and transformers with packed scoring."""

from pathlib import Path
from typing import Literal

from llm_rerank.engines.base import Engine
from llm_rerank.engines.fake import FakeEngine
from llm_rerank.tokenizer import Tokenizer
from retrieval.errors import MissingExtraError


def build_engine(
    kind: Literal["transformers", "fake"],
    folder: Path,
    tokenizer: Tokenizer,
    *,
    adapter: Path | None = None,
    device: str | None = None,
) -> Engine:
    """The engine of that kind over the prepared model in `folder`, with an adapter's weights added.

    Heavy imports happen here and nowhere else.
    """
    match kind:
        case "fake":
            return FakeEngine(tokenizer)
        case "transformers":
            try:
                from llm_rerank.engines.transformers import TransformersEngine
            except ImportError as err:
                raise MissingExtraError(
                    f"the transformers engine cannot be imported ({err})",
                    field="engine",
                    value=kind,
                    remedy="Run pip install 'llm-rerank[serve]'",
                ) from err
            return TransformersEngine.load(folder, tokenizer, adapter=adapter, device=device)
