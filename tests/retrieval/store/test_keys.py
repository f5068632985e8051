import pytest
from sqlalchemy import select

from retrieval.errors import ConfigError, RecordError
from retrieval.store.database import Database
from retrieval.store.keys import KeyStore
from retrieval.store.schema import KEYS


@pytest.fixture
def store(database: Database) -> KeyStore:
    return KeyStore(database)


def test_a_key_is_found_by_itself_alone(store: KeyStore) -> None:
    key, about = store.create("shop", ["read", "write"], 60)
    other, _ = store.create("other", ["read"], 60)
    assert store.find(key) == about
    assert (about.tenant, about.scopes, about.per_minute, about.revoked) == ("shop", {"read", "write"}, 60, None)
    for wrong in (
        "",
        key[:-1],
        key + "x",
        other[: len(other) // 2] + key[len(key) // 2 :],
        about.key_id,
        "llmrr__",
        "é_é_é",
    ):
        assert store.find(wrong) is None


def test_nothing_in_the_database_is_the_key(store: KeyStore, database: Database) -> None:
    key, about = store.create("shop", ["read"], 60)
    secret = key.removeprefix(f"llmrr_{about.key_id}_")
    with database.reading() as connection:
        assert secret not in str(connection.execute(select(KEYS)).all())


def test_a_revoked_key_opens_nothing_any_more(store: KeyStore) -> None:
    key, about = store.create("shop", ["admin"], 60)
    revoked = store.revoke(about.key_id)
    assert store.find(key) is None
    assert revoked.revoked is not None
    assert store.revoke(about.key_id) == revoked
    assert [one.key_id for one in store.all()] == [about.key_id]


def test_a_key_that_is_not_there_cannot_be_revoked(store: KeyStore) -> None:
    with pytest.raises(ConfigError, match="no such key"):
        store.revoke("nothing")


@pytest.mark.parametrize(("scopes", "per_minute"), [([], 60), (["root"], 60), (["read"], 0)])
def test_what_means_nothing_is_refused(store: KeyStore, scopes: list[str], per_minute: int) -> None:
    with pytest.raises(ConfigError):
        store.create("shop", scopes, per_minute)  # type: ignore[arg-type]
    with pytest.raises(RecordError, match="tenant"):
        store.create(" ", ["read"], 60)
    assert store.all() == ()
