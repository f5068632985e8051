"""The judge of the reasons must find what is wrong with them, without the program's own check."""

from dataclasses import replace
from datetime import UTC, datetime

from eval.reasons import TitleFinder, judge
from llm_rerank.ranking import Evidence, Explanation, RankedItem
from retrieval.catalogue import Catalogue
from retrieval.records import Interaction, Item, UserHistory

HISTORY = UserHistory.of(
    "anna", [Interaction(user_id="anna", item_id="milk", timestamp=datetime(2024, 1, 1, tzinfo=UTC))]
)


def explained(catalogue: Catalogue, text: str, *cited: str) -> RankedItem:
    evidence = tuple(Evidence(item_id=i, title=catalogue[i].title, effect=0.5) for i in cited)
    return RankedItem(
        item=catalogue["oat"],
        rank=1,
        score=1.0,
        retrieval_rank=1,
        llm_score=0.0,
        llm_rank=1,
        explanation=Explanation(text=text, language="en", source="model", evidence=evidence),
    )


def finder(catalogue: Catalogue) -> TitleFinder:
    return TitleFinder(item.title for item in catalogue)


def test_a_true_reason_passes(catalogue: Catalogue) -> None:
    found = judge(explained(catalogue, "You bought Whole milk 1 l.", "milk"), HISTORY, finder(catalogue), catalogue)
    assert (found["not_in_history"], found["unknown_titles"]) == ([], [])


def test_a_title_that_is_neither_cited_nor_suggested_is_found(catalogue: Catalogue) -> None:
    text = "You bought whole milk 1 l and BROWN BREAD."
    assert judge(explained(catalogue, text, "milk"), HISTORY, finder(catalogue), catalogue)["unknown_titles"] == [
        "Brown bread"
    ]


def test_a_category_that_is_called_like_another_item_may_be_said(catalogue: Catalogue) -> None:
    """Of what is cited, and of nothing else."""
    bread = replace(catalogue["bread"], category="Baked goods")
    others = [item for item in catalogue if item.item_id != "bread"]
    shop = Catalogue([*others, bread, Item(item_id="goods", title="Baked goods")])
    text = "It is in the category Baked goods."
    for cited, unknown in (("bread", []), ("milk", ["Baked goods"])):
        assert judge(explained(shop, text, cited), HISTORY, finder(shop), shop)["unknown_titles"] == unknown


def test_what_two_fields_say_together_is_no_excuse(catalogue: Catalogue) -> None:
    """A title that ends one and begins the other is nowhere."""
    bread = replace(catalogue["bread"], category="Rice for baby", brand="Wipes")
    shop = Catalogue([*(item for item in catalogue if item.item_id != "bread"), bread])
    said = explained(shop, "You bought Baby wipes.", "bread")
    assert judge(said, HISTORY, finder(shop), shop)["unknown_titles"] == ["Baby wipes"]


def test_a_citation_outside_the_history_is_found(catalogue: Catalogue) -> None:
    found = judge(explained(catalogue, "You bought Baby wipes.", "wipes"), HISTORY, finder(catalogue), catalogue)
    assert found["not_in_history"] == ["wipes"]


def test_a_title_inside_a_longer_word_is_none(catalogue: Catalogue) -> None:
    assert finder(catalogue).find("brown breads") == set()


def test_what_it_says_is_compared_with_the_log(catalogue: Catalogue) -> None:
    text = "You bought Whole milk 1 l twice, last on 1 January."
    found = judge(explained(catalogue, text, "milk"), HISTORY, finder(catalogue), catalogue)
    assert (found["statements"], found["untrue"]) == (2, ["⟦0⟧ twice"])
