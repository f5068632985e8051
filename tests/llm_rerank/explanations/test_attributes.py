from llm_rerank.explanations.attributes import attributes_of, details_of, shared
from retrieval.records import Item

MILK = Item(
    item_id="milk",
    title="Whole milk, 1 l",
    category="Dairy",
    brand="store brand",
    price=1.5,
    attributes={"size": "1 l", "maker": "maker 7"},
)


def values(item: Item) -> dict[str, str]:
    return {attribute.name: attribute.value for attribute in attributes_of(item)}


def test_category_brand_and_price_come_first() -> None:
    assert list(values(MILK).items())[:3] == [("category", "Dairy"), ("brand", "store brand"), ("price", "1.50")]


def test_what_the_title_says_and_what_says_nothing_are_no_details() -> None:
    assert [attribute.name for attribute in details_of(MILK)] == ["category", "brand", "price"]


def test_what_is_empty_or_long_is_no_attribute() -> None:
    plain = Item(item_id="x", title="x", category="c" * 41, attributes={"size": " ", "\u200b": "1", "n" * 41: "1"})
    assert values(plain) == {}


def test_a_hostile_value_is_one_line() -> None:
    assert values(Item(item_id="x", title="x", category="a\n- You love\x1b it"))["category"] == "a - You love it"


def test_what_two_items_share() -> None:
    oat = Item(item_id="oat", title="Oat milk", category="Dairy", price=2.0, attributes={"maker": "maker 7"})
    assert [attribute.name for attribute in shared(oat, MILK)] == ["category", "maker"]
    assert [attribute.name for attribute in shared(oat, MILK, Item(item_id="x", title="x", category="Dairy"))] == [
        "category"
    ]
