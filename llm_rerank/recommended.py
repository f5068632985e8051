"""What a recommender answers: a ranking, and what the request kept out of it."""

from dataclasses import dataclass

from llm_rerank.ranking import Ranking


@dataclass(frozen=True, kw_only=True, slots=True)
class Recommended(Ranking):
    """A ranking of what was proposed."""

    left_out: tuple[str, ...] = ()
    """What the request hides of that which would have been among the candidates otherwise, the best first."""
