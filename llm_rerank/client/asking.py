"""How anything is asked of the service: sent, read, and sent again where that is worth it."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import KW_ONLY, dataclass
from importlib.metadata import version
from typing import Any

import httpx2
from pydantic import BaseModel

from llm_rerank.client.body import PatientBody
from llm_rerank.client.errors import ServiceError, UnavailableError
from llm_rerank.client.events import Told, told
from llm_rerank.client.patience import Patience
from llm_rerank.client.translation import Answer, answer_of, error_of, translated, unbroken
from llm_rerank.client.waiting import Waiting
from llm_rerank.wire.explanations import DoneEvent


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask. It may be sent twice: no route counts twice what comes again."""

    method: str
    path: str
    body: BaseModel | None = None
    _: KW_ONLY
    deadline_ms: float | None = None
    """As the body has it."""
    headers: Mapping[str, str] | None = None
    params: Mapping[str, int] | None = None
    statuses: tuple[int, ...] = (200,)
    """That come with an answer."""

    def within(self, deadline_ms: float | None) -> dict[str, Any]:
        """The body, to be answered by another deadline."""
        if self.body is None:
            return {}
        changed = self.body.model_copy(update={} if deadline_ms is None else {"deadline_ms": deadline_ms})
        return {"json": changed.model_dump(mode="json", exclude_none=True)}


class Asking(Waiting):
    """Who knows where the service is, and shows a key."""

    def __init__(self, base_url: str, api_key: str, timeout: float, retries: int) -> None:
        self._base_url, self._timeout, self._retries = base_url, timeout, retries
        self._headers = httpx2.Headers(  # whose repr hides the key
            {"Authorization": f"Bearer {api_key}", "User-Agent": f"llm-rerank/{version('llm-rerank')}"}
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._base_url!r})"

    async def _ask(self, question: Question, kind: type[Answer]) -> Answer:
        return answer_of(await self._reply(question, self._patience(question)), kind)

    async def _listen(self, question: Question) -> AsyncGenerator[Told, None]:
        """Events as they come; once there are any, nothing is tried again."""
        patience = self._patience(question)
        reply = await self._reply(question, patience, unread=True)
        with unbroken():
            async with aclosing(self._events(reply)) as events:
                async for sent in events:
                    if (event := told(sent, reply)) is None:
                        continue
                    yield event
                    if isinstance(event, DoneEvent):
                        return
        raise UnavailableError("the answer broke off before it was done")

    def _patience(self, question: Question) -> Patience:
        return Patience(timeout=self._timeout, retries=self._retries, deadline_ms=question.deadline_ms)

    async def _reply(self, question: Question, patience: Patience, *, unread: bool = False) -> httpx2.Response:
        while True:
            try:
                with translated():
                    reply = await self._send(self._request(question, patience))
                    reply.stream = PatientBody(reply.stream, patience)
                    answers = reply.status_code in question.statuses
                    if not (answers and unread):
                        await self._read(reply)
                    if answers:
                        return reply
                raise error_of(reply)
            except ServiceError as err:
                pause = patience.pause_after(err)
                if pause is None:
                    raise
            await self._sleep(pause)

    def _request(self, question: Question, patience: Patience) -> httpx2.Request:
        return self._http.build_request(
            question.method,
            self._base_url + question.path,
            params=question.params,
            headers={**self._headers, **(question.headers or {})},
            timeout=patience.timeout,
            **question.within(patience.deadline_ms),
        )
