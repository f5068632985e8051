import pytest

from retrieval.errors import RecordError
from retrieval.store.database import Database
from retrieval.store.rankings import RankingStore

ANSWER = {"items": [{"item_id": "tea", "score": 0.5}], "title": "Tee für 😀"}


@pytest.fixture
def store(database: Database) -> RankingStore:
    one = RankingStore(database)
    one.keep("shop", "r1", "anna", ANSWER)
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
    assert store.say("other", "r1", "1", "tea", "dislike")


def test_a_user_is_forgotten_with_what_they_said(store: RankingStore) -> None:
    store.keep("shop", "r2", "ben", ANSWER)
    store.say("shop", "r1", "1", "tea", "click")
    assert store.forget("other", "anna") == 0
    assert store.forget("shop", "anna") == 1
    assert store.get("shop", "r1") is None
    assert store.get("shop", "r2") is not None
    assert store.say("shop", "r2", "1", "tea", "like")  # the key is free again
