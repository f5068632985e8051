"""How anything is asked of the service: sent, read, and sent again where that is worth it."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from importlib.metadata import version
from typing import Any, Generic

import httpx2
from pydantic import BaseModel

from llm_rerank.client.errors import ServiceError
from llm_rerank.client.patience import Patience
from llm_rerank.client.translation import Answer, answer_of, error_of, translated
from llm_rerank.client.waiting import Waiting


@dataclass(frozen=True, slots=True)
class Question(Generic[Answer]):
    """What to ask, and what the answer is read as. It may be sent twice: no route counts twice what comes again."""

    method: str
    path: str
    answer: type[Answer]
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

    async def _ask(self, question: Question[Answer]) -> Answer:
        return answer_of(await self._reply(question), question.answer)

    async def _reply(self, question: Question[Answer]) -> httpx2.Response:
        patience = Patience(timeout=self._timeout, retries=self._retries, deadline_ms=question.deadline_ms)
        while True:
            try:
                with translated():
                    reply = await self._send(self._request(question, patience))
                if reply.status_code in question.statuses:
                    return reply
                raise error_of(reply)
            except ServiceError as err:
                pause = patience.pause_after(err)
                if pause is None:
                    raise
            await self._sleep(pause)

    def _request(self, question: Question[Answer], patience: Patience) -> httpx2.Request:
        return self._http.build_request(
            question.method,
            self._base_url + question.path,
            params=question.params,
            headers={**self._headers, **(question.headers or {})},
            timeout=patience.timeout,
            **question.within(patience.deadline_ms),
        )
