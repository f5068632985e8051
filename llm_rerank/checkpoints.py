"""A full checkpoint on the disk, its tokenizer beside it: for whatever serves models."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from safetensors import SafetensorError
from transformers import AutoTokenizer, PreTrainedModel

from llm_rerank.models import PreparedModel
from retrieval.errors import ConfigError, ModelError
from retrieval.files import write_json


def write_checkpoint(
    out: Path, model: PreTrainedModel, base: PreparedModel, about: str, made_of: Mapping[str, object]
) -> None:
    """Writes the model with the base's tokenizer, and a file of the name `about`; `out` is there whole or not at all.

    Raises ConfigError where something lies in `out`, ModelError where the disk is full.
    """
    require_free(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as made:
        part = Path(made) / "model"
        try:
            model.save_pretrained(part)
            AutoTokenizer.from_pretrained(base.folder, local_files_only=True).save_pretrained(part)
            write_json(part / about, dict(made_of))
        except (SafetensorError, OSError) as err:  # safetensors has a word of its own for a full disk
            raise ModelError(
                f"the checkpoint cannot be written ({err})",
                field="out",
                value=str(out),
                remedy="It takes as much room as its weights.",
            ) from err
        for weights in part.glob("*.safetensors"):
            weights.chmod(0o644)  # whoever serves it may be another user
        part.replace(out)


def require_free(out: Path) -> None:
    """Raises ConfigError where something lies in `out`."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError(
            "something lies there already", field="out", value=str(out), remedy="Give another folder, or clear it."
        )
