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
_TEMPERATURE: Final = 0.7
"""Above 0, so that what is said of like facts is not always worded alike; the facts seed the chance, so that the same
facts are."""


class Writer:
    """Writes explanations with one engine."""

    def __init__(self, engine: Engine, prompt: Prompt) -> None:
        self._engine = engine
        self._prompt = prompt

    def write(
        self, facts: Sequence[Facts], language: Language, *, cancel: Event | None = None
    ) -> Iterator[tuple[int, Explanation]]:
        """Each explanation with its position in `facts`, as soon as it is written and checked.

        An engine that fails raises EngineError.
        """
        texts = [""] * len(facts)
        requests = [writing_request(fact, language, self._prompt) for fact in facts]
        for piece in self._engine.generate(requests, cancel=cancel):
            texts[piece.index] += piece.text
            if piece.done:
                yield piece.index, _checked(one_line(texts[piece.index]), facts[piece.index], language)


def writing_request(facts: Facts, language: Language, prompt: Prompt) -> GenerationRequest:
    """What the model is asked: here for those who are served and for those who train it."""
    lines = asked(facts, language)
    seed = int.from_bytes(sha256("\n".join(lines).encode()).digest()[:4])
    return GenerationRequest(
        prompt=prompt.task(lines), max_tokens=_MOST_TOKENS, temperature=_TEMPERATURE, seed=seed, stop=("\n",)
    )


def _checked(text: str, facts: Facts, language: Language) -> Explanation:
    problem = problem_with(text, facts, language)
    return Explanation(
        text=template(facts, language) if problem else text,
        language=language,
        source="template" if problem else "model",
        evidence=facts.evidence,
        rejected=problem,
    )
