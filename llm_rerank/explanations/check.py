"""The check that no explanation leaves the program without: the text must be one of the sentences that the facts allow.

A whitelist of words cannot tell a true sentence from a false one made of the same words, and a search for false ones
never ends. So the true ones are described instead: who did what to which cited item, how often, when last, that this
raised the model's score, and what is suggested. Anything else is refused, true or not, and the template stands in.
No sentence says that the suggestion follows from the act: whether it does depends on the weight of the model's score.
"""

import re

from llm_rerank.explanations.facts import Facts
from llm_rerank.explanations.grammar import Names, chinese, english, names_in
from llm_rerank.ranking import Language


def problem_with(text: str, facts: Facts, language: Language) -> str:
    """What is wrong with a text, in a few words; empty where it may be shown."""
    if not facts.acts:
        return "there is nothing to cite"
    if not text or text[-1] not in ".!。！":
        return "it does not end"
    names = names_in(facts)
    if not _cites(text, names):
        return "it cites nothing"
    grammar = chinese(facts, names) if language == "zh" else english(facts, names)
    return "" if re.fullmatch(grammar, text, re.IGNORECASE) else "it says more than the facts do"


def _cites(text: str, names: Names) -> bool:
    return any(name in text for cited in names.cited for name in cited)
