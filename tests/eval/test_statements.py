"""The judge of the statements reads what is said, and knows what is so from the log and the catalogue alone."""

import pytest

from eval.statements import statements
from retrieval.catalogue import Catalogue
from retrieval.log import InteractionLog


def judged(catalogue: Catalogue, log: InteractionLog, text: str, *cited: str) -> list[bool]:
    """Of oat milk, said to Anna: milk on 1, 3 and 5 January, butter on 2, coffee on 3, bread on 1 and 4."""
    items = [catalogue[item_id] for item_id in cited]
    return [told.true for told in statements(text, catalogue["oat"], items, log.history("anna"))]


@pytest.mark.parametrize(
    ("text", "true"),
    [
        ("You bought Whole milk 1 l three times, last on 5 January.", [True, True]),
        ("You bought Whole milk 1 l 3 times, last on 4 January 2024.", [True, False]),
        ("You bought Whole milk 1 l twice and Salted butter 250 g once on 2 January.", [False, True, True]),
        (
            "Your three purchases of Whole milk 1 l and your purchase of Salted butter 250 g each raised it.",
            [True, True],
        ),
        ("Your purchase of Whole milk 1 l raised it.", [False]),
        ("You bought Salted butter 250 g in January 2024.", [True]),
        ("You bought Salted butter 250 g in January 2023.", [False]),
        ("You bought Whole milk 1 l. This item is also in the category dairy.", [True]),
        ("You bought Whole milk 1 l. This item is in the category dairy too.", [True]),
        ("You bought Whole milk 1 l. Oat milk 1 l is in the category drinks.", [False]),
        ("You bought Whole milk 1 l. Oat milk 1 l is of the brand Field and priced at 2.10.", [True, True]),
        ("You bought Whole milk 1 l. Oat milk 1 l is of the brand Meadow and priced at 2.1.", [False, False]),
        ("You bought Whole milk 1 l. Oat milk 1 l is also of the brand Field.", [False]),
        ("Like Whole milk 1 l, which you bought 3 times, Oat milk 1 l is in the category dairy.", [True, True]),
        ("You bought Whole milk 1 l. This item has the same category, dairy.", [True]),
        ("You bought Whole milk 1 l. This item has the same category, drinks.", [False]),
        ("You bought Whole milk 1 l. This item has the same brand.", [False]),
        ("You bought Whole milk 1 l.", []),
    ],
)
def test_each_statement(catalogue: Catalogue, log: InteractionLog, text: str, true: list[bool]) -> None:
    assert judged(catalogue, log, text, "milk", "butter") == true


def test_numbers_in_titles_are_no_statements(catalogue: Catalogue, log: InteractionLog) -> None:
    assert judged(catalogue, log, "You bought Salted butter 250 g, last on 2 January.", "butter") == [True]


def test_this_is_the_item_that_is_explained(catalogue: Catalogue, log: InteractionLog) -> None:
    text, item = "You bought this 3 times, last on 5 January 2024.", catalogue["milk"]
    assert [told.true for told in statements(text, item, [item], log.history("anna"))] == [True, True]
