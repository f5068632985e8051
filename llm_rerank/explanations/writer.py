"""The writer: the LLM words the facts, the check judges, what is told by rule stands in."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Final

from llm_rerank.engines.base import Engine, GenerationRequest
from llm_rerank.explanations.asking import asked
from llm_rerank.explanations.check import problem_with
from llm_rerank.explanations.events import Drafted, Explained
from llm_rerank.explanations.facts import Facts
from llm_rerank.explanations.wording import Worded, by_rule, finished
from llm_rerank.prompt import Prompt
from llm_rerank.ranking import Explanation, ExplanationSource, Language
from llm_rerank.terms import PLAIN, Terms
from llm_rerank.tokenizer import one_line
from retrieval.errors import EngineError

_MOST_TOKENS: Final = 120
_TEMPERATURES: Final = (0.6, 0.0, 0.8)
"""Of the first try of a trained writer, so that what is said of like facts is not always worded alike, and of the next
ones, for what the check refused. The facts seed the chance: the same facts are always worded alike."""


class Writer:
    """Writes explanations with one engine."""

    def __init__(self, engine: Engine, prompt: Prompt, *, trained: bool) -> None:
        """`trained`: the engine generates with an adapter made for this; without one a second try is in vain."""
        self._engine = engine
        self._prompt = prompt
        self._temperatures = _TEMPERATURES if trained else (0.0,)

    def write(self, facts: Sequence[Facts], language: Language, terms: Terms = PLAIN) -> Iterator[Drafted | Explained]:
        """What is written of each of `facts`, those of one list, as it is written, and its explanation as soon as that
        is checked. Of what nothing speaks for, nothing is said.

        An engine that fails raises EngineError.
        """
        reasons = _Reasons(facts, language)
        left = [place for place, of_item in enumerate(facts) if of_item.acts]
        yield from (reasons.silent(place) for place in range(len(facts)) if place not in left)
        for attempt, temperature in enumerate(self._temperatures, start=1):
            if not left:
                break
            asking = [self._request(facts[place], language, temperature, terms) for place in left]
            left = yield from self._attempt(asking, left, reasons, attempt, terms)
        yield from map(reasons.by_rule, left)

    def _attempt(
        self,
        asking: Sequence[GenerationRequest],
        places: Sequence[int],
        reasons: "_Reasons",
        attempt: int,
        terms: Terms,
    ) -> Generator[Drafted | Explained, None, list[int]]:
        """Returns those that were refused. All are judged in their order: which of two alike is shown is not for the
        engine's speed to say.
        """
        texts, done, judged = [""] * len(places), set[int](), 0
        refused = []
        try:
            for piece in self._engine.generate(asking, cancel=terms.cancel):
                texts[piece.index] += piece.text
                yield Drafted(place=places[piece.index], attempt=attempt, text=piece.text)
                if piece.done:
                    done.add(piece.index)
                while judged in done:
                    explained = reasons.checked(places[judged], texts[judged])
                    if explained is None:
                        refused.append(places[judged])
                    else:
                        yield explained
                    judged += 1
        except EngineError:  # what is written is not lost with what is not
            there = (reasons.checked(places[at], texts[at]) for at in sorted(done) if at > judged)
            yield from (explained for explained in there if explained is not None)
            raise
        return refused

    def _request(self, facts: Facts, language: Language, temperature: float, terms: Terms) -> GenerationRequest:
        request = writing_request(facts, language, self._prompt, temperature)
        return replace(request, salt=terms.salt, priority=terms.priority)


def writing_request(facts: Facts, language: Language, prompt: Prompt, temperature: float = 0.0) -> GenerationRequest:
    """What the model is asked: here for those who are served and for those who train it."""
    lines = asked(facts, language)
    seed = int.from_bytes(sha256("\n".join(lines).encode()).digest()[:4])
    return GenerationRequest(
        prompt=prompt.task(lines, begun=""), max_tokens=_MOST_TOKENS, temperature=temperature, seed=seed, stop=("\n",)
    )


class _Reasons:
    """The reasons of one list: no two alike."""

    def __init__(self, facts: Sequence[Facts], language: Language) -> None:
        self._facts, self._language = facts, language
        self._said: set[str] = set()
        self._problems: dict[int, str] = {}

    def checked(self, place: int, text: str) -> Explained | None:
        """What the model wrote, as it is shown; None where it is refused."""
        facts, text = self._facts[place], one_line(text)
        self._problems[place] = problem_with(text, facts, self._language)
        if self._problems[place]:
            return None
        worded = finished(text, facts, self._language)
        if worded is None or worded.text in self._said:
            self._problems[place] = "it is too long" if worded is None else "another item's reason says the same"
            return None
        return self._explained(place, worded, "model")

    def by_rule(self, place: int) -> Explained:
        """What is said in place of a text that was refused."""
        worded = by_rule(self._facts[place], self._language, self._said)
        return self.silent(place) if worded is None else self._explained(place, worded, "template")

    def silent(self, place: int) -> Explained:
        """Nothing is."""
        explanation = Explanation(
            text="", language=self._language, source="none", rejected=self._problems.get(place, "")
        )
        return Explained(place=place, explanation=explanation)

    def _explained(self, place: int, worded: Worded, source: ExplanationSource) -> Explained:
        self._said.add(worded.text)
        against = self._facts[place].against
        explanation = Explanation(
            text=worded.text,
            language=self._language,
            source=source,
            evidence=tuple(act.evidence for act in worded.acts),
            against=() if against is None else (against.evidence,),
            rejected="" if source == "model" else self._problems.get(place, ""),
        )
        return Explained(place=place, explanation=explanation)
