"""Unmodified clients of others, and no way out of this machine for them."""

import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple

import pytest

from llm_rerank.service.service import Service

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Live(NamedTuple):
    """A service on a socket, and a key for it."""

    service: Service
    url: str
    key: str


@pytest.fixture(scope="session", autouse=True)
def _nothing_leaves() -> Iterator[None]:
    """They would fetch prices, send telemetry or ask a hub: a name that is not ours is not looked up."""
    look_up = socket.getaddrinfo

    def only_here(host: Any, *others: Any, **more: Any) -> Any:
        assert host in (None, *_LOOPBACK), f"a client asks for {host}"
        return look_up(host, *others, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", only_here)
        patch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
        yield


@pytest.fixture(scope="session")
def go_live(
    listen: Callable[[Service], AbstractContextManager[tuple[str, int]]], show_key: Callable[..., dict[str, str]]
) -> Callable[..., AbstractContextManager[Live]]:
    """Within it a service can be asked on a socket; what else is given is its key's."""

    @contextmanager
    def live(service: Service, **key: Any) -> Iterator[Live]:
        with listen(service) as (host, port):
            shown = show_key(service, **key)["Authorization"].removeprefix("Bearer ")
            yield Live(service, f"http://{host}:{port}", shown)

    return live


@pytest.fixture
def live(service: Service, go_live: Callable[..., AbstractContextManager[Live]]) -> Iterator[Live]:
    with go_live(service) as here:
        yield here
