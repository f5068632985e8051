"""Who asks: a key in the Authorization header, what it may, and how often."""

import math
from collections import deque
from collections.abc import Callable, Coroutine
from threading import Lock
from time import monotonic
from typing import Annotated, Any, Final

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool

from llm_rerank.service.errors import ApiError
from llm_rerank.service.notes import notes_of
from retrieval.store.errors import StoreError
from retrieval.store.keys import ApiKey, KeyStore, Scope

_SHOWN: Final = HTTPBearer(auto_error=False, description="A key, as `llm-rerank keys create` shows it.")
_MINUTE: Final = 60.0
_FRESH_SECONDS: Final = 5.0  # a key that was looked up is believed so long, and while the database is away


class Door:
    """Lets callers in."""

    def __init__(self, keys: KeyStore) -> None:
        self._keys = keys
        self._known: dict[str, tuple[float, ApiKey | None]] = {}
        self._asked: dict[str, deque[float]] = {}
        self._changing = Lock()

    async def recognise(self, shown: str | None) -> ApiKey:
        """Whose key is shown; raises ApiError, 401, without one that we know. Who is known waits for no thread."""
        key = None if shown is None else await self._find(shown.strip())
        if key is None:
            raise ApiError(
                401,
                "show a key: Authorization: Bearer KEY" if shown is None else "this key is not known, or was revoked",
                param="Authorization",
                code="no_valid_key",
                headers={"WWW-Authenticate": "Bearer"},
            )
        return key

    def let_in(self, key: ApiKey, scope: Scope) -> None:
        """Raises ApiError: 403 without the scope, 429 where it asks too often."""
        if not key.scopes & {scope, "admin"}:
            raise ApiError(403, f"this key has no scope {scope}", param="Authorization", code="no_scope")
        self._count(key)

    async def _find(self, shown: str) -> ApiKey | None:
        at, known = self._known.get(shown, (0.0, None))
        if known is not None and monotonic() - at < _FRESH_SECONDS:
            return known
        return await run_in_threadpool(self._look_up, shown, known)

    def _look_up(self, shown: str, known: ApiKey | None) -> ApiKey | None:
        now = monotonic()
        try:
            found = self._keys.find(shown)
        except StoreError:  # who is known stays known until the database answers again
            if known is None:
                raise
            return known
        with self._changing:
            self._known.pop(shown, None)
            if found is not None:
                self._known[shown] = (now, found)
        return found

    def _count(self, key: ApiKey) -> None:
        """A sliding minute."""
        now = monotonic()
        with self._changing:
            asked = self._asked.setdefault(key.key_id, deque())
            while asked and now - asked[0] >= _MINUTE:
                asked.popleft()
            if len(asked) < key.per_minute:
                asked.append(now)
                return
            wait = _MINUTE - (now - asked[0])
        raise ApiError(
            429,
            f"this key is for {key.per_minute} requests a minute",
            param="Authorization",
            code="rate_limited",
            headers={"Retry-After": str(math.ceil(wait))},
        )


def with_scope(scope: Scope) -> Callable[..., Coroutine[Any, Any, ApiKey]]:
    """Who asks, where their key has it."""

    async def let_in(
        request: Request, shown: Annotated[HTTPAuthorizationCredentials | None, Depends(_SHOWN)]
    ) -> ApiKey:
        door: Door = request.app.state.service.door
        caller = await door.recognise(None if shown is None else shown.credentials)
        notes_of(request.scope).caller = caller  # refused or not
        door.let_in(caller, scope)
        return caller

    return let_in


Reader = Annotated[ApiKey, Depends(with_scope("read"))]
Writer = Annotated[ApiKey, Depends(with_scope("write"))]
Admin = Annotated[ApiKey, Depends(with_scope("admin"))]
"""A route's caller, by the scope that the route asks for."""
