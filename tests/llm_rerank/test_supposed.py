import pytest

from llm_rerank.supposed import require_touched, with_purchases, without_items
from retrieval.catalogue import Catalogue
from retrieval.errors import RecordError
from retrieval.log import InteractionLog
from retrieval.records import UserHistory


@pytest.fixture
def anna(log: InteractionLog) -> UserHistory:
    return log.history("anna")  # milk bread, butter, milk coffee, bread, milk


def test_what_was_never_touched(anna: UserHistory) -> None:
    left = without_items(anna, ["milk", "butter"])
    assert [one.item_id for one in left.interactions] == ["bread", "coffee", "bread"]


def test_what_is_not_there_cannot_be_passed_over(anna: UserHistory) -> None:
    require_touched(anna, ["milk"])
    with pytest.raises(RecordError, match=r"without='tea'.*does not have this item\. Name items"):
        require_touched(anna, ["milk", "tea"])


def test_the_newest_of_all_and_nothing_is_older_for_it(anna: UserHistory, catalogue: Catalogue) -> None:
    newest = anna.interactions[-1].timestamp
    *before, tea, oat = with_purchases(anna, ["tea", "oat"], catalogue).interactions
    assert tuple(before) == anna.interactions
    assert [(one.item_id, one.kind, one.timestamp) for one in (tea, oat)] == [
        ("tea", "purchase", newest),
        ("oat", "purchase", newest),
    ]


def test_the_first_of_all(catalogue: Catalogue) -> None:
    bought = with_purchases(UserHistory(user_id="new"), ["tea"], catalogue)
    assert (bought.item_ids, bought.interactions[0].user_id) == (("tea",), "new")


def test_what_is_not_sold_cannot_be_added(anna: UserHistory, catalogue: Catalogue) -> None:
    with pytest.raises(RecordError, match=r"added='caviar'.*Name items that are sold"):
        with_purchases(anna, ["caviar"], catalogue)
