"""The prompt: the only place where nouns become text for the model, and text becomes token ids.

    prefix        = opening of the chat format, instruction, the history line by line, oldest first
    continuation  = one candidate, the question, closing of the chat format

The prefix is the same for every candidate, so that it is computed once. Text is turned into tokens piece by piece, and
a piece's tokens do not depend on its neighbours: what was trained on is byte for byte what is served.
Titles are untrusted: each becomes one line of visible characters, cut to a budget, without control tokens.
"""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from string import ascii_uppercase
from typing import Final

from pydantic import Field

from llm_rerank.engines.base import ScoringRequest
from llm_rerank.tokenizer import TokenIds, Tokenizer, one_line
from retrieval.catalogue import Catalogue
from retrieval.errors import ModelError, RecordError
from retrieval.records import Item, UserHistory
from retrieval.settings import Settings

LETTERS: Final = ascii_uppercase
_LONGEST_TEXT: Final = 2_000
"""Characters of a title that are read at all: tokenising a megabyte to keep twenty tokens would be an attack."""


class PromptConfig(Settings):
    """What the model is asked, and how much of a history it reads."""

    instruction: str = "The customer's shopping history:"
    """Stands before the history. A request may bring its own."""
    history_items: int = Field(default=20, ge=1, le=500)
    """Distinct items of the history that are read, the newest of them."""
    history_tokens: int = Field(default=1024, ge=16)
    """Token budget of the whole history; what does not fit is left out, oldest first; the newest always stays."""
    title_tokens: int = Field(default=24, ge=4, le=512)
    """Token budget of one title; the rest is cut."""
    lead: str = "Candidate: "
    """Stands before every candidate: keep it short, it is paid for K times."""
    question: str = "Buy?"
    """Stands after every candidate, and is paid for as often."""
    chat: bool = True
    """Whether the whole is a turn of the model's chat format. A model that was trained on the prompt does not need it,
    and each candidate is shorter by what closes the turn."""
    yes: str = "Yes"
    """The answer whose logit raises the score; one token."""
    no: str = "No"
    """The answer whose logit lowers it; one token."""

    @property
    def fingerprint(self) -> str:
        """Changes with anything that changes a prompt: an adapter is served only with the prompt it was trained on."""
        return sha256(f"v1\n{self.model_dump_json()}".encode()).hexdigest()[:16]


class Prompt:
    """Writes the requests of one tokenizer and one configuration."""

    def __init__(self, tokenizer: Tokenizer, config: PromptConfig | None = None, *, block_tokens: int = 1) -> None:
        """`block_tokens`: see RerankerConfig."""
        self.config = config or PromptConfig()
        self._block = block_tokens
        self._tokenizer = tokenizer
        self._opening, self._closing = (tokenizer.opening, tokenizer.closing) if self.config.chat else ((), ())
        self._encode = lru_cache(maxsize=256)(tokenizer.encode)  # the few texts of our own
        self._title = lru_cache(maxsize=100_000)(self._cut_title)
        self._yes_no = tuple(self._label(word) for word in (self.config.yes, self.config.no))

    def apart(self) -> "Prompt":
        """The same that remembers no title of this one, nor this one of it: for texts that no catalogue has."""
        return Prompt(self._tokenizer, self.config, block_tokens=self._block)

    def yes_no(
        self, history: UserHistory, items: Sequence[Item], catalogue: Catalogue, *, instruction: str | None = None
    ) -> ScoringRequest:
        """One continuation an item, to be read at yes and no: packed scoring."""
        return ScoringRequest(
            prefix=self.prefix(history, catalogue, instruction=instruction),
            continuations=tuple(self._candidate(item) for item in items),
            labels=self._yes_no,
        )

    def letters(
        self, history: UserHistory, items: Sequence[Item], catalogue: Catalogue, *, instruction: str | None = None
    ) -> ScoringRequest:
        """All items lettered in one continuation, to be read at their letters (LlamaRec, Yue et al. 2023)."""
        if not 0 < len(items) <= len(LETTERS):
            raise RecordError(
                f"letters name 1 to {len(LETTERS)} candidates",
                field="items",
                value=len(items),
                remedy="Rank in windows, or use packed scoring, which has no such limit",
            )
        lines = [self._encode(f"({letter}) ") + self._line(item) for letter, item in zip(LETTERS, items, strict=False)]
        question = self._encode("Which one will the customer buy next? Answer with its letter.")
        continuation = self._encode("Candidates:\n") + tuple(i for line in lines for i in line)
        return ScoringRequest(
            prefix=self.prefix(history, catalogue, instruction=instruction),
            continuations=(continuation + question + self._closing,),
            labels=tuple(self._label(letter) for letter in LETTERS[: len(items)]),
        )

    def prefix(self, history: UserHistory, catalogue: Catalogue, *, instruction: str | None = None) -> TokenIds:
        """What every candidate of this user shares: opening, instruction, history."""
        asked = one_line((instruction or "")[:_LONGEST_TEXT]) or one_line(self.config.instruction)
        read = tuple(i for line in self._history_lines(history, catalogue) for i in line)
        opening = self._opening + self._tokenizer.encode(f"{asked}\n")
        filled = -(len(opening) + len(read)) % self._block
        return self._encode("\n")[:1] * filled + opening + read

    def task(self, lines: Sequence[str], begun: str) -> TokenIds:
        """A request for free text: each line one line of visible characters, the answer begun for the model."""
        asked = "\n".join(one_line(line[:_LONGEST_TEXT]) for line in lines)
        return self._tokenizer.opening + self._tokenizer.encode(asked) + self._tokenizer.closing + self._encode(begun)

    def shown_items(self, history: UserHistory, catalogue: Catalogue) -> tuple[str, ...]:
        """The history items that the model really reads, oldest first: what an explanation may cite."""
        known = [item_id for item_id in history.item_ids if item_id in catalogue]
        kept: list[str] = []
        budget = self.config.history_tokens
        counts = _times(history)
        for item_id in reversed(known[-self.config.history_items :]):
            budget -= len(self._history_line(catalogue[item_id], counts[item_id]))
            if budget < 0 and kept:  # the newest is always read: "(nothing yet)" would be untrue
                break
            kept.append(item_id)
        return tuple(reversed(kept))

    def _history_lines(self, history: UserHistory, catalogue: Catalogue) -> list[TokenIds]:
        counts = _times(history)
        shown = self.shown_items(history, catalogue)
        return [self._history_line(catalogue[item_id], counts[item_id]) for item_id in shown] or [
            self._encode("(nothing yet)\n")
        ]

    def _history_line(self, item: Item, times: int) -> TokenIds:
        often = self._encode(f" ({times} times)") if times > 1 else ()
        return self._encode("- ") + self.title(item) + often + self._encode("\n")

    def _candidate(self, item: Item) -> TokenIds:
        asked = self._encode(self.config.lead) + self._line(item) + self._encode(self.config.question)
        return asked + self._closing

    def _line(self, item: Item) -> TokenIds:
        return self.title(item) + self._encode("\n")

    def title(self, item: Item) -> TokenIds:
        """The item's title as tokens: one line, no control tokens, within the budget, never empty."""
        return self._title(item.title[:_LONGEST_TEXT])

    def _cut_title(self, text: str) -> TokenIds:
        ids = self._tokenizer.encode(one_line(text)) or self._encode("?")
        return ids[: self.config.title_tokens]

    def _label(self, word: str) -> int:
        ids = self._tokenizer.encode(word)
        if len(ids) != 1:
            raise ModelError(
                "an answer must be one token of the model",
                field="label",
                value=word,
                remedy="Choose other words for prompt.yes and prompt.no, or another model",
            )
        return ids[0]


def _times(history: UserHistory) -> Counter[str]:
    return Counter(interaction.item_id for interaction in history.interactions)
