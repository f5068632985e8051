"""What can be asked of the service: a method a route."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote
from uuid import uuid4

from llm_rerank.client.asking import Asking, Question
from llm_rerank.client.batches import batches
from llm_rerank.client.call import Call
from llm_rerank.client.errors import ServiceError
from llm_rerank.client.translation import checked
from llm_rerank.ranking import Language
from llm_rerank.wire.feedback import FeedbackIn, FeedbackOut
from llm_rerank.wire.health import HealthOut, ReadyOut
from llm_rerank.wire.interactions import InteractionIn, InteractionsIn, InteractionsOut, KeyedInteractionIn
from llm_rerank.wire.rankings import RankingOut, RecommendIn, RecommendOut, ReplayOut
from llm_rerank.wire.rerank import RerankIn, RerankOut
from llm_rerank.wire.users import ForgottenOut, HistoryOut
from retrieval.store.feedback import FeedbackKind

_BATCH: Final = 1000


class Api(Asking):
    """Every method raises ServiceError where it brings no answer; errors.py has the tree of them."""

    @Call
    async def recommend(
        self,
        user_id: str | None = None,
        *,
        history: Sequence[InteractionIn] | None = None,
        item_ids: Sequence[str] | None = None,
        top_n: int = 10,
        explained: int = 0,
        language: Language = "en",
        instruction: str | None = None,
        deadline_ms: float | None = None,
    ) -> RecommendOut:
        """The best items for a user, or for a history in place of what is known of one.

        `item_ids`: these are ranked, and no others. `explained`: how many of the first get a reason.
        `instruction`: what the model is told, in place of the configured one. `deadline_ms`: what is not known by then
        is left out, and `degraded` says so; a second later the client gives up.
        """
        with checked():
            asked = RecommendIn(
                user_id=user_id,
                history=history,
                item_ids=item_ids,
                top_n=top_n,
                explained=explained,
                language=language,
                instruction=instruction,
                deadline_ms=deadline_ms,
            )
        return await self._ask(Question("POST", "/v1/recommend", RecommendOut, asked, deadline_ms=deadline_ms))

    @Call
    async def rerank(
        self,
        query: str,
        documents: Sequence[str],
        *,
        top_n: int | None = None,
        instruction: str | None = None,
        deadline_ms: float | None = None,
    ) -> RerankOut:
        """Texts ranked for a text, best first: each line of the query is one thing that the user did.

        A result's `index` counts into `documents`; its `relevance_score` is a probability.
        """
        with checked():
            asked = RerankIn(
                query=query, documents=documents, top_n=top_n, instruction=instruction, deadline_ms=deadline_ms
            )
        return await self._ask(Question("POST", "/v1/rerank", RerankOut, asked, deadline_ms=deadline_ms))

    @Call
    async def ranking(self, ranking_id: str) -> RankingOut:
        """The receipt of an answer: what was read, what was shown and why, with which model, what was said of it."""
        return await self._ask(Question("GET", f"/v1/rankings/{_part(ranking_id)}", RankingOut))

    @Call
    async def replay(self, ranking_id: str) -> ReplayOut:
        """Whether an answer still holds: its items are scored again, for the history that was read then."""
        return await self._ask(Question("POST", f"/v1/rankings/{_part(ranking_id)}/replay", ReplayOut))

    @Call
    async def feedback(
        self, ranking_id: str, item_id: str, kind: FeedbackKind, *, key: str | None = None
    ) -> FeedbackOut:
        """What a user did with an item that was shown, or said of it; under one key it counts once.

        Without a key each call counts, however often it has to be sent.
        """
        with checked():
            said = FeedbackIn(ranking_id=ranking_id, item_id=item_id, kind=kind, key=key or uuid4().hex)
        return await self._ask(Question("POST", "/v1/feedback", FeedbackOut, said))

    @Call
    async def add_interactions(
        self, interactions: Iterable[KeyedInteractionIn], *, key: str | None = None, batch_size: int = _BATCH
    ) -> InteractionsOut:
        """What users did, as many as there are: sent in batches, of each of which all is kept or nothing.

        They are read as they are sent. Without a timestamp one was done now. Each call counts, however often it has to
        be sent; what has a `key` of its own counts once in all calls, and so does a call with a `key` that is made
        again with the same interactions, in the same order and batches, at the same times.
        """
        whole, now = key or uuid4().hex, datetime.now(UTC)
        timed = (one if one.timestamp else one.model_copy(update={"timestamp": now}) for one in interactions)
        accepted = known = 0
        for number, batch in enumerate(batches(timed, batch_size)):
            try:
                answer = await self._ask(_added(batch, f"{whole}/{number}"))
            except ServiceError as err:
                err.add_note(f"{accepted} interactions were sent before this batch, and are kept.")
                raise
            accepted, known = accepted + answer.accepted, known + answer.known
        return InteractionsOut(accepted=accepted, known=known)

    @Call
    async def history(self, user_id: str, *, newest: int = 100) -> HistoryOut:
        """What is known of a user, oldest first."""
        return await self._ask(Question("GET", _history(user_id), HistoryOut, params={"newest": newest}))

    @Call
    async def forget(self, user_id: str) -> ForgottenOut:
        """Deletes what was sent of a user and shown to them; the key needs the scope admin.

        Where the first reply was lost and it had to be asked again, nothing was left to count the second time.
        """
        return await self._ask(Question("DELETE", _history(user_id), ForgottenOut))

    @Call
    async def health(self) -> HealthOut:
        """Whether the service answers at all."""
        return await self._ask(Question("GET", "/healthz", HealthOut))

    @Call
    async def ready(self) -> ReadyOut:
        """Whether requests should be sent to it, and why not."""
        return await self._ask(Question("GET", "/readyz", ReadyOut, statuses=(200, 503)))


def _added(batch: list[KeyedInteractionIn], key: str) -> Question[InteractionsOut]:
    body, headers = InteractionsIn(interactions=batch), {"Idempotency-Key": key}
    return Question("POST", "/v1/interactions", InteractionsOut, body, headers=headers)


def _history(user_id: str) -> str:
    return f"/v1/users/{_part(user_id)}/history"


def _part(name: str) -> str:
    """Of a path, whatever it holds: slashes, and dots, by which a path would go up."""
    return quote(name, safe="").replace(".", "%2E")
