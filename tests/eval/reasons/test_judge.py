"""The judge must find what is wrong with a reason, without the program's own check."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from eval.reasons.judge import Judge, TitleFinder
from eval.reasons.records import Reason
from retrieval.catalogue import Catalogue
from retrieval.log import InteractionLog
from retrieval.records import Interaction, Item, UserHistory

HISTORY = UserHistory.of(
    "anna", [Interaction(user_id="anna", item_id="milk", timestamp=datetime(2024, 1, 1, tzinfo=UTC))]
)


def of_oat(text: str, *cited: str) -> Reason:
    return Reason(
        item_id="oat",
        llm_score=0.5,
        text=text,
        source="model",
        rejected="",
        refused="",
        cited=dict.fromkeys(cited, 0.5),
        against={},
        own=None,
        shuffled=None,
        opposed=None,
        swapped_in=(),
    )


def test_a_true_reason_passes(catalogue: Catalogue) -> None:
    judge, reason = Judge(catalogue), of_oat("You bought Whole milk 1 l.", "milk")
    assert judge.unknown_titles(reason) == []
    assert [one.true for one in judge.statements(reason, HISTORY)] == [True]


def test_a_title_that_is_neither_cited_nor_suggested_is_found(catalogue: Catalogue) -> None:
    assert Judge(catalogue).unknown_titles(of_oat("You bought whole milk 1 l and BROWN BREAD.", "milk")) == [
        "Brown bread"
    ]


@pytest.mark.parametrize(("cited", "unknown"), [("bread", []), ("milk", ["Baked goods"])])
def test_a_category_that_is_called_like_another_item_may_be_said(
    catalogue: Catalogue, cited: str, unknown: list[str]
) -> None:
    """Of what is cited, and of nothing else."""
    bread = replace(catalogue["bread"], category="Baked goods")
    others = [item for item in catalogue if item.item_id != "bread"]
    shop = Catalogue([*others, bread, Item(item_id="goods", title="Baked goods")])
    assert Judge(shop).unknown_titles(of_oat("It is in the category Baked goods.", cited)) == unknown


def test_what_two_fields_say_together_is_no_excuse(catalogue: Catalogue) -> None:
    """A title that ends one and begins the other is nowhere."""
    bread = replace(catalogue["bread"], category="Rice for baby", brand="Wipes")
    shop = Catalogue([*(item for item in catalogue if item.item_id != "bread"), bread])
    assert Judge(shop).unknown_titles(of_oat("You bought Baby wipes.", "bread")) == ["Baby wipes"]


def test_a_title_inside_a_longer_word_is_none(catalogue: Catalogue) -> None:
    assert TitleFinder(item.title for item in catalogue).find("brown breads") == set()


def test_the_same_text_of_other_items_is_no_longer_so(catalogue: Catalogue, log: InteractionLog) -> None:
    """Anna bought milk three times and butter once, and wipes never."""
    judge, anna = Judge(catalogue), log.history("anna")
    reason = of_oat("You bought Whole milk 1 l three times.", "milk")
    assert [one.true for one in judge.statements(reason, anna)] == [True, True]
    assert [one.true for one in judge.with_swapped(reason, anna, "en", ["butter"])] == [True, False]
    assert [one.true for one in judge.with_swapped(reason, anna, "en", ["wipes"])] == [False, False]


def test_an_item_that_is_its_own_reason_is_exchanged_too(catalogue: Catalogue, log: InteractionLog) -> None:
    reason = of_oat("You bought this 3 times.", "milk").model_copy(update={"item_id": "milk"})
    judge, anna = Judge(catalogue), log.history("anna")
    assert [one.true for one in judge.statements(reason, anna)] == [True, True]
    assert [one.true for one in judge.with_swapped(reason, anna, "en", ["butter"])] == [True, False]


def test_what_is_cited_and_not_named_is_seen(catalogue: Catalogue) -> None:
    judge = Judge(catalogue)
    assert judge.names_all(of_oat("You bought Whole milk 1 l.", "milk"))
    assert not judge.names_all(of_oat("You bought Whole milk 1 l. We suggest this item.", "milk", "butter"))
    assert judge.names_all(of_oat("You bought this 3 times, and bought Whole milk 1 l.", "oat", "milk"))
