"""The sentences that facts allow: each is true of them. What trains the writer is drawn from here, and what it writes
is looked for here; there is no second description that could fall out of step."""

from dataclasses import replace
from itertools import combinations

import numpy as np

from llm_rerank.explanations.chinese import chinese, chinese_proposals
from llm_rerank.explanations.english import english, english_proposals
from llm_rerank.explanations.facts import CitedAct, Facts
from llm_rerank.explanations.phrases import Phrase, is_said
from llm_rerank.ranking import Language


def sentences(facts: Facts, language: Language) -> Phrase:
    """All that may be said, in one language."""
    return chinese(facts) if language == "zh" else english(facts)


def say(facts: Facts, language: Language, rng: np.random.Generator) -> str:
    """One of these texts, by chance."""
    return sentences(facts, language).say(rng)


def proposals(facts: Facts, language: Language) -> Phrase:
    """Those of the sentences that only propose the item."""
    return chinese_proposals(facts) if language == "zh" else english_proposals(facts)


def cited_in(text: str, facts: Facts, language: Language) -> tuple[CitedAct, ...]:
    """Which of the acts are told in a text that the facts allow."""
    parts = (acts for count in range(1, len(facts.acts)) for acts in combinations(facts.acts, count))
    told = (acts for acts in parts if is_said(sentences(replace(facts, acts=acts), language), text))
    return next(told, facts.acts)
