"""A request's body is read to a limit and no further, whatever its headers say, and for so long and no longer."""

import asyncio
from contextlib import suppress
from typing import Final

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from llm_rerank.service.errors import ApiError, error_response

_HEARD_OUT: Final = 8  # times the limit
_HEARD_SECONDS: Final = 10.0
_CLOSE: Final = {"Connection": "close"}


class LimitBody:
    """Answers 413 for more, and 408 for what does not come."""

    def __init__(self, app: ASGIApp, *, most: int, seconds: float) -> None:
        self._app, self._most, self._seconds = app, most, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > self._most:
            await self._refuse(scope, receive, send, more=True)
            return
        try:
            async with asyncio.timeout(self._seconds):
                body, more = await self._read(receive)
        except TimeoutError:
            why = f"the body did not come within {self._seconds:g} s"
            await _refused(ApiError(408, why, code="body_too_slow", headers=_CLOSE), scope, receive, send)
            return
        except ClientDisconnect:
            return
        if len(body) > self._most:
            await self._refuse(scope, receive, send, more=more)
            return
        given = False

        async def again() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": bytes(body), "more_body": False}

        await self._app(scope, again, send)

    async def _read(self, receive: Receive) -> tuple[bytearray, bool]:
        """The body to its end or beyond the limit, and whether there is more of it."""
        body, more = bytearray(), True
        while more and len(body) <= self._most:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            body += message.get("body", b"")
            more = message.get("more_body", False)
        return body, more

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, *, more: bool) -> None:
        """Hears the rest out, within reason: who is cut off while it sends never reads why."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_HEARD_SECONDS):
                await self._hear_out(receive, more=more)
        why = f"a request has {self._most:,} bytes at most"
        await _refused(ApiError(413, why, code="body_too_large", headers=_CLOSE), scope, receive, send)

    async def _hear_out(self, receive: Receive, *, more: bool) -> None:
        heard = 0
        while more and heard < _HEARD_OUT * self._most:
            message = await receive()
            heard += len(message.get("body", b""))
            more = message.get("more_body", False)


async def _refused(why: ApiError, scope: Scope, receive: Receive, send: Send) -> None:
    await error_response(scope, why)(scope, receive, send)
