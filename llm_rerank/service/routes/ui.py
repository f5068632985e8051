"""/ and /ui: the page on which people meet the service. It comes from the package, and needs nothing from elsewhere."""

import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from llm_rerank.service.errors import ApiError
from llm_rerank.service.service import Opened, Service

router = APIRouter(include_in_schema=False)

_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types lit-html",  # makes templates of the page's own strings, never of what a shop calls its items
    )
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_READING: Final = ["GET", "HEAD"]  # a GET route of FastAPI's does not answer HEAD
_COMMENTS: Final = re.compile(rb"(?:^|(?<=[,;{])) *(?://.*|/\*\*.*\*/)$", re.MULTILINE)
"""What is in a script for who reads its source is not sent; lines keep their numbers."""
_LANGUAGES: Final = ("en", "zh")
_SHOWN: Final = 10
_EXPLAINED: Final = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class _File:
    media_type: str
    plain: bytes
    packed: bytes
    tag: str
    """Of what it says, packed or not: a weak one, since the bytes differ."""


@router.api_route("/", methods=_READING)
def page(request: Request) -> Response:
    """The page."""
    return _sent("index.html", request)


@router.api_route("/ui/settings.json", methods=_READING)
def settings(service: Opened) -> JSONResponse:
    """What the page begins with, and what it says of the service: no secret, since no key is asked for."""
    return JSONResponse(_settings(service), headers=_HEADERS | {"Cache-Control": "no-store"})


@router.api_route("/ui/{path:path}", methods=_READING)
def file(path: str, request: Request) -> Response:
    """One of its files."""
    return _sent(path, request)


def _settings(service: Service) -> dict[str, Any]:
    recommend, limits = service.config.recommend, service.config.limits
    reranker = service.recommender.reranker
    explains = recommend.method == "packed"
    return {
        "user": service.config.ui.user,
        "top_n": min(_SHOWN, limits.items),
        "explained": min(_EXPLAINED, limits.explained) if explains else 0,
        "most": {
            "top_n": min(recommend.candidates or limits.items, limits.items),
            "explained": limits.explained,
            "deadline_ms": limits.deadline_ms,
        },
        "languages": _LANGUAGES,
        "method": recommend.method,
        "model": recommend.model,
        "adapter": reranker.adapter,
        "candidates": recommend.candidates,
        "llm_weight": reranker.fusion.llm_weight,
        "history_items": recommend.prompt.history_items,
    }


def _sent(name: str, request: Request) -> Response:
    found = _FILES.get(name)
    if found is None:
        raise ApiError(404, "the page has no such file", code="no_such_path", headers=_HEADERS)
    headers = _HEADERS | {"ETag": f"W/{found.tag}", "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if found.tag in request.headers.get("If-None-Match", ""):
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        return Response(found.packed, media_type=found.media_type, headers=headers | {"Content-Encoding": "gzip"})
    return Response(found.plain, media_type=found.media_type, headers=headers)


def _read() -> Iterator[tuple[str, _File]]:
    """All that there is, by its path: whatever else is asked for is not there."""
    for name, one in _under(files("llm_rerank") / "ui", ""):
        media_type = _TYPES.get(PurePosixPath(name).suffix)
        if media_type is None:  # licences, and what an editor leaves behind
            continue
        plain = one.read_bytes()
        if name.endswith(".js") and not name.startswith("vendor/"):
            plain = _COMMENTS.sub(b"", plain)
        tag = f'"{sha256(plain).hexdigest()[:16]}"'
        yield name, _File(media_type=media_type, plain=plain, packed=gzip.compress(plain, mtime=0), tag=tag)


def _under(folder: Traversable, before: str) -> Iterator[tuple[str, Traversable]]:
    for one in folder.iterdir():
        if one.is_dir():
            yield from _under(one, f"{before}{one.name}/")
        else:
            yield before + one.name, one


_FILES: Final = dict(_read())
