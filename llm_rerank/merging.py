"""A base and an adapter as one checkpoint, for whatever serves models and knows no adapters."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from safetensors import SafetensorError
from transformers import AutoTokenizer

from llm_rerank.adapters import Adapter
from llm_rerank.engines.transformers import _read_model  # that file's digest names all scores that are kept
from llm_rerank.models import PreparedModel
from retrieval.errors import ConfigError, ModelError
from retrieval.files import write_json

MERGED: Final = "merged.json"
"""Says what the checkpoint was made of. It was trained with the prompt that stands there, and has no other."""


def merge(adapter: Adapter, base: PreparedModel, out: Path) -> None:
    """Writes the base with the adapter's weights added, in float32, and its tokenizer; `out` is there whole or not.

    Raises ModelError for another base than the adapter's, and ConfigError where something lies in `out`.
    """
    adapter.require_base(base)
    require_free(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as made:
        part = Path(made) / "model"
        try:
            _read_model(base.folder, adapter.folder).save_pretrained(part)
        except SafetensorError as err:  # its own word for a full disk
            raise ModelError(
                f"the checkpoint cannot be written ({err})",
                field="out",
                value=str(out),
                remedy="It takes as much room as the base in float32.",
            ) from err
        for weights in part.glob("*.safetensors"):
            weights.chmod(0o644)  # whoever serves it may be another user
        AutoTokenizer.from_pretrained(base.folder, local_files_only=True).save_pretrained(part)
        write_json(part / MERGED, _made_of(adapter, base))
        part.replace(out)


def require_free(out: Path) -> None:
    """Raises ConfigError where something lies in `out`."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError(
            "something lies there already", field="out", value=str(out), remedy="Give another folder, or clear it."
        )


def _made_of(adapter: Adapter, base: PreparedModel) -> dict[str, object]:
    return {
        "adapter_id": adapter.adapter_id,
        "base": base.name,
        "base_fingerprint": base.fingerprint,
        "prompt": adapter.prompt.model_dump(),
        "examples": adapter.examples,
        "metrics": dict(adapter.metrics),
    }
