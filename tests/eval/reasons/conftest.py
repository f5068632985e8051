"""The tiny grocer's recommender on the stand-in engine, and reasons that were never asked for."""

from collections.abc import Callable

import pytest

from eval.reasons.judged import Judged
from eval.reasons.records import Reason, Scored, Tried
from eval.reasons.statements import Statement
from llm_rerank.config import EngineConfig, RecommendConfig
from llm_rerank.recommender import Recommender
from retrieval.folder import BuiltShop

STAND_IN = RecommendConfig(engine=EngineConfig(kind="fake"), candidates=6)


@pytest.fixture(scope="session")
def recommender(built: BuiltShop) -> Recommender:
    return Recommender.for_shop(built, STAND_IN)


@pytest.fixture
def judged_of() -> Callable[..., Judged]:
    """A reason of which only the scores matter: with all it is 1, `others` fall by half as much as `fall`."""

    def make(fall: float = 0.4, *, user: str = "anna", text: str = "You bought milk.", true: bool = True) -> Judged:
        cited = Scored(items=("milk",), without=1 - fall, only=0.5 + fall)
        tried = Tried(cited=cited, others=Scored(items=("tea",), without=1 - abs(fall) / 2, only=0.5))
        reason = Reason(
            item_id="oat",
            llm_score=1,
            text=text,
            source="model",
            rejected="",
            refused="",
            cited={"milk": fall},
            against={"tea": -fall},
            own=tried,
            shuffled=None,
            opposed=tried,
            swapped_in=(),
        )
        said = (Statement(words="You bought milk", true=true),)
        return Judged(
            user=user,
            list_number=0,
            language="en",
            reason=reason,
            titles=("Oat milk 1 l", "Whole milk 1 l"),
            values=("dairy", "Great Value"),
            others_read=3,
            cited_read=True,
            swapped_read=None,
            strange_read=False,
            names_all=True,
            unknown=(),
            said=said,
            swapped=(),
            strange=(Statement(words="You bought milk", true=False),),
        )

    return make
