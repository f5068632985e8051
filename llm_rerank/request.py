"""What a caller wants ranked, and how."""

from dataclasses import dataclass

from llm_rerank.ranking import Language
from retrieval.errors import RecordError
from retrieval.records import UserHistory


@dataclass(frozen=True, kw_only=True, slots=True)
class RankingRequest:
    """One user's request. `item_ids` None asks for what retrieval proposes; else these items are ranked, and no others.

    `explained` is how many of the first items get a reason.
    """

    history: UserHistory
    item_ids: tuple[str, ...] | None = None
    top_n: int = 10
    explained: int = 0
    language: Language = "en"
    instruction: str | None = None
    salt: str = ""
    """A secret of the caller's and the user's: their prefixes are kept apart from others' (see Terms)."""
    priority: int = 0
    """Lower comes first, where the engine has more to do than it can at once."""
    hidden: frozenset[str] = frozenset()
    """Items that are not to be proposed; those that `item_ids` names are ranked nevertheless."""

    def __post_init__(self) -> None:
        for name, value in (("top_n", self.top_n), ("explained", self.explained)):
            if value < 0:
                raise RecordError("a number of items is 0 or more", field=name, value=value, remedy="Ask for 0 or more")
