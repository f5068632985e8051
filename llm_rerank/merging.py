"""A base and an adapter as one checkpoint, for whatever serves models and knows no adapters."""

from pathlib import Path
from typing import Final

from llm_rerank.adapters import Adapter
from llm_rerank.checkpoints import require_free, write_checkpoint
from llm_rerank.engines.transformers import _read_model  # that file's digest names all scores that are kept
from llm_rerank.models import PreparedModel

MERGED: Final = "merged.json"
"""Says what the checkpoint was made of. It was trained with the prompt and for the method that stand there, and has no
other."""


def merge(adapter: Adapter, base: PreparedModel, out: Path) -> None:
    """Writes the base with the adapter's weights added, in float32, and its tokenizer; see write_checkpoint.

    Raises ModelError for another base than the adapter's.
    """
    adapter.require_base(base)
    require_free(out)  # first: nobody should wait for a model to hear it
    write_checkpoint(out, _read_model(base.folder, adapter.folder), base, MERGED, _made_of(adapter, base))


def _made_of(adapter: Adapter, base: PreparedModel) -> dict[str, object]:
    return {
        "adapter_id": adapter.adapter_id,
        "base": base.name,
        "base_fingerprint": base.fingerprint,
        "prompt": adapter.prompt.model_dump(),
        "method": adapter.method,
        "examples": adapter.examples,
        "metrics": dict(adapter.metrics),
    }
