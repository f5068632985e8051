"""Quality: the runs in a folder, as people are shown them."""

from pathlib import Path

from pydantic import ValidationError

from llm_rerank.service.results import RESULT, read_run
from llm_rerank.wire.quality import QualityOut, UnreadableOut
from retrieval.errors import BuildError


def quality(folder: Path, *, with_examples: bool) -> QualityOut:
    """All runs in the folder, the newest first. One that cannot be read hides no other."""
    runs, unreadable = [], []
    for path in sorted(folder.glob(f"*/{RESULT}")):
        try:
            runs.append(read_run(path.parent, with_examples=with_examples))
        except BuildError as err:
            unreadable.append(UnreadableOut(name=path.parent.name, problem=err.problem))
        except (ValidationError, LookupError):
            unreadable.append(UnreadableOut(name=path.parent.name, problem="this is no result of a run"))
    return QualityOut(runs=sorted(runs, key=lambda run: run.date, reverse=True), unreadable=unreadable)
