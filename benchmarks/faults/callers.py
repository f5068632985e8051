"""Callers who are many, impatient, slow, gone, wrong or verbose."""

import http.client
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import cycle, islice
from socket import SO_RCVBUF, SOL_SOCKET, socket
from threading import Barrier
from time import monotonic, sleep
from typing import Final

from benchmarks.faults.asking import MARGIN, Ask, Outcome, document, send
from benchmarks.faults.found import Found
from benchmarks.faults.scene import Scene

_BIG: Final = 10_000_000
_READ: Final = 256
_PAUSE: Final = 0.05
_SMALL: Final = 4096
_FIRST: Final = re.compile(rb"event: ranking\r?\ndata: (.*)")
_LAST: Final = re.compile(rb"event: (done|error)")
MALFORMED: Final = (
    *(b"", b"{", b"[]", b"null", b'"text"', b'{"user_id": "a",}', b'{"user_id": NaN}', b"\xff\xfe", b"\x00"),
    *(b"[" * 100_000, b'{"a":' * 50_000, b'{"user_id": "a", "top_n": 1e400}'),
    b'{"user_id": "a", "top_n": ' + b"9" * 6000 + b"}",
)
"""What is no JSON, or no request."""


def impatient(scene: Scene, *, count: int) -> Found:
    """Every request has a deadline of 1 ms."""
    asks = [replace(scene.asks[number % len(scene.asks)], deadline=0.001) for number in range(count)]
    with scene.served.client() as client:
        outcomes = [send(client, scene.served.url, ask) for ask in asks]
    return scene.found("deadline of 1 ms", outcomes, (200,))


def crowd(scene: Scene, *, clients: int, each: int) -> Found:
    """All at the same moment, each over a connection of its own."""
    together = Barrier(clients)

    def ask(first: int) -> list[Outcome]:
        with scene.served.client() as client:
            together.wait()
            return [
                send(client, scene.served.url, replace(scene.asks[n % len(scene.asks)], deadline=scene.deadline))
                for n in range(first, first + each)
            ]

    with ThreadPoolExecutor(clients) as pool:
        outcomes = [outcome for some in pool.map(ask, range(clients)) for outcome in some]
    over = monotonic()
    return scene.found(f"{clients} concurrent clients", [*outcomes, *_one_more(scene)], (200, 429), ended=over)


def slow_readers(scene: Scene, *, readers: int) -> Found:
    """They read a stream of reasons bit by bit; others ask meanwhile."""
    with ThreadPoolExecutor(readers) as pool:
        reading = [pool.submit(_read_slowly, scene, ask) for ask in _users(scene, readers)]
        sleep(1)
        between = _one_more(scene)
        outcomes = [one.result() for one in reading]
    return scene.found(f"{readers} slow readers of a stream", [*outcomes, *between], (200,))


def leavers(scene: Scene, *, count: int) -> Found:
    """They go while they are answered; of the service it is expected that it is free, and answers the next one."""
    for ask in _users(scene, count):
        with _sent(scene, _stream(ask)):
            sleep(0.1)
    for ask in scene.asks:
        with _sent(scene, ask, share=0.5):
            pass
    gone = monotonic()
    freed = _seconds_until_free(scene, gone)
    note = f"{count} left a stream of reasons, {len(scene.asks)} in the middle of what they sent; one asked after them"
    found = scene.found("clients who leave mid-request", _one_more(scene), (200,), ended=gone, notes=[note])
    return replace(found, freed=freed)


def malformed(scene: Scene) -> Found:
    """What is no JSON or no request, sent to every door."""
    ways = ("/v1/recommend", "/v1/rerank", "/v1/interactions", "/v1/explanations")
    outcomes = [_raw(scene, path, content) for path in ways for content in MALFORMED]
    return scene.found("malformed JSON", outcomes, (400, 422))


def big_bodies(scene: Scene, *, count: int) -> Found:
    """10 MB, of a declared length and in chunks."""
    content = json.dumps({"query": "milk", "documents": ["x" * _BIG]}).encode()
    bodies: list[Callable[[], bytes | Iterable[bytes]]] = [lambda: content, lambda: _chunks(content)]
    outcomes = [_raw(scene, "/v1/rerank", body()) for _ in range(count) for body in bodies]
    return scene.found("bodies of 10 MB", outcomes, (413,))


def _one_more(scene: Scene) -> list[Outcome]:
    """A caller who has all the time there is."""
    with scene.served.client() as client:
        return [send(client, scene.served.url, scene.asks[0])]


def _seconds_until_free(scene: Scene, since: float) -> float:
    while scene.served.busy:
        if monotonic() - since > scene.patience:
            return math.inf
        sleep(0.1)
    return monotonic() - since


def _users(scene: Scene, count: int) -> list[Ask]:
    """So many requests for rankings of users."""
    asks = [replace(ask, deadline=scene.deadline) for ask in scene.asks if ask.path == "/v1/recommend"]
    return list(islice(cycle(asks), count))


def _stream(ask: Ask) -> Ask:
    """The same, as a stream with a reason."""
    return replace(ask, path="/v1/explanations", body={**ask.body, "explained": 1})


def _sent(scene: Scene, ask: Ask, *, share: float = 1.0) -> socket:
    """A connection on which this much of the request was sent; as little as possible waits in it to be read."""
    caller = socket()
    caller.setsockopt(SOL_SOCKET, SO_RCVBUF, _SMALL)
    config = scene.served.config
    caller.connect((config.host, config.port))
    body = json.dumps(ask.sent).encode()
    lines = [f"POST {ask.path} HTTP/1.1", "Host: shop", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in scene.served.headers.items()]
    caller.sendall("\r\n".join([*lines, "", ""]).encode() + body[: int(len(body) * share)])
    return caller


def _read_slowly(scene: Scene, ask: Ask) -> Outcome:
    """What it begins with is a ranking as any other; without its end it is no answer."""
    begun = monotonic()
    try:
        with _sent(scene, _stream(ask)) as caller:
            read, took = read_slowly(caller, ask.deadline + MARGIN)
    except OSError as err:
        return Outcome(ask=ask, at=begun, seconds=monotonic() - begun, failed=repr(err))
    ranking = _FIRST.search(read)
    if ranking is None or not _LAST.search(read):
        return Outcome(ask=ask, at=begun, seconds=took, failed="it broke off")
    return Outcome(ask=ask, at=begun, seconds=took, status=200, body=json.loads(ranking[1])["ranking"])


def read_slowly(caller: socket, patience: float) -> tuple[bytes, float]:
    """All that comes, and the seconds that it was waited for: how slowly it is taken is the reader's affair, and what
    waits to be taken is there at once.

    Raises TimeoutError after so many of them.
    """
    read, waited = b"", 0.0
    while waited < patience:
        caller.settimeout(patience - waited)
        begun = monotonic()
        piece = caller.recv(_READ)
        waited += monotonic() - begun
        if not piece:
            return read, waited
        read += piece
        sleep(_PAUSE)
    raise TimeoutError(f"not whole after {patience:g} s of waiting")


def _raw(scene: Scene, path: str, content: bytes | Iterable[bytes]) -> Outcome:
    """Sent by a client that hears of nothing before all of it is sent."""
    config, ask = scene.served.config, Ask(path=path, body={})
    begun = monotonic()
    connection = http.client.HTTPConnection(config.host, config.port, timeout=ask.deadline + MARGIN)
    try:
        connection.request("POST", path, content, dict(scene.served.headers))
        reply = connection.getresponse()
        status, text = reply.status, reply.read().decode()
    except (OSError, http.client.HTTPException) as err:
        return Outcome(ask=ask, at=begun, seconds=monotonic() - begun, failed=repr(err))
    finally:
        connection.close()
    return Outcome(ask=ask, at=begun, seconds=monotonic() - begun, status=status, body=document(text))


def _chunks(content: bytes) -> Iterator[bytes]:
    return (content[at : at + 65_536] for at in range(0, len(content), 65_536))
