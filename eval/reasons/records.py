"""What is asked, and what is kept of an answer: raw, so that it can be judged in another way without asking again."""

from dataclasses import dataclass
from hashlib import sha256

from llm_rerank.ranking import ExplanationSource, Language
from retrieval.records import UserHistory
from retrieval.settings import Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """One list of one user."""

    user: str
    """Who it is: lists of one user are no independent ones."""
    history: UserHistory
    item_ids: tuple[str, ...] | None = None
    """What is ranked, the held-out item first; None: what retrieval proposes."""
    language: Language = "en"
    tried: bool = True
    """Whether scores without what is cited are asked for."""

    @property
    def key(self) -> str:
        """Changes with all that an answer depends on, but for catalogue and model."""
        done = [(i.item_id, i.kind, i.timestamp.isoformat()) for i in self.history.interactions]
        return sha256(repr((done, self.item_ids, self.language, self.tried)).encode()).hexdigest()[:24]


class Scored(Settings):
    """The score of one item without some items of the history, and with nothing but these."""

    items: tuple[str, ...]
    without: float
    only: float


class Tried(Settings):
    """Items of the history, and as many random others that were read, for one explained item."""

    cited: Scored
    others: Scored


class Reason(Settings):
    """One explained item."""

    item_id: str
    llm_score: float
    text: str
    source: ExplanationSource
    rejected: str
    refused: str
    """The last text that the check refused; empty where it refused none."""
    cited: dict[str, float]
    """What it cites, each with its effect."""
    against: dict[str, float]
    """What it says to speak against the item, likewise."""
    own: Tried | None
    """Of what it cites; None where nothing is cited, or the model read fewer others than that."""
    shuffled: Tried | None
    """Of what another item of the list cites and this one does not; None likewise."""
    opposed: Tried | None
    """Of what it says to speak against the item; None likewise."""
    swapped_in: tuple[str, ...]
    """These items, whether the model read enough others or not."""


class Answer(Settings):
    """What the program said to one list."""

    reasons: tuple[Reason, ...]
    read: tuple[str, ...]
    """The items of the history that the model read."""
    held_out_rank: int | None
    """Of the item that the user really took, among those that were to be ranked."""
    seconds: dict[str, float]
    """From the request to the first of each: ranking, evidence, draft, text (checked)."""
    processor_seconds: dict[str, float]
    """The same as this process's time on the processor: what it would have taken if nobody else had wanted it."""
    load: float
    """How much there was to do: the machine's load average of that minute."""
