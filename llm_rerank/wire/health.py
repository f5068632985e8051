"""Whether a service answers, and whether requests should come to it."""

from llm_rerank.wire.base import Answered


class HealthOut(Answered):
    """That the process answers."""

    status: str


class ReadyOut(Answered):
    """Whether requests should come here."""

    ready: bool
    wrong: list[str]
    """Why not; empty where they should."""
