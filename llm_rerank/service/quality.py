"""Quality: the runs in a folder, as people are shown them."""

from pathlib import Path

from llm_rerank.service.results import RESULT, read_run
from llm_rerank.wire.quality import QualityOut, UnreadableOut
from retrieval.errors import BuildError


def quality(folder: Path) -> QualityOut:
    """All runs in the folder, the newest first. One that cannot be read hides no other."""
    runs, unreadable = [], []
    for path in sorted(folder.glob(f"*/{RESULT}")):
        try:
            runs.append(read_run(path.parent))
        except BuildError as err:
            unreadable.append(UnreadableOut(name=path.parent.name, problem=err.problem))
    return QualityOut(runs=sorted(runs, key=lambda run: run.date, reverse=True), unreadable=unreadable)
