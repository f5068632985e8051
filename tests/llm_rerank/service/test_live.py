"""A server on a socket, and callers who are not polite."""

import json
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager
from time import sleep

import httpx2

from llm_rerank.service.config import LimitsConfig
from llm_rerank.service.service import Service

Listen = Callable[[Service], AbstractContextManager[tuple[str, int]]]
ShowKey = Callable[..., dict[str, str]]
WaitUntil = Callable[[Callable[[], bool]], None]


def test_what_a_caller_has_left_is_given_up(
    address: tuple[str, int], service: Service, show_key: ShowKey, until: WaitUntil
) -> None:
    engine, shown, body = service.recommender.reranker.engine, show_key(service), b'{"user_id": "anna"}'
    engine.held.clear()  # type: ignore[attr-defined]
    engine.hold = True  # type: ignore[attr-defined]
    with socket.create_connection(address) as caller:
        lines = ["POST /v1/recommend HTTP/1.1", "Host: shop", f"Content-Length: {len(body)}"]
        lines += ["Content-Type: application/json", f"Authorization: {shown['Authorization']}"]
        caller.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        assert engine.held.wait(20)  # type: ignore[attr-defined]
        assert service.admission.running == 1
    until(lambda: service.admission.running == 0)
    until(lambda: b'route="/v1/recommend",status="499"' in service.metrics.text())
    engine.hold = False  # type: ignore[attr-defined]
    url = f"http://{address[0]}:{address[1]}/v1/recommend"
    assert httpx2.post(url, json=json.loads(body), headers=shown).status_code == 200


def test_a_connection_that_says_nothing_keeps_nobody(
    address: tuple[str, int], service: Service, show_key: ShowKey
) -> None:
    with socket.create_connection(address) as silent, socket.create_connection(address) as slow:
        slow.sendall(b"POST /v1/recommend HTTP/1.1\r\nHost: shop\r\nContent-Length: 1000\r\n\r\n{")
        url = f"http://{address[0]}:{address[1]}/v1/users/anna/history"
        assert httpx2.get(url, headers=show_key(service)).status_code == 200
        assert (service.admission.running, service.admission.waiting) == (0, 0)
        silent.sendall(b"GET /healthz HTTP/1.1\r\nHost: shop\r\n\r\n")  # it was not closed for its silence
        assert silent.recv(100).startswith(b"HTTP/1.1 200")


def test_who_leaves_while_they_wait_leaves_room_for_others(
    serve: Callable[..., Service], listen: Listen, show_key: ShowKey, until: WaitUntil
) -> None:
    service = serve(limits=LimitsConfig(at_once=1, waiting=2))
    engine, shown = service.recommender.reranker.engine, show_key(service)
    with listen(service) as (host, port):
        engine.hold = True  # type: ignore[attr-defined]
        callers = [ask_raw((host, port), shown) for _ in range(3)]
        until(lambda: (service.admission.running, service.admission.waiting) == (1, 2))
        for caller in callers[1:]:
            caller.close()
        until(lambda: service.admission.waiting == 0)
        assert service.admission.running == 1
        engine.hold = False  # type: ignore[attr-defined]
        callers[0].close()
        until(lambda: service.admission.running == 0)


def heard(caller: socket.socket) -> bytes:
    """All that the server says until it closes."""
    caller.settimeout(20)
    return b"".join(iter(lambda: caller.recv(4096), b""))


def ask_raw(
    address: tuple[str, int], shown: dict[str, str], *, body: bytes = b'{"user_id": "anna"}', more: int = 0
) -> socket.socket:
    """A caller who has asked, and has not read yet; of the body, so many bytes are still to come."""
    lines = ["POST /v1/recommend HTTP/1.1", "Host: shop", f"Content-Length: {len(body) + more}", "Connection: close"]
    lines += ["Content-Type: application/json", f"Authorization: {shown['Authorization']}"]
    caller = socket.create_connection(address)
    caller.sendall("\r\n".join([*lines, "", ""]).encode() + body)
    return caller


def test_the_time_that_a_body_takes_is_part_of_the_deadline(
    address: tuple[str, int], service: Service, show_key: ShowKey
) -> None:
    rest = b', "deadline_ms": 300}'
    with ask_raw(address, show_key(service), body=b'{"user_id": "anna"', more=len(rest)) as slow:
        sleep(0.5)
        slow.sendall(rest)
        assert b'"answered_by":"popular"' in heard(slow)


def test_a_body_that_trickles_is_not_waited_for(
    serve: Callable[..., Service], listen: Listen, show_key: ShowKey
) -> None:
    service = serve(limits=LimitsConfig(reading_seconds=0.3))
    with listen(service) as address, ask_raw(address, show_key(service), more=1000) as slow:
        head, _, body = heard(slow).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408")
    assert json.loads(body)["error"]["code"] == "body_too_slow"
