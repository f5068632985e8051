"""The writer: the LLM words the facts, the check judges, the template stands in."""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from threading import Event
from typing import Final

from llm_rerank.engines.base import Engine, GenerationRequest
from llm_rerank.explanations.asking import asked
from llm_rerank.explanations.check import problem_with
from llm_rerank.explanations.facts import Facts
from llm_rerank.explanations.template import template
from llm_rerank.prompt import Prompt
from llm_rerank.ranking import Explanation, Language
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

    def write(
        self, facts: Sequence[Facts], language: Language, *, cancel: Event | None = None
    ) -> Iterator[tuple[int, Explanation]]:
        """Each explanation with its position in `facts`, as soon as it is written and checked.

        An engine that fails raises EngineError.
        """
        refused = list(range(len(facts)))
        for number, temperature in enumerate(self._temperatures, start=1):
            asked, refused = refused, []
            requests = [writing_request(facts[i], language, self._prompt, temperature) for i in asked]
            for place, text in self._texts(requests, cancel):
                i = asked[place]
                problem = problem_with(text, facts[i], language)
                if problem and number < len(self._temperatures):
                    refused.append(i)
                else:
                    yield i, _explanation(text, facts[i], language, problem)

    def _texts(self, requests: Sequence[GenerationRequest], cancel: Event | None) -> Iterator[tuple[int, str]]:
        """Each whole text with its place, as soon as it is done."""
        texts = [""] * len(requests)
        for piece in self._engine.generate(requests, cancel=cancel):
            texts[piece.index] += piece.text
            if piece.done:
                yield piece.index, one_line(texts[piece.index])


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
