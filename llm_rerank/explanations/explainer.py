"""The explainer: evidence by ablation, facts from evidence, text from facts, a check before anybody reads it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from threading import Event

from llm_rerank.explanations.evidence import EvidenceFinder
from llm_rerank.explanations.facts import facts_of
from llm_rerank.explanations.writer import Writer
from llm_rerank.ranking import Explanation, Language, RankedItem
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
        instruction: str | None = None,
        cancel: Event | None = None,
    ) -> tuple[RankedItem, ...]:
        """The same items, each with its explanation. `instruction` must be the one they were ranked with."""
        explanations = dict(self.stream(history, ranked, language=language, instruction=instruction, cancel=cancel))
        return tuple(replace(item, explanation=explanations[i]) for i, item in enumerate(ranked))

    def stream(
        self,
        history: UserHistory,
        ranked: Sequence[RankedItem],
        *,
        language: Language = "en",
        instruction: str | None = None,
        cancel: Event | None = None,
    ) -> Iterator[tuple[int, Explanation]]:
        """Each explanation with its position in `ranked`, as soon as it is checked."""
        evidence = self._finder.find(history, ranked, instruction=instruction, cancel=cancel)
        facts = [
            facts_of(item.item, found, history, self._catalogue) for item, found in zip(ranked, evidence, strict=True)
        ]
        yield from self._writer.write(facts, language, cancel=cancel)
