"""The two clients: the same calls, answered or awaited."""

import httpx2

from llm_rerank.client.address import api_key_of, base_url_of
from llm_rerank.client.api import Api
from llm_rerank.client.waiting import Awaiting, Blocking


class Client(Blocking, Api):
    """Asks the service, and waits for its answers. Threads may share it.

    with Client("http://127.0.0.1:8080", api_key="...") as client:
        ranking = client.recommend("1924", top_n=5, explained=2)
    """

    def __init__(
        self,
        base_url: str | None = None,
        *,
        api_key: str | None = None,
        timeout: float = 60.0,
        retries: int = 2,
        http: httpx2.Client | None = None,
    ) -> None:
        """Where no `base_url` or `api_key` is given, LLM_RERANK_BASE_URL and LLM_RERANK_API_KEY are read.

        `timeout`: seconds after which a call is given up, however often it is tried and whatever has come of its answer
        (one that falls silent may take as long again); a `deadline_ms` bounds it further.
        `retries`: how often it is tried again where the service is busy (429), away (502, 503) or not reached.
        `http`: through which to ask, with its proxies and certificates; it is not closed with this client.
        """
        super().__init__(base_url_of(base_url, http), api_key_of(api_key), timeout, retries)
        self._http, self._borrowed = http or httpx2.Client(), http is not None


class AsyncClient(Awaiting, Api):
    """Asks the service, and lets others go on until it answers.

    async with AsyncClient("http://127.0.0.1:8080", api_key="...") as client:
        ranking = await client.recommend("1924", top_n=5, explained=2)
    """

    def __init__(
        self,
        base_url: str | None = None,
        *,
        api_key: str | None = None,
        timeout: float = 60.0,
        retries: int = 2,
        http: httpx2.AsyncClient | None = None,
    ) -> None:
        """As `Client` has it."""
        super().__init__(base_url_of(base_url, http), api_key_of(api_key), timeout, retries)
        self._http, self._borrowed = http or httpx2.AsyncClient(), http is not None
