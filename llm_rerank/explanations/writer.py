"""The writer: the LLM words the facts, the check judges, the template stands in."""

from collections.abc import Iterator, Sequence
from threading import Event
from typing import Final

from llm_rerank.engines.base import Engine, GenerationRequest
from llm_rerank.explanations.check import problem_with
from llm_rerank.explanations.facts import Facts
from llm_rerank.explanations.template import tell, template
from llm_rerank.prompt import Prompt
from llm_rerank.ranking import Explanation, Language
from llm_rerank.tokenizer import one_line

_MOST_TOKENS: Final = 80

# The answer is begun for the model: a small one otherwise starts to talk about itself.
_TASK: Final[dict[Language, str]] = {
    "en": "Tell the customer in one short sentence why the shop suggests an item. Use only these facts.",
    "zh": "用一句简短的话告诉顾客商店为什么推荐这件商品。只使用以下事实。",
}
_BEGUN: Final[dict[Language, str]] = {"en": "You", "zh": "您"}


class Writer:
    """Writes explanations with one engine."""

    def __init__(self, engine: Engine, prompt: Prompt) -> None:
        self._engine = engine
        self._prompt = prompt

    def write(
        self, facts: Sequence[Facts], language: Language, *, cancel: Event | None = None
    ) -> Iterator[tuple[int, Explanation]]:
        """Each explanation with its position in `facts`, as soon as it is written and checked.

        Where there is nothing to cite the model is not asked. An engine that fails raises EngineError.
        """
        asked = [i for i, fact in enumerate(facts) if fact.acts]
        for i in sorted(set(range(len(facts))) - set(asked)):
            yield i, _templated(facts[i], language, rejected="")
        texts = dict.fromkeys(asked, _BEGUN[language])
        for piece in self._engine.generate([self._request(facts[i], language) for i in asked], cancel=cancel):
            i = asked[piece.index]
            texts[i] += piece.text
            if piece.done:
                yield i, _checked(one_line(texts[i]), facts[i], language)

    def _request(self, facts: Facts, language: Language) -> GenerationRequest:
        acts = [f"- {_BEGUN[language]} {tell(act, language)}" for act in facts.acts]
        item = f"- Suggested item: {facts.title}" if language == "en" else f"- 推荐的商品：{facts.title}"
        prompt = self._prompt.task([_TASK[language], *acts, item], _BEGUN[language])
        return GenerationRequest(prompt=prompt, max_tokens=_MOST_TOKENS, stop=("\n",))


def _checked(text: str, facts: Facts, language: Language) -> Explanation:
    problem = problem_with(text, facts, language)
    if problem:
        return _templated(facts, language, rejected=problem)
    return Explanation(text=text, language=language, source="model", evidence=facts.evidence)


def _templated(facts: Facts, language: Language, *, rejected: str) -> Explanation:
    text = template(facts, language)
    return Explanation(text=text, language=language, source="template", evidence=facts.evidence, rejected=rejected)
