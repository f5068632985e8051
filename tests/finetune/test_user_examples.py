from collections.abc import Collection

from finetune.examples_config import ExamplesConfig
from finetune.folds import Folds
from finetune.user_examples import UserExamples
from retrieval.records import Candidate, UserHistory
from retrieval.retrievers.base import Retriever
from retrieval.shop import ShopData


class Listening(Folds):
    """Proposes nothing to anybody, and keeps for which history."""

    name = "listening"

    def __init__(self) -> None:
        self.asked: list[UserHistory] = []

    def retriever(self, user_id: str) -> Retriever:
        return self

    def retrieve(
        self, history: UserHistory, top_n: int, *, exclude: Collection[str] = frozenset()
    ) -> tuple[Candidate, ...]:
        self.asked.append(history)
        return ()


def test_retrieval_is_asked_with_exactly_what_came_before_each_basket(shop: ShopData, config: ExamplesConfig) -> None:
    folds, bought = Listening(), shop.log.history("ben").interactions
    UserExamples(shop, config, folds).all("ben")  # milk and bread, cheddar, bread and butter, coffee
    assert [history.interactions for history in folds.asked] == [bought[:2], bought[:3], bought[:5]]
