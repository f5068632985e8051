from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import sleep

import pytest
from sqlalchemy import func, select, text

from retrieval.store.database import Database
from retrieval.store.feedback import FeedbackKind
from retrieval.store.moments import now
from retrieval.store.opinions import OpinionStore, note_opinion
from retrieval.store.rankings import RankingStore
from retrieval.store.schema import OPINIONS

WHOSE = {"tenant": "shop", "user_id": "anna", "item_id": "tea"}


@pytest.fixture
def rankings(database: Database) -> RankingStore:
    one = RankingStore(database)
    for ranking_id, tenant, user_id in (("r1", "shop", "anna"), ("r2", "shop", "anna"), ("r3", "other", "anna")):
        one.keep(tenant, ranking_id, user_id, {}, began=now())
    return one


@pytest.fixture
def store(database: Database) -> OpinionStore:
    return OpinionStore(database)


def said(store: OpinionStore, tenant: str = "shop", newest: int = 10) -> list[tuple[str, str]]:
    return [(one.item_id, one.kind) for one in store.of(tenant, "anna", newest)]


def test_what_was_said_last_of_an_item_counts(rankings: RankingStore, store: OpinionStore) -> None:
    kinds: list[FeedbackKind] = ["like", "hide", "dislike"]
    for number, kind in enumerate(kinds):
        rankings.say("shop", f"r{number % 2 + 1}", str(number), "tea", kind)
    assert said(store) == [("tea", "dislike")]


def test_what_is_done_is_no_opinion(rankings: RankingStore, store: OpinionStore) -> None:
    rankings.say("shop", "r1", "1", "tea", "have")
    rankings.say("shop", "r1", "2", "tea", "click")
    rankings.say("shop", "r1", "3", "brie", "take")
    assert said(store) == [("tea", "have")]


def test_what_is_said_of_what_nobody_asks_for_again_is_kept_and_no_opinion(
    rankings: RankingStore, store: OpinionStore
) -> None:
    assert rankings.say("shop", "r1", "1", "tea", "like", counts=False)
    kept = rankings.get("shop", "r1")
    assert kept is not None
    assert ([one.kind for one in kept.feedback], said(store)) == (["like"], [])


def test_the_newest_first_and_as_many_as_are_asked_for(rankings: RankingStore, store: OpinionStore) -> None:
    for number, item_id in enumerate(("tea", "brie", "oat")):
        rankings.say("shop", "r1", str(number), item_id, "like")
        sleep(0.001)
    assert said(store, newest=2) == [("oat", "like"), ("brie", "like")]
    assert abs(store.of("shop", "anna", 1)[0].at - now()) < timedelta(minutes=1)


def test_what_is_sent_twice_is_no_newer(rankings: RankingStore, store: OpinionStore) -> None:
    rankings.say("shop", "r1", "1", "tea", "like")
    rankings.say("shop", "r1", "2", "tea", "hide")
    assert not rankings.say("shop", "r1", "1", "tea", "like")
    assert said(store) == [("tea", "hide")]


def test_what_was_said_before_does_not_count_where_it_is_kept_after(store: OpinionStore, database: Database) -> None:
    at = now()
    with database.writing() as connection:
        note_opinion(database, connection, **WHOSE, kind="like", at=at)
        note_opinion(database, connection, **WHOSE, kind="hide", at=at - timedelta(seconds=1))
    assert said(store) == [("tea", "like")]


def test_it_is_its_tenants_alone(rankings: RankingStore, store: OpinionStore) -> None:
    rankings.say("shop", "r1", "1", "tea", "like")
    assert said(store, "other") == []
    assert store.take_back("other", "anna", "tea") is None
    assert said(store) == [("tea", "like")]


def test_what_is_taken_back_is_gone_whatever_was_said_before(rankings: RankingStore, store: OpinionStore) -> None:
    rankings.say("shop", "r1", "1", "tea", "like")
    rankings.say("shop", "r1", "2", "tea", "hide")
    taken = store.take_back("shop", "anna", "tea")
    assert taken is not None
    assert (taken.item_id, taken.kind) == ("tea", "hide")
    assert (said(store), store.take_back("shop", "anna", "tea")) == ([], None)
    kept = rankings.get("shop", "r1")
    assert kept is not None
    assert len(kept.feedback) == 2  # what was said was said


def test_a_user_is_forgotten_with_their_opinions(
    rankings: RankingStore, store: OpinionStore, database: Database
) -> None:
    rankings.say("shop", "r1", "1", "tea", "like")
    rankings.say("other", "r3", "1", "tea", "like")
    rankings.forget("shop", "anna")
    assert (said(store), said(store, "other")) == ([], [("tea", "like")])
    rankings.forget("other", "anna")
    with database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(OPINIONS)).scalar_one() == 0


def test_two_who_say_something_at_once(rankings: RankingStore, store: OpinionStore) -> None:
    def say(number: int) -> bool | None:
        return rankings.say("shop", f"r{number % 2 + 1}", str(number), "tea", "like")

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(say, range(20)))
    assert said(store) == [("tea", "like")]


def test_what_was_said_before_this_version_counts(url: str) -> None:
    database = Database.open(url)
    rankings = RankingStore(database)
    for ranking_id, tenant in (("r1", "shop"), ("r2", "shop"), ("r3", "other")):
        rankings.keep(tenant, ranking_id, "anna", {}, began=now())
    for number, (item_id, kind) in enumerate([("tea", "like"), ("brie", "have"), ("tea", "hide"), ("tea", "click")]):
        rankings.say("shop", f"r{number % 2 + 1}", str(number), item_id, kind)  # type: ignore[arg-type]
    rankings.say("other", "r3", "1", "tea", "like")
    with database.writing() as connection:
        connection.execute(text("DROP TABLE opinions"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0004'"))
    database.close()
    database = Database.open(url)
    store = OpinionStore(database)
    assert said(store) == [("tea", "hide"), ("brie", "have")]
    assert said(store, "other") == [("tea", "like")]
    database.close()


def test_opinions_of_given_histories_are_removed_and_no_others(url: str) -> None:
    database = Database.open(url)
    rankings = RankingStore(database)
    given, known = {"request": {"history": []}}, {"request": {"user_id": "anna"}}
    whose = [("r1", "shop", "uuid", given), ("r2", "shop", "anna", known), ("r3", "other", "uuid", known)]
    whose += [("r4", "shop", "ben", given), ("r5", "shop", "ben", known)]  # who was asked for by that name, too
    for ranking_id, tenant, user_id, document in whose:
        rankings.keep(tenant, ranking_id, user_id, document, began=now())
        rankings.say(tenant, ranking_id, ranking_id, "tea", "like")
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0005'"))
    database.close()
    database = Database.open(url)
    store = OpinionStore(database)
    found = {(tenant, user_id): len(store.of(tenant, user_id, 9)) for _, tenant, user_id, _ in whose}
    database.close()
    assert found == {("shop", "uuid"): 0, ("shop", "anna"): 1, ("other", "uuid"): 1, ("shop", "ben"): 1}
