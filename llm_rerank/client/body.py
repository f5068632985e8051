"""The body of a reply, as it comes."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2

from llm_rerank.client.patience import Patience


class PatientBody(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """Is read for as long as its call may take: what says now and then that it lives would go on for ever."""

    def __init__(self, body: Any, patience: Patience) -> None:
        self._body, self._patience = body, patience

    def __iter__(self) -> Iterator[bytes]:
        for part in self._body:
            self._patience.require_time()
            yield part

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._body:
            self._patience.require_time()
            yield part

    def close(self) -> None:
        """Ends the connection, where the body has not been read to its end."""
        self._body.close()

    async def aclose(self) -> None:
        """Likewise."""
        await self._body.aclose()
