from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from eval.config import ProtocolConfig
from eval.data.base import Benchmark, log_in_order
from eval.protocol import Protocol, inner_split
from retrieval.catalogue import Catalogue
from retrieval.errors import DatasetError
from retrieval.records import Item
from retrieval.shop import ShopData

# anna bought milk and bread on the first day, butter, milk and coffee, bread, milk; eva bought nappies once.
LAST_ITEM = ProtocolConfig(split="leave-one-out", part="test", seen="allowed")
BASKET = ProtocolConfig(split="last-basket", part="test")


def protocol(config: ProtocolConfig, shop: ShopData, given: Mapping[str, tuple[str, ...]] | None = None) -> Protocol:
    return Protocol(config, Benchmark(shop=shop, given=given))


def test_everybody_with_two_interactions_is_asked_for_the_last(shop: ShopData) -> None:
    asked = protocol(LAST_ITEM, shop)
    assert asked.users == ("anna", "ben", "chloe", "dan")
    assert [asked.relevant(user) for user in asked.users] == [("milk",), ("coffee",), ("nappies",), ("tea",)]


def test_validation_never_sees_the_test_part(shop: ShopData) -> None:
    asked = protocol(LAST_ITEM.model_copy(update={"part": "validation"}), shop)
    assert asked.relevant("ben") == ("butter",)
    assert "coffee" not in asked.split.train.history("ben").item_ids


def test_masked_items_of_the_history_are_neither_ranked_nor_right(shop: ShopData) -> None:
    asked = protocol(BASKET, shop)
    assert asked.users == ("ben", "dan")  # anna's and chloe's last baskets are repeats
    assert asked.relevant("dan") == ("brie",)
    assert asked.question("dan").exclude == {"coffee", "tea", "biscuits"}


def test_where_repeats_count_nothing_is_excluded(shop: ShopData) -> None:
    asked = protocol(BASKET.model_copy(update={"seen": "allowed"}), shop)
    assert asked.users == ("anna", "ben", "chloe", "dan")
    assert asked.relevant("dan") == ("brie", "tea")
    assert asked.question("dan").exclude == frozenset()


def test_a_global_time_asks_known_users_for_all_they_did_from_then_on(shop: ShopData) -> None:
    moment = datetime(2024, 1, 3, 9, tzinfo=UTC)  # day 2
    asked = protocol(ProtocolConfig(split="global-time", part="test", at=moment, seen="allowed"), shop)
    assert asked.relevant("anna") == ("milk", "coffee", "bread")
    assert asked.split.train.history("anna").item_ids == ("milk", "bread", "butter")
    assert "eva" not in asked.users


def test_given_candidates_leave_out_all_others_and_only_their_users_are_asked(shop: ShopData) -> None:
    given = {"anna": ("tea", "milk", "oat"), "ben": ("coffee", "tea", "brie")}
    asked = protocol(LAST_ITEM.model_copy(update={"candidates": "given"}), shop, given)
    assert asked.users == ("anna", "ben")
    everything = {item.item_id for item in shop.catalogue}
    assert everything - set(asked.question("anna").exclude) == {"tea", "milk", "oat"}
    assert "3 given items are ranked" in asked.rules[2]


def test_a_given_repeat_is_still_right(shop: ShopData) -> None:
    config = ProtocolConfig(split="leave-one-out", part="test", candidates="given", seen="masked")
    question = protocol(config, shop, {"anna": ("tea", "milk")}).question("anna")  # anna buys milk often
    assert question.relevant == ("milk",)
    assert "milk" not in question.exclude


def test_a_given_candidate_that_is_not_sold(shop: ShopData) -> None:
    with pytest.raises(DatasetError, match=r"'no such item'.*not in the catalogue"):
        protocol(LAST_ITEM.model_copy(update={"candidates": "given"}), shop, {"anna": ("tea", "no such item")})


def test_the_right_one_joins_the_given_ones(shop: ShopData) -> None:
    asked = protocol(LAST_ITEM.model_copy(update={"candidates": "given"}), shop, {"anna": ("tea", "oat")})
    assert asked.question("anna").given == {"tea", "oat", *asked.question("anna").relevant}


def test_this_data_gives_no_candidates(shop: ShopData) -> None:
    with pytest.raises(DatasetError, match="gives no candidates"):
        protocol(LAST_ITEM.model_copy(update={"candidates": "given"}), shop)


def test_some_users_are_drawn_by_seed(shop: ShopData) -> None:
    drawn = [protocol(LAST_ITEM.model_copy(update={"users": 2, "seed": seed}), shop).users for seed in (0, 0, 1, 2, 3)]
    assert drawn[0] == drawn[1]
    assert len(set(drawn)) > 1
    assert {len(users) for users in drawn} == {2}


def test_nobody_is_left_to_ask() -> None:
    shop = ShopData(
        name="new",
        catalogue=Catalogue([Item(item_id="milk", title="Milk")]),
        log=log_in_order(["anna", "ben"], ["milk", "milk"]),
    )
    with pytest.raises(DatasetError, match="leave no user to ask about"):
        protocol(LAST_ITEM, shop)


def test_the_rules_in_words_state_ties_and_users(shop: ShopData) -> None:
    rules = protocol(BASKET.model_copy(update={"users": 1}), shop).rules
    assert rules == [
        "Split: each user's last basket (test) or the one before it (validation) is held out; part: test.",
        "Learnt from: all that came before it.",
        "Candidates: every item of the catalogue is ranked; items of the user's history are left out of the ranking.",
        "Ties: interactions of one moment keep the file's order; items of equal score the catalogue's.",
        "Users: 1, drawn at random.",
    ]


def test_a_blend_learns_from_what_came_before_the_held_out(shop: ShopData) -> None:
    asked = protocol(BASKET, shop)
    inner = inner_split(BASKET, asked.split.train)
    assert inner.targets["dan"] == ("tea",)  # brie and tea, the newest, is what the benchmark asks
    assert inner.train.history("dan").item_ids == ("coffee", "tea", "biscuits")


def test_papers_do_not_learn_from_the_validation_item(shop: ShopData) -> None:
    asked = protocol(LAST_ITEM.model_copy(update={"learn_from": "before-validation"}), shop)
    of_anna = [i.item_id for i in shop.log.history("anna").interactions]
    assert [i.item_id for i in asked.split.train.history("anna").interactions] == of_anna[:-1]
    assert [i.item_id for i in asked.learnt.history("anna").interactions] == of_anna[:-2]
    assert asked.inner().targets["anna"] == (of_anna[-2],)


def test_on_validation_all_that_came_before_is_learnt(shop: ShopData) -> None:
    update = {"learn_from": "before-validation", "part": "validation"}
    asked = protocol(LAST_ITEM.model_copy(update=update), shop)
    assert asked.learnt is asked.split.train
    assert len(asked.inner().train) < len(asked.learnt)
