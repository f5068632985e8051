"""What can be asked of the service: a method a route."""

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar
from urllib.parse import quote
from uuid import uuid4

from llm_rerank.client.asking import Asking, Question
from llm_rerank.client.batches import batches, read
from llm_rerank.client.call import Call, Stream
from llm_rerank.client.errors import InvalidRequestError, ServiceError
from llm_rerank.client.events import Told
from llm_rerank.client.translation import checked
from llm_rerank.ranking import Language
from llm_rerank.wire.effects import EffectsIn, EffectsOut
from llm_rerank.wire.explanations import ExplainIn
from llm_rerank.wire.feedback import FeedbackIn, FeedbackOut, OpinionOut, OpinionsOut
from llm_rerank.wire.health import HealthOut, ReadyOut
from llm_rerank.wire.interactions import InteractionIn, InteractionsIn, InteractionsOut, KeyedInteractionIn
from llm_rerank.wire.items import FoundItemsOut, ItemIn, ItemOut, ItemsIn, ItemsOut
from llm_rerank.wire.rankings import RankingOut, RecommendIn, RecommendOut, ReplayOut
from llm_rerank.wire.rerank import RerankIn, RerankOut
from llm_rerank.wire.users import ForgottenOut, HistoryOut
from retrieval.store.feedback import FeedbackKind

_BATCH: Final = 1000
_LONGEST_KEY: Final = 200  # an interaction's own is longer by the numbers of its batch and its place there
Kept = TypeVar("Kept", InteractionsOut, ItemsOut)


class Api(Asking):
    """Every method raises ServiceError where it brings no answer; errors.py has the tree of them."""

    @Call
    async def recommend(
        self,
        user_id: str | None = None,
        *,
        history: Sequence[InteractionIn] | None = None,
        without: Sequence[str] | None = None,
        added: Sequence[str] | None = None,
        item_ids: Sequence[str] | None = None,
        top_n: int = 10,
        explained: int = 0,
        language: Language = "en",
        instruction: str | None = None,
        priority: int = 0,
        deadline_ms: float | None = None,
    ) -> RecommendOut:
        """The best items for a user, or for a history in place of what is known of one.

        `without`: items of the history that are passed over. `added`: items that are taken for bought just now.
        `item_ids`: these are ranked, and no others. `explained`: how many of the first get a reason.
        `instruction`: what the model is told, in place of the configured one. `priority`: from 0, the soonest, to 999,
        where the model has more to do than it can at once. `deadline_ms`: what is not known by then is left out, and
        `degraded` says so; a second later the client gives up.
        """
        with checked():
            asked = RecommendIn(
                user_id=user_id,
                history=history,
                without=without,
                added=added,
                item_ids=item_ids,
                top_n=top_n,
                explained=explained,
                language=language,
                instruction=instruction,
                priority=priority,
                deadline_ms=deadline_ms,
            )
        return await self._ask(Question("POST", "/v1/recommend", asked, deadline_ms=deadline_ms), RecommendOut)

    @Stream
    def explain(
        self,
        user_id: str | None = None,
        *,
        history: Sequence[InteractionIn] | None = None,
        without: Sequence[str] | None = None,
        added: Sequence[str] | None = None,
        item_ids: Sequence[str] | None = None,
        top_n: int = 10,
        explained: int = 3,
        language: Language = "en",
        instruction: str | None = None,
        priority: int = 0,
        drafts: bool = False,
        deadline_ms: float | None = None,
    ) -> AsyncGenerator[Told, None]:
        """A ranking with its reasons as they come: itself at once, what raised each score, each reason, and `done`.

        Asked as `recommend` is, when its first event is waited for; from then on nothing is tried again, and what
        breaks off before `done` raises ServiceError. Closed early, as by leaving the loop of a `Client`, it stops the
        service's work. `drafts`: also what the model writes before it is checked; the key needs the scope admin.
        """
        with checked():
            asked = ExplainIn(
                user_id=user_id,
                history=history,
                without=without,
                added=added,
                item_ids=item_ids,
                top_n=top_n,
                explained=explained,
                language=language,
                instruction=instruction,
                priority=priority,
                drafts=drafts,
                deadline_ms=deadline_ms,
            )
        return self._listen(Question("POST", "/v1/explanations", asked, deadline_ms=deadline_ms))

    @Call
    async def effects(
        self,
        item_id: str,
        user_id: str | None = None,
        *,
        history: Sequence[InteractionIn] | None = None,
        without: Sequence[str] | None = None,
        added: Sequence[str] | None = None,
        instruction: str | None = None,
        deadline_ms: float | None = None,
    ) -> EffectsOut:
        """Why an item stands where it does for a user or a history, or does not: what each purchase did to its score,
        and what the score is made of. Any item of the catalogue may be asked about.
        """
        with checked():
            asked = EffectsIn(
                item_id=item_id,
                user_id=user_id,
                history=history,
                without=without,
                added=added,
                instruction=instruction,
                deadline_ms=deadline_ms,
            )
        return await self._ask(Question("POST", "/v1/effects", asked, deadline_ms=deadline_ms), EffectsOut)

    @Call
    async def rerank(
        self,
        query: str,
        documents: Sequence[str],
        *,
        top_n: int | None = None,
        instruction: str | None = None,
        priority: int = 0,
        deadline_ms: float | None = None,
    ) -> RerankOut:
        """Texts ranked for a text, best first: each line of the query is one thing that the user did.

        A result's `index` counts into `documents`; its `relevance_score` is a probability. `priority`: from 0, the
        soonest, to 999, where the model has more to do than it can at once.
        """
        with checked():
            asked = RerankIn(
                query=query,
                documents=documents,
                top_n=top_n,
                instruction=instruction,
                priority=priority,
                deadline_ms=deadline_ms,
            )
        return await self._ask(Question("POST", "/v1/rerank", asked, deadline_ms=deadline_ms), RerankOut)

    @Call
    async def ranking(self, ranking_id: str) -> RankingOut:
        """The receipt of an answer: what was read, what was shown and why, with which model, what was said of it."""
        return await self._ask(Question("GET", f"/v1/rankings/{_part(ranking_id)}"), RankingOut)

    @Call
    async def replay(self, ranking_id: str) -> ReplayOut:
        """Whether an answer still holds: its items are scored again, for the history that was read then."""
        return await self._ask(Question("POST", f"/v1/rankings/{_part(ranking_id)}/replay"), ReplayOut)

    @Call
    async def feedback(
        self, ranking_id: str, item_id: str, kind: FeedbackKind, *, key: str | None = None
    ) -> FeedbackOut:
        """What a user did with an item that was shown, or said of it; under one key it counts once. What they say is
        obeyed from the next answer on: dislike, have and hide keep it away, like counts as their newest act.

        Without a key each call counts, however often it has to be sent.
        """
        with checked():
            said = FeedbackIn(ranking_id=ranking_id, item_id=item_id, kind=kind, key=key or uuid4().hex)
        return await self._ask(Question("POST", "/v1/feedback", said), FeedbackOut)

    @Call
    async def feedback_of(self, user_id: str) -> OpinionsOut:
        """What a user said last of each item, and is obeyed, the newest first."""
        return await self._ask(Question("GET", _feedback(user_id)), OpinionsOut)

    @Call
    async def take_back(self, user_id: str, item_id: str) -> OpinionOut:
        """What was said of this item is not obeyed any more.

        Where the first reply was lost and it had to be asked again, nothing was left: NotFoundError.
        """
        return await self._ask(Question("DELETE", f"{_feedback(user_id)}/{_part(item_id)}"), OpinionOut)

    @Call
    async def add_interactions(
        self,
        interactions: Iterable[KeyedInteractionIn | Mapping[str, Any]],
        *,
        key: str | None = None,
        batch_size: int = _BATCH,
    ) -> InteractionsOut:
        """What users did, as many as there are: sent in batches, of each of which all is kept or nothing.

        They are read as they are sent. Without a timestamp one was done when it came first. Each call counts, however
        often it has to be sent; what has a `key` of its own counts once in all calls, and so does a call with a `key`
        that is made again with the same interactions, in the same order and batches.
        """
        whole = uuid4().hex if key is None else _header("key", key)
        of_all = batches(read(KeyedInteractionIn, interactions), batch_size)
        asked = (_added(batch, f"{whole}/{number}") for number, batch in enumerate(of_all))
        answers = await self._ask_each(asked, InteractionsOut, "interactions")
        return InteractionsOut(
            accepted=sum(answer.accepted for answer in answers),
            known=sum(answer.known for answer in answers),
            unknown_items=sum(answer.unknown_items for answer in answers),
        )

    @Call
    async def put_items(self, items: Iterable[ItemIn | Mapping[str, Any]], *, batch_size: int = _BATCH) -> ItemsOut:
        """What is sold from now on, new or in the place of what was known under its id, in batches likewise.

        Where the first reply to a batch was lost and it had to be sent again, none of it is `added` the second time.
        """
        asked = (
            Question("POST", "/v1/items", ItemsIn(items=batch)) for batch in batches(read(ItemIn, items), batch_size)
        )
        answers = await self._ask_each(asked, ItemsOut, "items")
        return ItemsOut(
            accepted=sum(answer.accepted for answer in answers), added=sum(answer.added for answer in answers)
        )

    @Call
    async def item(self, item_id: str) -> ItemOut:
        """A thing that is sold, as it is now."""
        return await self._ask(Question("GET", _item(item_id)), ItemOut)

    @Call
    async def find_items(self, query: str, *, limit: int = 10) -> FoundItemsOut:
        """Items whose titles hold all words of the query, as they are now."""
        return await self._ask(Question("GET", f"/v1/items?query={_part(query)}&limit={limit}"), FoundItemsOut)

    @Call
    async def withdraw(self, item_id: str) -> ItemOut:
        """It is not recommended any more, until it is put again; histories that have it can still be read."""
        return await self._ask(Question("DELETE", _item(item_id)), ItemOut)

    @Call
    async def history(self, user_id: str, *, newest: int = 100) -> HistoryOut:
        """What is known of a user, oldest first."""
        return await self._ask(Question("GET", _history(user_id), params={"newest": newest}), HistoryOut)

    @Call
    async def forget(self, user_id: str) -> ForgottenOut:
        """Deletes what was sent of a user and shown to them; the key needs the scope admin.

        Where the first reply was lost and it had to be asked again, nothing was left to count the second time.
        """
        return await self._ask(Question("DELETE", _history(user_id)), ForgottenOut)

    @Call
    async def health(self) -> HealthOut:
        """Whether the service answers at all."""
        return await self._ask(Question("GET", "/healthz"), HealthOut)

    @Call
    async def ready(self) -> ReadyOut:
        """Whether requests should be sent to it, and why not."""
        return await self._ask(Question("GET", "/readyz", statuses=(200, 503)), ReadyOut)

    async def _ask_each(self, questions: Iterable[Question], kind: type[Kept], things: str) -> list[Kept]:
        answers: list[Kept] = []
        try:
            for question in questions:
                answers.append(await self._ask(question, kind))
        except ServiceError as err:
            kept = sum(answer.accepted for answer in answers)
            err.add_note(f"{kept} {things} were sent before this batch, and are kept.")
            raise
        return answers


def _added(batch: list[KeyedInteractionIn], key: str) -> Question:
    headers = {"Idempotency-Key": key}
    return Question("POST", "/v1/interactions", InteractionsIn(interactions=batch), headers=headers)


def _item(item_id: str) -> str:
    return f"/v1/items/{_part(item_id)}"


def _history(user_id: str) -> str:
    return f"/v1/users/{_part(user_id)}/history"


def _feedback(user_id: str) -> str:
    return f"/v1/users/{_part(user_id)}/feedback"


def _header(name: str, value: str) -> str:
    """What a header can hold."""
    if not (
        value and value.isascii() and value.isprintable() and value.strip() == value and len(value) <= _LONGEST_KEY
    ):
        raise InvalidRequestError(f"{name}: 1 to {_LONGEST_KEY} printable characters of ASCII", param=name)
    return value


def _part(name: str) -> str:
    """Of an address, whatever it holds: slashes, and dots, by which a path would go up."""
    try:
        return quote(name, safe="").replace(".", "%2E")
    except UnicodeEncodeError as err:
        raise InvalidRequestError("a name has half of a surrogate pair; send whole characters") from err
