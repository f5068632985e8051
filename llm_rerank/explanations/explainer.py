"""The explainer: evidence by ablation, facts from evidence, text from facts, a check before anybody reads it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from llm_rerank.explanations.events import Explained, Found, ReasonEvent
from llm_rerank.explanations.evidence import EvidenceFinder, Findings
from llm_rerank.explanations.facts import Facts, facts_of
from llm_rerank.explanations.writer import Writer
from llm_rerank.ranking import Language, RankedItem
from llm_rerank.terms import PLAIN, Terms
from retrieval.catalogue import Catalogue
from retrieval.records import UserHistory


class Explainer:
    """Explains ranked items by what the ranker computed."""

    def __init__(self, finder: EvidenceFinder, writer: Writer, catalogue: Catalogue) -> None:
        self._finder = finder
        self._writer = writer
        self._catalogue = catalogue

    def explain(
        self,
        history: UserHistory,
        ranked: Sequence[RankedItem],
        *,
        language: Language = "en",
        terms: Terms = PLAIN,
    ) -> tuple[RankedItem, ...]:
        """The same items, each with its explanation; the terms are those they were ranked on."""
        events = self.stream(history, ranked, language=language, terms=terms)
        said = {event.place: event.explanation for event in events if isinstance(event, Explained)}
        return tuple(replace(item, explanation=said[place]) for place, item in enumerate(ranked))

    def stream(
        self,
        history: UserHistory,
        ranked: Sequence[RankedItem],
        *,
        language: Language = "en",
        terms: Terms = PLAIN,
    ) -> Iterator[ReasonEvent]:
        """First what was found for each item of `ranked`, then what is written of it."""
        findings = self._finder.find(history, ranked, terms)
        for place, found in enumerate(findings):
            yield Found(place=place, evidence=found.raised, against=found.lowered)
        facts = [self._facts(item, found, history) for item, found in zip(ranked, findings, strict=True)]
        yield from self._writer.write(facts, language, terms)

    def _facts(self, ranked: RankedItem, found: Findings, history: UserHistory) -> Facts:
        return facts_of(ranked.item, found.raised, history, self._catalogue, against=found.lowered)
