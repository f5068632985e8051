"""The sentences that facts allow: each is true of them. What trains the writer is drawn from here, and what it writes
is looked for here; there is no second description that could fall out of step."""

import numpy as np

from llm_rerank.explanations.chinese import chinese, chinese_proposals, chinese_seconds
from llm_rerank.explanations.english import english, english_proposals, english_seconds
from llm_rerank.explanations.facts import CitedAct, Facts, cited_together
from llm_rerank.explanations.phrases import Phrase, is_said
from llm_rerank.ranking import Language


def sentences(facts: Facts, language: Language) -> Phrase:
    """All that may be said, in one language."""
    return _citing(facts, facts.acts, language)


def seconds(facts: Facts, language: Language) -> Phrase:
    """What of it may stand after the sentence about what was done."""
    return chinese_seconds(facts) if language == "zh" else english_seconds(facts)


def proposals(facts: Facts, language: Language) -> Phrase:
    """Those of `seconds` that only propose the item."""
    return chinese_proposals(facts) if language == "zh" else english_proposals(facts)


def say(facts: Facts, language: Language, rng: np.random.Generator) -> str:
    """One of these texts, by chance."""
    return sentences(facts, language).say(rng)


def cited_in(text: str, facts: Facts, language: Language) -> tuple[CitedAct, ...]:
    """Which of the acts are told in a text that the facts allow."""
    told = (acts for acts in cited_together(facts) if is_said(_citing(facts, acts, language), text))
    return next(told, facts.acts)


def _citing(facts: Facts, acts: tuple[CitedAct, ...], language: Language) -> Phrase:
    """Names are those of all the facts, whatever is cited: what was left out is still there to be mistaken for."""
    return chinese(facts, acts) if language == "zh" else english(facts, acts)
