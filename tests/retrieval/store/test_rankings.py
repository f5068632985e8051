from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import sleep

import pytest
from sqlalchemy import Table, func, select

from retrieval.errors import RecordError
from retrieval.store.database import Database
from retrieval.store.forgotten import was_forgotten
from retrieval.store.moments import microseconds, now
from retrieval.store.rankings import RankingStore
from retrieval.store.schema import FEEDBACK, FORGOTTEN, RANKINGS

ANSWER = {"items": [{"item_id": "tea", "score": 0.5}], "title": "Tee für 😀"}


@pytest.fixture
def store(database: Database) -> RankingStore:
    one = RankingStore(database)
    one.keep("shop", "r1", "anna", ANSWER, began=now())
    return one


def test_a_ranking_comes_back_as_it_was(store: RankingStore) -> None:
    kept = store.get("shop", "r1")
    assert kept is not None
    assert (kept.ranking_id, kept.user_id, kept.document, kept.feedback) == ("r1", "anna", ANSWER, ())


def test_it_is_its_tenants_alone(store: RankingStore) -> None:
    assert store.get("other", "r1") is None
    assert store.get("shop", "r2") is None


def test_what_was_said_of_it_is_there_once_and_in_order(store: RankingStore) -> None:
    assert store.say("shop", "r1", "1", "tea", "click")
    assert store.say("shop", "r1", "2", "tea", "take")
    assert not store.say("shop", "r1", "1", "tea", "click")
    kept = store.get("shop", "r1")
    assert kept is not None
    assert [(said.item_id, said.kind) for said in kept.feedback] == [("tea", "click"), ("tea", "take")]


def test_a_key_of_something_else_is_refused(store: RankingStore) -> None:
    store.say("shop", "r1", "1", "tea", "click")
    with pytest.raises(RecordError, match="other feedback is known under this key"):
        store.say("shop", "r1", "1", "tea", "dislike")
    store.keep("other", "r2", "anna", ANSWER, began=now())
    assert store.say("other", "r2", "1", "tea", "dislike")


def test_a_user_is_forgotten_with_what_they_said(store: RankingStore) -> None:
    store.keep("shop", "r2", "ben", ANSWER, began=now())
    store.say("shop", "r1", "1", "tea", "click")
    assert store.forget("other", "anna") == 0
    assert store.forget("shop", "anna") == 1
    assert store.get("shop", "r1") is None
    assert store.get("shop", "r2") is not None
    assert store.say("shop", "r2", "1", "tea", "like")  # the key is free again


def test_nothing_is_said_of_what_is_not_there(store: RankingStore, database: Database) -> None:
    assert store.say("other", "r1", "1", "tea", "click") is None
    store.forget("shop", "anna")
    assert store.say("shop", "r1", "1", "tea", "click") is None
    assert count(database, FEEDBACK) == 0


def test_who_was_forgotten_does_not_come_back_by_what_was_read_before(store: RankingStore) -> None:
    before = now()
    store.forget("shop", "anna")
    store.forget("shop", "anna")
    assert not store.keep("shop", "r2", "anna", ANSWER, began=before)
    assert store.get("shop", "r2") is None
    assert store.keep("shop", "r3", "ben", ANSWER, began=before)
    assert store.keep("other", "r4", "anna", ANSWER, began=before)
    assert store.keep("shop", "r2", "anna", ANSWER, began=now())


def test_who_forgets_waits_for_who_keeps(store: RankingStore, database: Database) -> None:
    row = {"ranking_id": "r2", "tenant": "shop", "user_id": "anna", "at": 0, "document": {}}
    with ThreadPoolExecutor(1) as threads, database.writing() as connection:
        assert not was_forgotten(database, connection, "shop", "anna", now())
        forgetting = threads.submit(store.forget, "shop", "anna")
        sleep(0.3)
        connection.execute(database.insert(RANKINGS), row)
    assert forgetting.result() == 2
    assert count(database, RANKINGS) == 0


def test_who_forgets_waits_for_who_says(store: RankingStore, database: Database) -> None:
    row = {"tenant": "shop", "key": "1", "ranking_id": "r1", "item_id": "tea", "kind": "click", "at": 0}
    with ThreadPoolExecutor(1) as threads, database.writing() as connection:
        connection.execute(select(RANKINGS).with_for_update(read=True)).all()
        forgetting = threads.submit(store.forget, "shop", "anna")
        sleep(0.3)
        connection.execute(database.insert(FEEDBACK), row)
    assert forgetting.result() == 1
    assert count(database, FEEDBACK) == 0


def test_who_was_forgotten_is_known_by_a_digest_and_for_a_day(store: RankingStore, database: Database) -> None:
    with database.writing() as connection:
        connection.execute(
            database.insert(FORGOTTEN), {"digest": "old", "at": microseconds(now() - timedelta(hours=25))}
        )
    store.forget("shop", "anna")
    with database.reading() as connection:
        (only,) = connection.execute(select(FORGOTTEN)).all()
    assert len(only.digest) == 64
    assert "anna" not in only.digest


def count(database: Database, table: Table) -> int:
    with database.reading() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()
