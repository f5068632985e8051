"""The writer: the LLM words the facts, the check judges, the template stands in."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Final

from llm_rerank.engines.base import Engine, GenerationRequest
from llm_rerank.explanations.asking import asked
from llm_rerank.explanations.check import problem_with
from llm_rerank.explanations.events import Drafted, Explained
from llm_rerank.explanations.facts import Facts
from llm_rerank.explanations.template import template
from llm_rerank.prompt import Prompt
from llm_rerank.ranking import Explanation, Language
from llm_rerank.terms import PLAIN, Terms
from llm_rerank.tokenizer import one_line

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
        """What is written of each of `facts` as it is written, and its explanation as soon as that is checked.

        An engine that fails raises EngineError.
        """
        refused = list(range(len(facts)))
        for attempt, temperature in enumerate(self._temperatures, start=1):
            places, refused = refused, []
            texts = [""] * len(places)
            for piece in self._engine.generate(
                [self._request(facts[i], language, temperature, terms) for i in places], cancel=terms.cancel
            ):
                i = places[piece.index]
                texts[piece.index] += piece.text
                yield Drafted(place=i, attempt=attempt, text=piece.text)
                if not piece.done:
                    continue
                text = one_line(texts[piece.index])
                problem = problem_with(text, facts[i], language)
                if problem and attempt < len(self._temperatures):
                    refused.append(i)
                else:
                    yield Explained(place=i, explanation=_explanation(text, facts[i], language, problem))

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


def _explanation(text: str, facts: Facts, language: Language, problem: str) -> Explanation:
    return Explanation(
        text=template(facts, language) if problem else text,
        language=language,
        source="template" if problem else "model",
        evidence=facts.evidence,
        rejected=problem,
    )
