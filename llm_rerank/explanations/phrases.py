"""Phrases: what may stand at one place of a sentence. One description both says a sentence and recognises it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np


class Phrase(Protocol):
    """A set of texts."""

    def ends(self, text: str, start: int) -> frozenset[int]:
        """Where it may end in `text` if it begins at `start`; empty where it does not stand there."""
        ...

    def say(self, rng: np.random.Generator) -> str:
        """One of the texts."""
        ...


@dataclass(frozen=True, slots=True)
class Words:
    """This text, in any case."""

    text: str

    def ends(self, text: str, start: int) -> frozenset[int]:
        """See Phrase.ends."""
        end = start + len(self.text)
        return frozenset([end] if text[start:end].casefold() == self.text.casefold() else [])

    def say(self, rng: np.random.Generator) -> str:
        """See Phrase.say."""
        return self.text


@dataclass(frozen=True, slots=True)
class Exactly:
    """This text, in its own case: a film may be called "It"."""

    text: str

    def ends(self, text: str, start: int) -> frozenset[int]:
        """See Phrase.ends."""
        return frozenset([start + len(self.text)] if text.startswith(self.text, start) else [])

    def say(self, rng: np.random.Generator) -> str:
        """See Phrase.say."""
        return self.text


@dataclass(frozen=True, slots=True)
class Row:
    """One phrase after the other."""

    parts: tuple[Phrase, ...]

    def ends(self, text: str, start: int) -> frozenset[int]:
        """See Phrase.ends. All ways are followed at once, so that no text takes long."""
        found = frozenset([start])
        for part in self.parts:
            found = frozenset(end for at in found for end in part.ends(text, at))
        return found

    def say(self, rng: np.random.Generator) -> str:
        """See Phrase.say."""
        return "".join(part.say(rng) for part in self.parts)


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of several phrases; those `understood` are recognised too, and never said."""

    said: tuple[Phrase, ...]
    understood: tuple[Phrase, ...]

    def ends(self, text: str, start: int) -> frozenset[int]:
        """See Phrase.ends."""
        return frozenset[int]().union(*(phrase.ends(text, start) for phrase in self.said + self.understood))

    def say(self, rng: np.random.Generator) -> str:
        """See Phrase.say."""
        return self.said[int(rng.integers(len(self.said)))].say(rng)


def row(*parts: Phrase | str) -> Phrase:
    """The parts, one after the other."""
    return Row(tuple(map(_phrase, parts)))


def one_of(*said: Phrase | str, understood: Iterable[Phrase | str] = ()) -> Phrase:
    """Any of them."""
    return OneOf(tuple(map(_phrase, said)), tuple(map(_phrase, understood)))


def maybe(*parts: Phrase | str) -> Phrase:
    """The parts, or nothing."""
    return one_of("", row(*parts))


def is_said(phrase: Phrase, text: str) -> bool:
    """Whether the whole text is one of the phrase's."""
    return len(text) in phrase.ends(text, 0)


def _phrase(part: Phrase | str) -> Phrase:
    return Words(part) if isinstance(part, str) else part
