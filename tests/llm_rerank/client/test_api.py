"""Every call, of both clients, against the service itself."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from llm_rerank.client import (
    AuthenticationError,
    InteractionIn,
    InvalidRequestError,
    ItemIn,
    KeyedInteractionIn,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
)
from llm_rerank.engines.fake import FakeEngine
from llm_rerank.service.service import Service
from llm_rerank.wire.interactions import InteractionsOut
from retrieval.store.keys import KeyStore

NOON = datetime(2030, 1, 5, 12, tzinfo=UTC)  # after all that the shop was built from


def bought(*items: str, user: str = "nobody") -> list[KeyedInteractionIn]:
    return [KeyedInteractionIn(user_id=user, item_id=item, timestamp=NOON) for item in items]


def known(client: Any, user: str = "nobody") -> list[str]:
    return [done.item_id for done in client.history(user).interactions]


def test_a_user_s_ranking_with_reasons(client: Any) -> None:
    ranking = client.recommend("anna", top_n=3, explained=1)
    assert [item.rank for item in ranking.items] == [1, 2, 3]
    assert ranking.items[0].explanation.text
    assert (ranking.user_id, ranking.degraded) == ("anna", None)


def test_a_ranking_for_a_history_of_given_items(client: Any) -> None:
    ranking = client.recommend(history=[InteractionIn(item_id="tea")], item_ids=("coffee", "milk"))
    assert {item.item_id for item in ranking.items} == {"coffee", "milk"}


def test_a_ranking_for_a_history_that_is_supposed(client: Any) -> None:
    ranking = client.recommend("anna", without=["milk"], added=["tea"])
    assert client.ranking(ranking.ranking_id).request["read"] == ["bread", "butter", "coffee", "bread", "tea"]
    told = next(iter(client.explain("anna", without=["milk"], added=["tea"])))
    assert told.ranking.items == ranking.items
    with pytest.raises(InvalidRequestError, match="added='caviar'"):
        client.recommend("anna", added=["caviar"])


def test_what_a_deadline_costs_is_said(client: Any) -> None:
    assert client.recommend("anna", deadline_ms=0.001).degraded.answered_by == "popular"


def test_texts_best_first(client: Any) -> None:
    answer = client.rerank("milk\nbread", ["sofa", "milk and bread", "lamp"], top_n=2)
    assert len(answer.results) == 2
    assert answer.results[0].relevance_score >= answer.results[1].relevance_score
    assert (answer.llm_rerank.scored, answer.llm_rerank.degraded) == (3, None)


def test_why_an_item_stands_where_it_does(client: Any) -> None:
    first = client.recommend("anna").items[0]
    found = client.effects(first.item_id, "anna", without=["butter"], deadline_ms=20_000)
    assert (found.item_id, found.retrieved, found.degraded) == (first.item_id, True, None)
    assert {one.item_id for one in found.history} == {"milk", "bread", "coffee"}
    with pytest.raises(NotFoundError):
        client.effects("caviar", history=[InteractionIn(item_id="tea")])


def test_how_urgent_it_is_reaches_the_engine(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    score = FakeEngine.score

    def noted(engine: FakeEngine, requests: Any, **others: Any) -> Any:
        seen.extend(request.priority for request in requests)
        return score(engine, requests, **others)

    monkeypatch.setattr(FakeEngine, "score", noted)
    client.rerank("milk", ["tea"], priority=7)
    client.recommend("anna", priority=8)
    list(client.explain("anna", explained=1, priority=9))
    assert list(dict.fromkeys(seen)) == [7, 8, 9, 10]  # reasons after other callers' order


def test_a_ranking_s_receipt_and_what_was_said_of_it(client: Any) -> None:
    ranking = client.recommend("anna", top_n=2)
    first = ranking.items[0].item_id
    assert not client.feedback(ranking.ranking_id, first, "click").known
    assert [client.feedback(ranking.ranking_id, first, "take", key="1").known for _ in range(2)] == [False, True]
    receipt = client.ranking(ranking.ranking_id)
    assert receipt.answer == ranking.model_dump()
    assert [said.kind for said in receipt.feedback] == ["click", "take"]


def test_what_was_said_is_obeyed_until_it_is_taken_back(client: Any) -> None:
    ranking = client.recommend("anna")
    first, second = (item.item_id for item in ranking.items[:2])
    client.feedback(ranking.ranking_id, first, "hide")
    client.feedback(ranking.ranking_id, second, "like")
    after = client.recommend("anna")
    assert (after.obeyed.hidden, after.obeyed.liked) == ([first], [second])
    assert [one.item_id for one in client.feedback_of("anna").feedback] == [second, first]
    assert client.take_back("anna", first).kind == "hide"
    with pytest.raises(NotFoundError):
        client.take_back("anna", first)
    assert first in [item.item_id for item in client.recommend("anna").items]


def test_a_ranking_is_scored_again(client: Any) -> None:
    ranking = client.recommend("anna", top_n=2)
    again = client.replay(ranking.ranking_id)
    assert (again.same, len(again.items), again.changed) == (True, 2, [])


def test_interactions_are_sent_in_batches_and_count(client: Any) -> None:
    answer = client.add_interactions(iter(bought("tea", "brie", "oat")), batch_size=2)
    assert (answer.accepted, answer.known) == (3, 0)
    assert known(client) == ["tea", "brie", "oat"]
    assert client.add_interactions([]).accepted == 0


def test_a_call_that_is_made_again_under_its_key_counts_once(client: Any) -> None:
    answers = [client.add_interactions(bought("tea", "brie"), key="order 17", batch_size=1) for _ in range(2)]
    assert [(answer.accepted, answer.known) for answer in answers] == [(2, 0), (2, 2)]
    assert known(client) == ["tea", "brie"]
    untimed = [KeyedInteractionIn(user_id="anonymous", item_id="tea")]
    assert [client.add_interactions(untimed, key="order 18").known for _ in range(2)] == [0, 1]


def test_what_has_no_time_was_done_now(client: Any) -> None:
    client.add_interactions([KeyedInteractionIn(user_id="nobody", item_id="tea")])
    (done,) = client.history("nobody").interactions
    assert abs((datetime.now(UTC) - done.timestamp).total_seconds()) < 60


def test_what_was_kept_before_a_batch_that_is_refused_is_said(client: Any) -> None:
    batch = bought("tea", "brie", " ")
    with pytest.raises(InvalidRequestError) as caught:
        client.add_interactions(batch, batch_size=2)
    assert caught.value.__notes__ == ["2 interactions were sent before this batch, and are kept."]
    assert known(client) == ["tea", "brie"]


def test_items_are_put_in_batches_read_and_withdrawn(client: Any, blocks: bool) -> None:
    items = [ItemIn(item_id=f"oats/{blocks}/{size}", title=f"Oat flakes {size} g") for size in (250, 500, 1000)]
    answer = client.put_items(iter(items), batch_size=2)
    assert (answer.accepted, answer.added) == (3, 3)
    assert client.item(items[1].item_id).title == "Oat flakes 500 g"
    assert client.put_items(items).added == 0
    for item in items:
        assert not client.withdraw(item.item_id).available
    with pytest.raises(NotFoundError):
        client.withdraw("caviar")


def test_items_are_found_by_their_titles(client: Any) -> None:
    assert [item.item_id for item in client.find_items("MILK").items] == ["oat", "milk"]
    assert [item.item_id for item in client.find_items("milk&limit=7#", limit=3).items] == []


def test_dicts_are_taken_for_what_they_hold(client: Any) -> None:
    assert client.put_items([{"item_id": "oats", "title": "Rolled oats"}]).accepted == 1
    assert client.item("oats").title == "Rolled oats"
    assert client.add_interactions([{"user_id": "anna", "item_id": "oats"}, {"user_id": "anna", "item_id": "x"}]) == (
        InteractionsOut(accepted=2, known=0, unknown_items=1)
    )
    with pytest.raises(InvalidRequestError) as caught:
        client.add_interactions([{"user_id": "anna"}])
    assert caught.value.param == "item_id"
    assert caught.value.__notes__ == ["0 interactions were sent before this batch, and are kept."]


def test_what_was_kept_of_items_is_said_too(client: Any) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        client.put_items([ItemIn(item_id="oats/1", title="Oats"), ItemIn(item_id="oats/2", title=" ")], batch_size=1)
    assert caught.value.__notes__ == ["1 items were sent before this batch, and are kept."]
    client.withdraw("oats/1")


def test_a_history_s_newest_and_forgetting_it(client: Any) -> None:
    client.add_interactions(bought("tea", "brie"))
    assert [done.item_id for done in client.history("nobody", newest=1).interactions] == ["brie"]
    assert client.forget("nobody").deleted == 2
    assert known(client) == []


def test_whether_it_answers_and_can_rank(client: Any, service: Service) -> None:
    assert client.health().status == "ok"
    assert client.ready().ready
    service.ready = False
    assert client.ready().wrong == ["the model has not answered yet"]


def test_a_key_that_opens_nothing_or_not_this(client_of: Callable[..., Any], service: Service) -> None:
    client = client_of()
    store = KeyStore(service.database)
    store.revoke(store.all()[-1].key_id)
    with pytest.raises(AuthenticationError, match=r"not known, or was revoked \[401, no_valid_key, request \w+\]"):
        client.recommend("anna")
    with pytest.raises(PermissionDeniedError) as caught:
        client_of("read").forget("anna")
    assert (caught.value.status, caught.value.code, caught.value.param) == (403, "no_scope", "Authorization")


def test_what_is_not_there(client: Any) -> None:
    with pytest.raises(NotFoundError) as caught:
        client.recommend("anna", item_ids=["caviar"])
    assert (caught.value.param, caught.value.code) == ("item_id", "unknown_item")
    with pytest.raises(NotFoundError):
        client.ranking("../healthz")


def test_what_cannot_be_is_refused_before_it_is_sent_or_by_the_service(client: Any) -> None:
    with pytest.raises(InvalidRequestError, match="give user_id or history") as here:
        client.recommend()
    assert here.value.status is None
    assert isinstance(here.value.__cause__, ValidationError)
    with pytest.raises(InvalidRequestError, match="top_n: 5000") as there:
        client.recommend("anna", top_n=5000)
    assert (there.value.status, there.value.type, there.value.param) == (422, "invalid_request_error", "top_n")


def test_a_key_that_asks_too_often_is_told_when_to_come_again(client_of: Callable[..., Any]) -> None:
    client = client_of("read", per_minute=1)
    client.history("anna")
    with pytest.raises(RateLimitError) as caught:  # at once: a minute is longer than the client waits
        client.history("anna")
    assert 50 < caught.value.retry_after <= 60


@pytest.mark.parametrize("key", ["заказ-1", "", "a\nb", " a", "x" * 201])
def test_a_key_that_no_header_holds(client: Any, key: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        client.add_interactions(bought("tea"), key=key)
    assert (caught.value.param, caught.value.status) == ("key", None)


def test_an_id_that_is_no_text(client: Any) -> None:
    for call in (client.history, client.forget, client.ranking, client.item, client.find_items, client.feedback_of):
        with pytest.raises(InvalidRequestError, match="half of a surrogate pair"):
            call("\ud800")
