"""What the trained sources of a build have learnt, in words: what a shop wants to know before it trusts their order."""

from pathlib import Path

from retrieval.files import Arrays, read_arrays
from retrieval.folder import config_of
from retrieval.layout import BLEND, retriever_file
from retrieval.manifest import Manifest
from retrieval.retrievers.model_configs import TransitionsConfig
from retrieval.retrievers.sequence.config import SequenceConfig


def learnt(folder: Path) -> dict[str, str]:
    """By source, and for `blend`; raises BuildError where the build is not finished or damaged."""
    config = config_of(Manifest.read(folder), folder)
    trained = [source for source in config.retrievers if isinstance(source, SequenceConfig | TransitionsConfig)]
    found = {source.name: _of_source(read_arrays(folder / retriever_file(source))) for source in trained}
    return found if config.blend is None else found | {"blend": _of_blend(read_arrays(folder / BLEND))}


def _of_source(arrays: Arrays) -> str:
    count = len(arrays["items"])
    return f"knows {count:,} items" if count else "has learnt nothing: no user did anything after something else"


def _of_blend(arrays: Arrays) -> str:
    if "check/blend" not in arrays:
        return "has too little to learn from: fusion orders what the sources propose"
    verdict = "orders what the sources propose" if "model" in arrays else "is not surely better: fusion orders them"
    blend, fusion = (float(arrays[f"check/{name}"]) for name in ("blend", "fusion"))
    return f"{verdict} (NDCG@10 {blend:.4f}, of fusion {fusion:.4f}, for users held out to check)"
