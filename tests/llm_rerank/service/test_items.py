"""What is sold changes while the service runs."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import monotonic
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from starlette.testclient import TestClient

from llm_rerank.service.app import create_app
from llm_rerank.service.service import Service
from retrieval.embedders.hashing import HashingEmbedder
from retrieval.errors import ModelError
from retrieval.live import shop
from retrieval.records import Item
from retrieval.store.items import ItemStore

OATS = {
    "item_id": "oats",
    "title": "Oat flakes 500 g",
    "category": "cereal",
    "price": 1.5,
    "attributes": {"organic": "yes"},
}


def proposed(callers: Any, **asked: Any) -> list[str]:
    body = {"user_id": "anna", "top_n": 50} | asked
    return [item["item_id"] for item in callers.post("/v1/recommend", body).json()["items"]]


def put(callers: Any, *items: dict[str, Any]) -> Any:
    return callers.post("/v1/items", {"items": list(items)})


def test_a_new_item_is_in_the_next_answer(callers: Any) -> None:
    assert "oats" not in proposed(callers)
    assert put(callers, OATS).json() == {"accepted": 1, "added": 1}
    assert "oats" in proposed(callers)
    assert callers.get("/v1/items/oats").json() == {"brand": "", "available": True} | OATS


@pytest.mark.parametrize("item_id", ["oats/500 g", "oats\n500 g", "oats\n"])
def test_an_id_may_hold_slashes_and_line_breaks(callers: Any, item_id: str) -> None:
    put(callers, OATS | {"item_id": item_id})
    assert callers.get(f"/v1/items/{quote(item_id, safe='')}").json()["title"] == OATS["title"]
    assert not callers.client.delete(f"/v1/items/{quote(item_id)}", headers=callers.key("write")).json()["available"]
    assert callers.get(f"/v1/users/{quote(item_id)}/history").json()["user_id"] == item_id


def test_what_is_changed_is_shown_as_it_is_now(callers: Any) -> None:
    first = proposed(callers)[0]
    assert put(callers, {"item_id": first, "title": "Something else"}).json() == {"accepted": 1, "added": 0}
    (item,) = callers.post("/v1/recommend", {"user_id": "anna", "item_ids": [first]}).json()["items"]
    assert item["title"] == "Something else"


def test_what_is_withdrawn_is_not_recommended_and_may_come_back(callers: Any) -> None:
    first = proposed(callers)[0]
    gone = callers.client.delete(f"/v1/items/{first}", headers=callers.key("write"))
    assert not gone.json()["available"]
    assert first not in proposed(callers)
    assert first not in proposed(callers, deadline_ms=0.001)  # nor among what is popular
    put(callers, gone.json() | {"available": True})
    assert first in proposed(callers)


def test_a_user_may_have_taken_what_is_new(callers: Any) -> None:
    put(callers, OATS, OATS | {"item_id": "oats2", "title": "Oat flakes 1 kg"})
    answer = callers.post("/v1/recommend", {"history": [{"item_id": "oats"}], "item_ids": ["oats2"], "explained": 1})
    (item,) = answer.json()["items"]
    assert {one["item_id"] for one in item["explanation"]["evidence"]} <= {"oats"}


def test_another_service_on_this_database_is_told(callers: Any, serve: Callable[[], Service], until: Any) -> None:
    other = serve()
    put(callers, OATS)
    with TestClient(create_app(other)):
        until(lambda: "oats" in other.recommender.shop.catalogue)


def test_what_is_withdrawn_here_keeps_what_was_changed_elsewhere(callers: Any, serve: Callable[[], Service]) -> None:
    other = serve()
    put(callers, OATS)
    assert other.items.withdraw("oats").title == OATS["title"]
    assert not ItemStore(other.database).changes("shop", 0, 10).items[0].available


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("milk", ["oat", "milk"]),
        ("MILK  whole", ["milk"]),
        ("bread", ["bread", "rolls"]),
        ("chees", ["cheddar", "brie"]),  # what is not on sale comes last, however short its title
        ("milk tea", []),
    ],
)
def test_titles_that_hold_all_words(callers: Any, query: str, found: list[str]) -> None:
    reply = callers.get(f"/v1/items?query={quote(query)}").json()
    assert [item["item_id"] for item in reply["items"]] == found


def test_as_many_as_are_asked_for_and_as_they_are_now(callers: Any) -> None:
    put(callers, OATS, OATS | {"item_id": "oats2", "title": "Oat flakes 1 kg"})
    (shortest,) = callers.get("/v1/items?query=oat%20flakes&limit=1").json()["items"]
    assert shortest["item_id"] == "oats2"


@pytest.mark.parametrize("wrong", ["", "?query=", "?query=%20", "?query=tea&limit=0", f"?query={'tea' * 100}"])
def test_what_cannot_be_looked_for(callers: Any, wrong: str) -> None:
    reply = callers.get(f"/v1/items{wrong}")
    assert (reply.status_code, reply.json()["error"]["param"]) == (
        422,
        f"query.{'limit' if 'limit' in wrong else 'query'}",
    )
    assert callers.get("/v1/items?query=tea", callers.key("admin", tenant="other")).status_code == 403


def test_a_query_without_words_is_told_what_to_send(callers: Any) -> None:
    said = callers.get("/v1/items?query=%20%09").json()["error"]
    assert said["message"] == r"query.query: ' \t' has no words: send at least one of a title, such as query=tea"


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"title": ""}, "items.0.title"),
        ({"title": "  "}, "title"),
        ({"price": -1}, "items.0.price"),
        ({"item_id": ""}, "items.0.item_id"),
        ({"colour": "red"}, "items.0.colour"),
    ],
)
def test_what_is_no_item(callers: Any, wrong: dict[str, Any], param: str) -> None:
    reply = put(callers, OATS, OATS | wrong)
    assert (reply.status_code in (400, 422), reply.json()["error"]["param"]) == (True, param.replace("0", "1"))
    assert "oats" not in callers.service.recommender.shop.catalogue


def test_who_may_not(callers: Any) -> None:
    theirs = callers.key("admin", tenant="other")
    assert callers.post("/v1/items", {"items": [OATS]}, theirs).status_code == 403
    assert callers.get("/v1/items/milk", theirs).status_code == 403
    assert callers.post("/v1/items", {"items": [OATS]}, callers.key("read")).status_code == 403
    assert callers.get("/v1/items/caviar").status_code == 404
    many = [OATS | {"item_id": str(number)} for number in range(1001)]
    assert put(callers, *many).status_code == 422


def test_what_cannot_be_embedded_is_not_kept_and_harms_nobody(callers: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> None:
        raise ModelError("there is no such model")

    monkeypatch.setattr(shop, "build_embedder", fails)
    reply, first = put(callers, OATS), proposed(callers)[0]
    assert (reply.status_code, reply.json()["error"]["code"]) == (503, "model")
    assert "no such model" not in reply.text
    store = ItemStore(callers.service.database)
    assert not store.changes("shop", 0, 10).items
    renamed = Item(item_id=first, title="Renamed", available=False)
    store.put("shop", [Item(item_id="oats", title="Oats"), renamed])  # as another service would
    callers.service.items.catch_up()
    assert not {"oats", first} & set(proposed(callers))  # what is withdrawn is, whatever cannot be embedded
    monkeypatch.undo()
    callers.service.items.catch_up()
    assert "oats" in proposed(callers)
    assert callers.get(f"/v1/items/{first}").json()["title"] == "Renamed"


def test_one_that_cannot_be_embedded_keeps_no_other_back(callers: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Choosy(HashingEmbedder):
        def embed(self, texts: Sequence[str]) -> Any:
            if "Stone" in texts:
                raise RuntimeError("it hurts")
            return super().embed(texts)

    monkeypatch.setattr(shop, "build_embedder", Choosy)
    items = [Item(item_id=title, title=title) for title in ("Oats", "Stone", "Tea", "Salt")]
    ItemStore(callers.service.database).put("shop", items)
    for _ in range(2):
        callers.service.items.catch_up()
    catalogue = callers.service.recommender.shop.catalogue
    assert [item.item_id in catalogue for item in items] == [True, False, True, True]
    assert callers.client.delete("/v1/items/Stone", headers=callers.key("write")).status_code == 200


def test_changes_of_items_leave_threads_to_others(
    service: Service, listen: Any, show_key: Any, until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, begun = Event(), Event()

    def slow(*given: Any) -> Any:
        begun.set()
        go_on.wait(20)
        return HashingEmbedder(*given)

    monkeypatch.setattr(shop, "build_embedder", slow)
    with listen(service) as (host, port), ThreadPoolExecutor(50) as callers:
        url, shown = f"http://{host}:{port}", show_key(service)
        asked = {"url": f"{url}/v1/items", "json": {"items": [OATS]}, "headers": shown, "timeout": 60}
        changing = [callers.submit(httpx2.post, **asked) for _ in range(50)]
        assert begun.wait(20)
        until(lambda: service.items._changers.statistics().tasks_waiting >= 46)
        begun_at = monotonic()
        assert httpx2.get(f"{url}/healthz", timeout=60).status_code == 200
        for headers in (shown, show_key(service)):  # who is known, and who is to be looked up
            assert httpx2.get(f"{url}/v1/items/milk", headers=headers, timeout=60).status_code == 200
        assert monotonic() - begun_at < 10
        go_on.set()
        assert {one.result().status_code for one in changing} == {200}


def test_what_is_withdrawn_while_it_is_changed_elsewhere(callers: Any, serve: Callable[[], Service]) -> None:
    put(callers, OATS)
    items, store = callers.service.items, ItemStore(callers.service.database)
    known = callers.service.recommender.shop.catalogue["oats"]
    store.put("shop", [Item(item_id="oats", title="Renamed")])
    assert store.withdraw("shop", known).title == "Renamed"
    items.catch_up()
    assert callers.get("/v1/items/oats").json()["title"] == "Renamed"
