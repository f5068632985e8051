"""The check that no explanation leaves the program without: every word must come from the facts or be an ordinary one.

A closed vocabulary rather than a search for known names: what is in neither list is rejected, so that a product, brand,
price or trait that nobody gave cannot pass, however it is spelt. Then the facts must be joined rightly, clause by
clause: what the user "bought" must be a cited item that was bought, a number must be true of all named beside it.
Where a true text is hard to tell from a false one it is refused: the template then says the same.
"""

import re
from typing import Final

from llm_rerank.explanations.check_chinese import problem_chinese
from llm_rerank.explanations.check_english import problem_english
from llm_rerank.explanations.facts import Facts
from llm_rerank.ranking import Language

MOST_SENTENCES: Final = 2

_SENTENCE_END: Final = re.compile(r"[.!?](?:\s|$)|[。！？]")


def problem_with(text: str, facts: Facts, language: Language) -> str:
    """What is wrong with a text, in a few words; empty where it may be shown."""
    if not facts.acts:
        return "there is nothing to cite"
    if not text or text[-1] not in ".!。！":
        return "it does not end"
    if len(_SENTENCE_END.findall(text)) > MOST_SENTENCES:
        return "it has too many sentences"
    return problem_chinese(text, facts) if language == "zh" else problem_english(text, facts)
