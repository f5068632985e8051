"""What a learned fusion says of itself: what it was learnt with, from whom, and how it did on others."""

from pathlib import Path
from typing import Final, Literal

from pydantic import ValidationError

from llm_rerank.learned_fusion.config import Variant
from retrieval.errors import BuildError, ConfigError
from retrieval.files import read_json, unreadable
from retrieval.settings import Settings

RECORD: Final = "fusion.json"


class LearntWith(Settings):
    """All that its features mean something by: with another it would be nonsense, and nothing would show it."""

    model: str
    """The base model's fingerprint."""

    adapter: str | None
    """The adapter's id."""

    prompt: str
    """The prompt's fingerprint."""

    sources: tuple[str, ...]
    """Retrieval's sources, in their order."""

    retrieval: str
    """Digest of the embedder's and the sources' settings and of how they are joined."""

    def require(self, other: "LearntWith") -> None:
        """Raises ConfigError where the other differs."""
        ours, theirs = self.model_dump(), other.model_dump()
        if different := [name for name in ours if ours[name] != theirs[name]]:
            raise ConfigError(
                f"the fusion was learnt with another {' and another '.join(different)}",
                field="fusion",
                value={name: ours[name] for name in different},
                remedy="Learn it anew with what is served (python -m finetune.fit_fusion), or leave `fusion` out.",
            )


class FusionRecord(Settings):
    """fusion.json."""

    format: Literal[2] = 2

    learnt_with: LearntWith
    """What it may be served with."""

    variant: Variant
    """What orders the candidates."""

    weight: float = 0.0
    """The LLM's in `one weight`, else 0."""

    llm_weight: float
    """The LLM's share: that weight, or of the gain of all splits of the trees that of the splits on its features."""

    calibration: tuple[float, float]
    """Slope and shift that make log-odds of a score."""

    without_llm: tuple[float, float]
    """The same for a place in retrieval's order, which stays where the LLM does not answer."""

    lists: int
    """Users it was learnt from."""

    candidates: int
    """Of each, at most."""

    data: str
    """Fingerprint of what they did."""

    checks: dict[Variant, float]
    """Mean NDCG@10 of each variant on users that it had not learnt from."""

    importance: dict[str, float]
    """Share of the gain by feature, the largest first."""

    trees: str
    """The file's checksum; empty where there are none."""


def read_record(folder: Path) -> FusionRecord:
    """What a learned fusion says of itself; raises BuildError where it is absent, damaged or of another version."""
    said = read_json(folder / RECORD)
    try:
        return FusionRecord.model_validate(said)
    except ValidationError as err:
        if isinstance(said, dict) and said.get("format") != FusionRecord.model_fields["format"].default:
            raise BuildError(
                "another version of this program learnt this fusion",
                field="fusion",
                value=str(folder),
                remedy="Learn it again: python -m finetune.fit_fusion.",
            ) from err
        raise unreadable(folder / RECORD) from err
