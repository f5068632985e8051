"""The sentences that facts allow: each is true of them. What trains the writer is drawn from here, and what it writes
is looked for here; there is no second description that could fall out of step."""

import numpy as np

from llm_rerank.explanations.chinese import chinese
from llm_rerank.explanations.english import english
from llm_rerank.explanations.facts import Facts
from llm_rerank.explanations.phrases import Phrase
from llm_rerank.ranking import Language


def sentences(facts: Facts, language: Language) -> Phrase:
    """All that may be said, in one language."""
    return chinese(facts) if language == "zh" else english(facts)


def say(facts: Facts, language: Language, rng: np.random.Generator) -> str:
    """One of these texts, by chance."""
    return sentences(facts, language).say(rng)
