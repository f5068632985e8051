from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from threading import Event

import pytest

from llm_rerank.engines.base import GeneratedPiece, GenerationRequest
from llm_rerank.engines.fake import FakeEngine
from llm_rerank.explanations.events import Drafted, Explained
from llm_rerank.explanations.facts import CitedAct, Facts
from llm_rerank.explanations.writer import Writer, writing_request
from llm_rerank.prompt import Prompt
from llm_rerank.ranking import Explanation
from llm_rerank.terms import Terms
from llm_rerank.tokenizer import ChatTokenizer
from retrieval.errors import EngineError


class Says(FakeEngine):
    """Writes one given text for every request, word by word; None fails."""

    said: str | None = ""
    corrected: str | None = None
    """What it says where it is asked greedily."""

    def generate(
        self, requests: Sequence[GenerationRequest], *, cancel: Event | None = None
    ) -> Iterator[GeneratedPiece]:
        if self.said is None:
            raise EngineError("broken")
        for index, request in enumerate(requests):
            said = self.corrected if self.corrected is not None and request.temperature == 0 else self.said
            yield from (GeneratedPiece(index=index, text=f" {word}") for word in said.split())
            yield GeneratedPiece(index=index, text="", done=True)


def written(writer: Writer, facts: Sequence[Facts]) -> dict[int, Explanation]:
    """By place; each comes once."""
    said = [event for event in writer.write(facts, "en") if isinstance(event, Explained)]
    assert len({event.place for event in said}) == len(said)
    return {event.place: event.explanation for event in said}


@pytest.fixture
def engine(characters: ChatTokenizer) -> Says:
    return Says(characters)


@pytest.fixture
def writer(engine: Says, characters: ChatTokenizer) -> Writer:
    return Writer(engine, Prompt(characters), trained=True)


def test_a_true_text_is_kept(engine: Says, writer: Writer, milk: Facts) -> None:
    engine.said = "You bought Whole milk 1 l twice."
    told = written(writer, [milk])[0]
    assert told.text == "You bought Whole milk 1 l twice. This item is in the category dairy."
    assert (told.source, told.rejected) == ("model", "")
    assert told.evidence == milk.evidence[:1]


def test_an_untrue_text_is_replaced_and_the_reason_kept(engine: Says, writer: Writer, milk: Facts) -> None:
    engine.said = "You love Whole milk 1 l."
    told = written(writer, [milk])[0]
    assert (told.source, told.rejected) == ("template", "it says more than the facts do")


def test_every_position_comes_once(engine: Says, writer: Writer, milk: Facts, make_facts: Callable[..., Facts]) -> None:
    engine.said = "You bought Whole milk 1 l."
    engine.corrected = "You bought Salted butter 250 g."
    assert sorted(written(writer, [milk, make_facts(), milk])) == [0, 1, 2]


def test_the_same_facts_are_asked_in_the_same_way(characters: ChatTokenizer, milk: Facts) -> None:
    one, again = (writing_request(milk, "en", Prompt(characters)) for _ in range(2))
    assert one == again
    assert characters.decode(one.prompt).endswith(
        "- You bought Salted butter 250 g, on 5 January 2024 (same category dairy)"
    )


def test_where_there_is_nothing_to_cite_nothing_is_said(
    engine: Says, writer: Writer, make_facts: Callable[..., Facts]
) -> None:
    engine.said = None  # and nobody is asked
    (event,) = writer.write([make_facts()], "en")
    assert isinstance(event, Explained)
    assert (event.explanation.text, event.explanation.source, event.explanation.evidence) == ("", "none", ())


def test_no_two_reasons_of_a_list_are_alike(engine: Says, writer: Writer, milk: Facts) -> None:
    engine.said = "You bought Whole milk 1 l twice."
    told = written(writer, [milk, milk, milk])
    assert len({reason.text for reason in told.values()}) == 3
    assert [told[place].source for place in range(3)] == ["model", "template", "template"]
    assert told[1].rejected == "another item's reason says the same"


def test_what_is_written_already_is_not_lost_with_what_is_not(characters: ChatTokenizer, milk: Facts) -> None:
    class Breaks(Says):
        def generate(
            self, requests: Sequence[GenerationRequest], *, cancel: Event | None = None
        ) -> Iterator[GeneratedPiece]:
            yield GeneratedPiece(index=1, text="You bought Whole milk 1 l twice.", done=True)
            raise EngineError("broken")

    told: list[object] = []
    with pytest.raises(EngineError):
        told.extend(Writer(Breaks(characters), Prompt(characters), trained=True).write([milk, milk], "en"))
    assert [event.place for event in told if isinstance(event, Explained)] == [1]


class Backwards(Says):
    """Is done with the last one first."""

    def generate(
        self, requests: Sequence[GenerationRequest], *, cancel: Event | None = None
    ) -> Iterator[GeneratedPiece]:
        pieces = list(super().generate(requests, cancel=cancel))
        yield from sorted(pieces, key=lambda piece: -piece.index)


def test_which_of_two_alike_is_shown_does_not_depend_on_which_was_written_first(
    characters: ChatTokenizer, milk: Facts
) -> None:
    engine = Backwards(characters)
    engine.said = "You bought Whole milk 1 l twice."
    told = written(Writer(engine, Prompt(characters), trained=True), [milk, milk])
    assert [told[place].source for place in range(2)] == ["model", "template"]


def test_what_speaks_against_an_item_is_kept_with_its_reason(
    engine: Says, writer: Writer, milk: Facts, make_act: Callable[..., CitedAct]
) -> None:
    engine.said = "You bought Whole milk 1 l twice."
    against = make_act("Black tea")
    told = written(writer, [replace(milk, against=against)])[0]
    assert told.text.endswith("Your purchase of Black tea lowered this item's score.")
    assert told.against == (against.evidence,)


def test_what_is_refused_is_tried_once_more(engine: Says, writer: Writer, milk: Facts) -> None:
    engine.said, engine.corrected = "You love Whole milk 1 l.", "You bought Whole milk 1 l twice."
    told = written(writer, [milk])[0]
    assert told.text.startswith(engine.corrected)
    assert told.source == "model"


def test_one_that_is_not_trained_is_asked_once(engine: Says, characters: ChatTokenizer, milk: Facts) -> None:
    engine.said, engine.corrected = "You bought Whole milk 1 l twice.", "You love Whole milk 1 l."
    told = written(Writer(engine, Prompt(characters), trained=False), [milk])[0]
    assert told.source == "template"


def test_what_nobody_has_checked_is_told_apart_and_by_attempt(engine: Says, writer: Writer, milk: Facts) -> None:
    engine.said, engine.corrected = "You love it.", "You bought Whole milk 1 l twice."
    *drafts, last = writer.write([milk], "en")
    assert isinstance(last, Explained)
    assert [(draft.attempt, draft.text) for draft in drafts if isinstance(draft, Drafted)][:5] == [
        (1, " You"),
        (1, " love"),
        (1, " it."),
        (1, ""),
        (2, " You"),
    ]


def test_whoever_asks_is_told_to_the_engine(writer: Writer, milk: Facts) -> None:
    request = writer._request(milk, "en", 0.0, Terms(salt="anna's", priority=3))
    assert (request.salt, request.priority) == ("anna's", 3)
