"""The page's files, as they are served: what is there and nothing else, under a policy that lets nothing else in."""

import re
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from llm_rerank.service.app import create_app
from llm_rerank.service.config import ServeConfig, UiConfig
from llm_rerank.service.service import Service

UI = Path(__file__).parents[3] / "llm_rerank" / "ui"
MOST_BYTES = 40_000
LIT_HTML = {  # of the npm registry's lit-html 3.3.3
    "lit-html.js": "b878e7f95dec8a9b6e9b217faca6b6a11bad82ebc44c0caa77419ed83edd81f2",
    "LICENSE": "2b66f9390afde29edfe4314daff93f01fb182e1178053e228120178987e5db75",
}


def test_the_page_and_its_files_need_no_key(callers: Any) -> None:
    page = callers.client.get("/")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    for path in re.findall(r'(?:href|src)="(/ui/[^"]+)"', page.text):
        assert callers.client.get(path).status_code == 200, path


def test_nothing_from_elsewhere_and_no_markup_of_others(callers: Any) -> None:
    for path in ("/", "/ui/app.js", "/ui/settings.json", "/ui/nothing.js"):
        headers = callers.client.get(path).headers
        policy = headers["Content-Security-Policy"].split("; ")
        assert {"default-src 'none'", "require-trusted-types-for 'script'", "trusted-types lit-html"} <= set(policy)
        assert {"frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"} <= set(policy)
        assert {part.split()[1] for part in policy if "-src" in part} == {"'none'", "'self'"}
        assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"]) == ("nosniff", "no-referrer")
    assert "Content-Security-Policy" not in callers.client.get("/docs").headers


@pytest.mark.parametrize(
    "path", ["../app.py", "%2e%2e/app.py", "..%2fconfig.py", "views", "", "vendor/lit-html/LICENSE"]
)
def test_what_is_no_file_of_the_page_is_not_there(callers: Any, path: str) -> None:
    reply = callers.client.get(f"/ui/{path}")
    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "no_such_path")


def test_it_begins_with_what_the_service_is(callers: Any) -> None:
    about = callers.client.get("/ui/settings.json").json()
    assert (about["user"], about["top_n"], about["explained"]) == ("1924", 10, 3)
    assert (about["candidates"], about["llm_weight"], about["method"]) == (8, 0.5, "packed")
    assert about["most"] == {"top_n": 8, "explained": 20, "deadline_ms": 30_000}


def test_it_is_not_there_where_nobody_wants_it(serve: Callable[..., Service]) -> None:
    with TestClient(create_app(serve(ui=UiConfig(shown=False)))) as client:
        assert {client.get(path).status_code for path in ("/", "/ui/app.js", "/ui/settings.json")} == {404}


def test_a_file_that_is_there_already_is_not_sent_again(callers: Any) -> None:
    first = callers.client.get("/ui/app.css")
    assert first.headers["Content-Encoding"] == "gzip"
    assert callers.client.get("/ui/app.css", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    assert first.headers["ETag"].startswith('W/"')  # one for both, which are not the same bytes
    plain = callers.client.get("/ui/app.css", headers={"Accept-Encoding": "identity"})
    assert plain.headers["ETag"] == first.headers["ETag"]
    assert plain.content == first.content == (UI / "app.css").read_bytes()


@pytest.mark.parametrize("path", ["/", "/ui/app.css", "/ui/settings.json", "/ui/nothing.js"])
def test_who_asks_for_the_head_gets_that_alone(callers: Any, path: str) -> None:
    whole, head = callers.client.get(path), callers.client.head(path)
    assert (head.status_code, head.content) == (whole.status_code, b"")
    names = ("Content-Type", "Content-Length", "ETag", "Content-Security-Policy")
    assert [head.headers.get(name) for name in names] == [whole.headers.get(name) for name in names]


def test_scripts_are_sent_without_their_comments_and_keep_their_line_numbers(callers: Any) -> None:
    sent = callers.client.get("/ui/api.js").text.splitlines()
    source = (UI / "api.js").read_text().splitlines()
    assert len(sent) == len(source)
    assert not [line for line in sent if line.lstrip().startswith(("//", "/**"))]
    code = {number: line for number, line in enumerate(source) if "//" not in line and "/**" not in line}
    assert {number: sent[number] for number in code} == code


def test_all_that_is_sent_is_small(callers: Any) -> None:
    names = [path.relative_to(UI).as_posix() for path in UI.rglob("*.*")]
    headers = {name: callers.client.get(f"/ui/{name}").headers for name in names}
    assert {one["Content-Encoding"] for one in headers.values()} == {"gzip"}
    sizes = {name: int(one["Content-Length"]) for name, one in headers.items()}
    for unread in ("words/en.js", "words/zh.js"):  # nobody loads a language that they do not read
        assert 10_000 < sum(sizes.values()) - sizes[unread] <= MOST_BYTES


def test_lit_html_is_what_its_makers_published() -> None:
    vendored = UI / "vendor" / "lit-html"
    found = {path.relative_to(vendored).as_posix() for path in vendored.rglob("*") if path.is_file()}
    assert found == set(LIT_HTML)
    assert {name: sha256((vendored / name).read_bytes()).hexdigest() for name in found} == LIT_HTML


def test_whom_it_shows_is_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_RERANK__UI__USER", "anna")
    assert ServeConfig.read(None).ui == UiConfig(user="anna")
