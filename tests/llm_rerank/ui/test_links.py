"""Every view is a link and a receipt."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

See = Callable[..., Page]
ROOT = Path(__file__).parents[3]
ASKED = '?user=ben&top_n=4&explained=0&language=zh&instruction=It\'s "him"&view=table&without=coffee&added=tea'


@pytest.fixture
def page(see: See) -> Page:
    page = see(ASKED)
    expect(page.locator("tbody tr")).to_have_count(4)
    page.locator(".receipt > summary").click()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    return page


def copied(page: Page, button: str) -> str:
    page.get_by_role("button", name=button).click()
    expect(page.locator(".receipt .notice")).to_be_visible()
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text


def ran(command: list[str], site: Any) -> str:
    known = {"LLM_RERANK_API_KEY": site.key("read")}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=os.environ | known, check=True)
    return done.stdout


def test_a_link_opens_the_same_view(page: Page, see: See) -> None:
    link = urlsplit(copied(page, "复制链接"))
    said = parse_qs(link.query)
    assert (said["method"], said["instruction"], said["without"]) == (["packed"], ['It\'s "him"'], ["coffee"])
    again = see(f"?{link.query}")
    expect(again.locator("tbody th")).to_have_text(page.locator("tbody th").all_inner_texts())
    expect(again.locator(".notice")).to_have_count(0)


def test_a_link_of_another_model_says_so(see: See) -> None:
    page = see("?adapter=178a90619d1a&method=letters&explained=0")
    expect(page.locator(".notice")).to_have_text(
        [
            "i This link was made with letters; the service now has packed.",
            "i This link was made with 178a90619d1a; the service now has no adapter.",
        ],
        use_inner_text=False,
    )


def test_curl_and_python_say_the_same_as_the_page(page: Page, site: Any) -> None:
    shown = page.locator("tbody th").all_inner_texts()
    answer = json.loads(ran(["bash", "-c", copied(page, "复制 curl")], site))
    assert [item["title"] for item in answer["items"]] == shown
    program = copied(page, "复制 Python")
    assert ran([sys.executable, "-c", program], site).splitlines() == [
        f"{place}. {title}" for place, title in enumerate(shown, start=1)
    ]


def test_nothing_that_is_taken_along_holds_the_key(page: Page) -> None:
    assert "llmrr_" not in "".join(copied(page, name) for name in ("复制链接", "复制 curl", "复制 Python"))


def test_the_answer_is_a_file(page: Page) -> None:
    with page.expect_download() as saved:
        page.get_by_role("button", name="保存为 JSON").click()
    answer = json.loads(Path(saved.value.path()).read_text())
    assert [item["title"] for item in answer["items"]] == page.locator("tbody th").all_inner_texts()
    assert saved.value.suggested_filename == f"ranking-{answer['ranking_id']}.json"


def test_a_ranking_opens_by_its_id_and_is_scored_again(see: See, site: Any) -> None:
    page = see()
    expect(page.locator(".reason .by")).to_have_count(3)
    page.locator(".receipt > summary").click()
    page.get_by_role("link", name="Open the receipt").click()
    expect(page.get_by_text("A receipt: this was answered on")).to_be_visible()
    expect(page.locator(".reason .by")).to_have_count(3)
    ranking = parse_qs(urlsplit(page.url).query)["ranking"][0]
    other = see(f"?ranking={ranking}")
    expect(other.get_by_label("Person")).to_have_value("anna")
    other.get_by_role("button", name="Score it again").click()
    expect(other.locator(".receipt .notice")).to_contain_text("The same: no score differs by more than 0.000.")


def test_a_ranking_that_is_not_there_is_said(see: See) -> None:
    expect(see("?ranking=none").locator(".notice.wrong")).to_contain_text("there is no such ranking")


def test_the_file_holds_the_reasons(see: See) -> None:
    page = see("?explained=3")
    expect(page.locator(".reason .by")).to_have_count(3)
    page.locator(".receipt > summary").click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save as JSON").click()
    items = json.loads(Path(saved.value.path()).read_text())["items"]
    assert [bool(item["explanation"] and item["explanation"]["text"]) for item in items] == [True] * 3 + [False] * 7


def test_a_receipt_is_on_its_own_terms(see: See) -> None:
    page = see("?explained=1&top_n=4&without=milk&added=tea&instruction=Asked")
    expect(page.locator(".reason .by")).to_have_count(1)
    page.locator(".receipt > summary").click()
    page.get_by_role("link", name="Open the receipt").click()
    expect(page.get_by_text("A receipt: this was answered on")).to_be_visible()
    ranking = parse_qs(urlsplit(page.url).query)["ranking"][0]
    page.route("**/v1/rankings/*", made_with_letters)
    page.goto(f"{urlsplit(page.url)._replace(query='').geturl()}?ranking={ranking}&language=zh")
    expect(page.locator(".receipt dd").nth(2)).to_have_text("letters")
    expect(page.locator(".receipt pre").first).to_contain_text(
        '"without":["milk"],"added":["tea"],"instruction":"Asked","top_n":4,"explained":1,"language":"en"'
    )
    expect(page.locator(".taken .title")).to_have_text("Whole milk 1 l")
    expect(page.get_by_role("button", name="支持与反对")).to_have_count(0)
    page.get_by_role("button", name="重新询问").click()
    expect(page.locator(".ranked > li")).to_have_count(4)
    said = parse_qs(urlsplit(page.url).query)
    assert (said["without"], said["instruction"], said["language"]) == (["milk"], ["Asked"], ["en"])


def made_with_letters(route: Route) -> None:
    kept = route.fetch().json()
    route.fulfill(json=kept | {"made_with": kept["made_with"] | {"method": "letters"}})


def test_where_nothing_can_be_copied_the_text_is_shown(see: See) -> None:
    page = see("?explained=0")
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.locator(".receipt > summary").click()
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator(".receipt .notice pre")).to_contain_text("user=anna")
    expect(page.get_by_role("status")).to_contain_text("does not let this page copy")
