"""A call is written once, as a coroutine, and is an ordinary method of a client that blocks."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, overload

from llm_rerank.client.waiting import Awaiting, Blocking

P = ParamSpec("P")
Answer = TypeVar("Answer")


class Call(Generic[P, Answer]):
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
        """A method of the client's own kind."""
        method: Any = self._blocking if issubclass(owner, Blocking) else self._awaited
        return method.__get__(client, owner)


def run_through(coroutine: Coroutine[Any, Any, Answer]) -> Answer:
    """What it returns, where nothing that it awaits makes it pause."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        answer: Answer = done.value
        return answer
    coroutine.close()
    raise RuntimeError("a client that blocks cannot await what pauses")
