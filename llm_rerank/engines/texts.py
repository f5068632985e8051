"""A text as it grows by a token at a time: what of it may be handed out, and when it is done."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from llm_rerank.engines.base import GenerationRequest
from llm_rerank.tokenizer import Tokenizer

_HALF_A_CHARACTER: Final = "\ufffd"


@dataclass(kw_only=True, slots=True)
class GrowingText:
    """One text being written: its tokens so far, and how much of it has been handed out."""

    request: GenerationRequest
    tokenizer: Tokenizer
    ids: list[int] = field(default_factory=list)
    handed_out: int = 0
    done: bool = False

    def take(self, token: int) -> str:
        """The next token in; out comes the text that is now certain."""
        if token in self.tokenizer.end_ids:
            self.done = True
        else:
            self.ids.append(token)
            self.done = len(self.ids) >= self.request.max_tokens
        return self._certain_text()

    def end(self) -> str:
        """No more tokens come; out comes what was held back."""
        self.done = True
        return self._certain_text()

    def _certain_text(self) -> str:
        """Text up to a stop text; while more may come, without what could still become a stop text or a character."""
        text = self.tokenizer.decode(tuple(self.ids))
        stops = [at for at in (text.find(stop) for stop in self.request.stop) if at >= 0]
        if stops:
            self.done, text = True, text[: min(stops)]
        elif not self.done:
            text = text[: len(text) - _held_back(text, self.request.stop)]
        piece, self.handed_out = text[self.handed_out :], max(self.handed_out, len(text))
        return piece


def _held_back(text: str, stops: Sequence[str]) -> int:
    """How many characters at the end are not certain yet: the start of a stop text, or half a character."""
    whole = text.rstrip(_HALF_A_CHARACTER)
    begun = max((n for stop in stops for n in range(1, len(stop)) if whole.endswith(stop[:n])), default=0)
    return len(text) - len(whole) + begun
