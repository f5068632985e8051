"""A call is written once, as a coroutine or an async generator, and is an ordinary method of a client that blocks."""

from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from functools import wraps
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, overload

from llm_rerank.client.waiting import Awaiting, Blocking

P = ParamSpec("P")
Answer = TypeVar("Answer")
Event = TypeVar("Event")


class Method:
    """One definition, and what either kind of client has of it."""

    _awaited: Callable[..., Any]
    _blocking: Callable[..., Any]

    def of(self, client: Any, owner: type) -> Any:
        """A method of the client's own kind."""
        method: Any = self._blocking if issubclass(owner, Blocking) else self._awaited
        return method.__get__(client, owner)


class Call(Method, Generic[P, Answer]):
    """Makes of a coroutine method one that `Client` answers and `AsyncClient` awaits, with the same arguments."""

    def __init__(self, written: Callable[Concatenate[Any, P], Coroutine[Any, Any, Answer]]) -> None:
        @wraps(written)
        def run(client: Any, *args: P.args, **kwargs: P.kwargs) -> Answer:
            return run_through(written(client, *args, **kwargs))

        self._awaited, self._blocking = written, run

    @overload
    def __get__(self, client: Blocking, owner: type) -> Callable[P, Answer]: ...
    @overload
    def __get__(self, client: Awaiting, owner: type) -> Callable[P, Coroutine[Any, Any, Answer]]: ...
    def __get__(self, client: Any, owner: type) -> Any:
        """See Method."""
        return self.of(client, owner)


class Stream(Method, Generic[P, Event]):
    """Likewise of a method that gives an async generator: `Client` has a generator of the same events."""

    def __init__(self, written: Callable[Concatenate[Any, P], AsyncGenerator[Event, None]]) -> None:
        @wraps(written)
        def run(client: Any, *args: P.args, **kwargs: P.kwargs) -> Generator[Event, None, None]:
            return run_each(written(client, *args, **kwargs))

        self._awaited, self._blocking = written, run

    @overload
    def __get__(self, client: Blocking, owner: type) -> Callable[P, Generator[Event, None, None]]: ...
    @overload
    def __get__(self, client: Awaiting, owner: type) -> Callable[P, AsyncGenerator[Event, None]]: ...
    def __get__(self, client: Any, owner: type) -> Any:
        """See Method."""
        return self.of(client, owner)


def run_each(events: AsyncGenerator[Event, None]) -> Generator[Event, None, None]:
    """What it yields, likewise; closed with what yields it."""
    try:
        while (event := run_through(anext(events, None))) is not None:
            yield event
    finally:
        run_through(events.aclose())


def run_through(coroutine: Coroutine[Any, Any, Answer]) -> Answer:
    """What it returns, where nothing that it awaits makes it pause."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        answer: Answer = done.value
        return answer
    coroutine.close()
    raise RuntimeError("a client that blocks cannot await what pauses")
