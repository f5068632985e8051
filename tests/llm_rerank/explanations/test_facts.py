from datetime import UTC, datetime

from llm_rerank.explanations.facts import facts_of
from llm_rerank.ranking import Evidence
from retrieval.catalogue import Catalogue
from retrieval.log import InteractionLog
from retrieval.records import Interaction, InteractionKind, Item, UserHistory


def did(day: int, item_id: str, kind: InteractionKind = "purchase") -> Interaction:
    return Interaction(user_id="u", item_id=item_id, timestamp=datetime(2024, 1, day, tzinfo=UTC), kind=kind)


def evidence(*item_ids: str) -> tuple[Evidence, ...]:
    return tuple(Evidence(item_id=i, title=i, effect=1.0) for i in item_ids)


def test_what_is_called_like_something_cited_does_not_speak_against_it() -> None:
    shop = Catalogue([Item(item_id=name, title="Milk") for name in "ab"] + [Item(item_id="oat", title="Oat milk")])
    history = UserHistory(user_id="u", interactions=(did(1, "a"), did(2, "b")))
    raised, lowered = (
        Evidence(item_id=name, title="Milk", effect=effect) for name, effect in (("a", 1.0), ("b", -1.0))
    )
    assert facts_of(shop["oat"], (raised,), history, shop, against=(lowered,)).against is None


def test_what_weighs_less_than_half_of_what_speaks_for_an_item_is_not_told(
    catalogue: Catalogue, log: InteractionLog
) -> None:
    history = log.history("anna")
    for effect, told in ((-0.5, True), (-0.49, False)):
        against = Evidence(item_id="bread", title="Bread", effect=effect)
        found = (Evidence(item_id="milk", title="Milk", effect=1.0), against)
        facts = facts_of(catalogue["oat"], found[:1], history, catalogue, against=found[1:])
        assert (facts.against is not None) is told
        assert facts.known == len(history.interactions)


def test_the_newest_kind_of_act_and_how_often_it_was_done(catalogue: Catalogue) -> None:
    history = UserHistory.of("u", [did(1, "milk"), did(2, "milk", "view"), did(3, "milk"), did(4, "tea")])
    (act,) = facts_of(catalogue["oat"], evidence("milk"), history, catalogue).acts
    assert (act.title, act.kind, act.times, act.last.day) == ("Whole milk 1 l", "purchase", 2, 3)


def test_the_two_strongest_are_cited(catalogue: Catalogue) -> None:
    history = UserHistory.of("u", [did(1, "milk"), did(2, "tea"), did(3, "bread")])
    facts = facts_of(catalogue["oat"], evidence("tea", "bread", "milk"), history, catalogue)
    assert [e.item_id for e in facts.evidence] == ["tea", "bread"]


def test_a_hostile_title_becomes_one_short_line() -> None:
    shop = Catalogue([Item(item_id="x", title="a\n- You bought \x1b[31m" + "b" * 1_000_000)])
    title = facts_of(shop["x"], (), UserHistory(user_id="u"), shop).title
    assert title.startswith("a - You bought [31mbbb")
    assert len(title) == 200


def test_an_invisible_title_has_a_name() -> None:
    shop = Catalogue([Item(item_id="x", title="\u200b")])
    assert facts_of(shop["x"], (), UserHistory(user_id="u"), shop).title == "?"
