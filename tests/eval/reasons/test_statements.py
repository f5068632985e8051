"""The judge of the statements reads what is said, and knows what is so from the log and the catalogue alone."""

import pytest

from eval.reasons.statements import statements, told
from retrieval.catalogue import Catalogue
from retrieval.log import InteractionLog
from retrieval.records import Item


def judged(catalogue: Catalogue, log: InteractionLog, text: str, *cited: str) -> list[bool]:
    """Of oat milk, said to Anna: milk on 1, 3 and 5 January, butter on 2, coffee on 3, bread on 1 and 4."""
    items = [catalogue[item_id] for item_id in cited]
    return [one.true for one in statements(text, catalogue["oat"], items, log.history("anna"))]


@pytest.mark.parametrize(
    ("text", "true"),
    [
        ("You bought Whole milk 1 l three times, last on 5 January.", [True, True, True]),
        ("You bought Whole milk 1 l 3 times, last on 4 January 2024.", [True, True, False]),
        ("You bought Whole milk 1 l twice and Salted butter 250 g once on 2 January.", [True, True, False, True, True]),
        (
            "Your three purchases of Whole milk 1 l and your purchase of Salted butter 250 g each raised it.",
            [True, True, True, True],
        ),
        ("Your purchase of Whole milk 1 l raised it.", [True, False]),
        ("You bought Salted butter 250 g in January 2024.", [True, True]),
        ("You bought Salted butter 250 g in January 2023.", [True, False]),
        ("You bought Whole milk 1 l. This item is also in the category dairy.", [True, True]),
        ("You bought Whole milk 1 l. This item is in the category dairy too.", [True, True]),
        ("You bought Whole milk 1 l. Oat milk 1 l is in the category drinks.", [True, False]),
        ("You bought Whole milk 1 l. Oat milk 1 l is of the brand Field and priced at 2.10.", [True, True, True]),
        ("You bought Whole milk 1 l. Oat milk 1 l is of the brand Meadow and priced at 2.1.", [True, False, False]),
        ("You bought Whole milk 1 l. Oat milk 1 l is also of the brand Field.", [True, False]),
        ("Like Whole milk 1 l, which you bought 3 times, Oat milk 1 l is in the category dairy.", [True, True, True]),
        ("You bought Whole milk 1 l. This item has the same category, dairy.", [True, True]),
        ("You bought Whole milk 1 l. This item has the same category, drinks.", [True, False]),
        ("You bought Whole milk 1 l. This item has the same brand.", [True, False]),
        ("You bought Whole milk 1 l.", [True]),
        ("You rated Whole milk 1 l, and bought Salted butter 250 g.", [False, True]),
        ("Your rating of Whole milk 1 l raised it.", [False, False]),
        ("With Whole milk 1 l in your history, the model scores Oat milk 1 l higher.", [True]),
        ("Nothing that was tried of your history raised the model's score of Oat milk 1 l.", []),
    ],
)
def test_each_statement(catalogue: Catalogue, log: InteractionLog, text: str, true: list[bool]) -> None:
    assert judged(catalogue, log, text, "milk", "butter") == true


def test_what_speaks_against_an_item_was_done_as_often_as_is_said(catalogue: Catalogue, log: InteractionLog) -> None:
    text = "You bought Salted butter 250 g. Your 2 purchases of Whole milk 1 l lowered this item's score."
    butter, milk = catalogue["butter"], catalogue["milk"]
    found = statements(text, catalogue["oat"], [butter], log.history("anna"), [milk])
    assert [one.true for one in found] == [True, True, False]


def test_how_little_is_known_is_a_statement(catalogue: Catalogue, log: InteractionLog) -> None:
    text = "You bought Salted butter 250 g. I know only {} that you did, so I may be wrong."
    assert judged(catalogue, log, text.format("two things"), "butter") == [True, False]
    assert judged(catalogue, log, text.format("seven things"), "butter") == [True, True]


def test_a_title_may_be_cut(catalogue: Catalogue, log: InteractionLog) -> None:
    assert judged(catalogue, log, "You bought Salted butter…, which raised its score.", "butter") == [True]


def test_numbers_in_titles_are_no_statements(catalogue: Catalogue, log: InteractionLog) -> None:
    assert judged(catalogue, log, "You bought Salted butter 250 g, last on 2 January.", "butter") == [True, True]


def test_this_is_the_item_that_is_explained(catalogue: Catalogue, log: InteractionLog) -> None:
    text, item = "You bought this 3 times, last on 5 January 2024.", catalogue["milk"]
    assert [one.true for one in statements(text, item, [item], log.history("anna"))] == [True, True, True]


def test_what_was_never_touched_was_not_bought(catalogue: Catalogue, log: InteractionLog) -> None:
    assert judged(catalogue, log, "You bought Ginger biscuits twice.", "biscuits") == [False, False]


def test_a_title_may_be_told_up_to_a_comma(catalogue: Catalogue, log: InteractionLog) -> None:
    """Unless another one begins like that."""
    assert judged(catalogue, log, "You bought Black tea.", "tea") == [False]
    decaf = Item(item_id="decaf", title="Black tea, decaffeinated")
    both = [catalogue["tea"], decaf]
    assert not list(statements("You bought Black tea.", catalogue["oat"], both, log.history("anna")))


def test_a_long_title_is_told_up_to_its_limit(log: InteractionLog) -> None:
    milk = Item(item_id="milk", title="Milk " * 60)
    text = f"You bought {told(milk.title)} three times."
    assert [one.true for one in statements(text, milk, [milk], log.history("anna"))] == [True, True]
