"""The check that no explanation leaves the program without: the text must be one of the sentences that the facts allow.

A whitelist of words cannot tell a true sentence from a false one made of the same words, and a search for false ones
never ends. So the true ones are described instead: who did what to which cited item, how often, when last, that this
raised the model's score, what the catalogue says of the suggestion, and what both have in common. Anything else is
refused, true or not, and the template stands in.
"""

from llm_rerank.explanations.facts import Facts
from llm_rerank.explanations.grammar import sentences
from llm_rerank.explanations.phrases import is_said
from llm_rerank.ranking import Language


def problem_with(text: str, facts: Facts, language: Language) -> str:
    """What is wrong with a text, in a few words; empty where it may be shown."""
    if not text or text[-1] not in ".!。！":
        return "it does not end"
    return "" if is_said(sentences(facts, language), text) else "it says more than the facts do"
