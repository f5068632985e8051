"""For and against: in words first, in bars second, for any item of the catalogue."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

See = Callable[..., Page]


def told(page: Page, press: Callable[[], None]) -> dict[str, Any]:
    """What the service sends when this is pressed."""
    with page.expect_response("**/v1/effects") as reply:
        press()
    found: dict[str, Any] = reply.value.json()
    return found


@pytest.fixture
def page(see: See) -> Page:
    page = see("?explained=0")
    expect(page.locator(".ranked > li")).to_have_count(10)
    return page


def test_what_raised_and_lowered_an_item_of_the_list(page: Page) -> None:
    found = told(page, page.get_by_role("button", name="For and against: Whole milk 1 l").click)
    panel = page.get_by_role("region", name="For and against")
    expect(panel).to_contain_text(f"Retrieval proposed it, at place {found['retrieval_rank']}; it stands at")
    strongest = found["history"][0]
    expect(panel).to_contain_text(f"Raised by {strongest['title']} (+{strongest['effect']:.2f})")
    read, made = panel.locator(".bars").all()
    expect(read.locator(".name")).to_have_text([one["title"] for one in found["history"]])
    expect(made.locator("li")).to_have_count(len(found["fusion"]["parts"]))
    widths = read.locator("rect").evaluate_all("all => all.map(one => +one.getAttribute('width'))")
    assert widths == sorted(widths, reverse=True)
    assert widths[0] == 100
    page.get_by_role("button", name="Close").click()
    expect(panel).to_have_count(0)


def test_why_not_something_that_retrieval_did_not_propose(page: Page) -> None:
    search = page.get_by_role("search", name="Why not …?")
    search.get_by_role("textbox").fill("brie")
    search.get_by_role("textbox").press("Enter")
    found = told(page, page.get_by_role("button", name="For and against: Soft brie cheese").click)
    assert not found["retrieved"]
    panel = page.get_by_role("region", name="For and against")
    expect(panel).to_contain_text(f"Retrieval did not propose it; it would stand at {found['rank']} of {found['of']}.")
    expect(panel).to_contain_text("It is not on sale.")
    assert "item=brie" in page.url


def test_a_word_that_no_title_has(page: Page) -> None:
    search = page.get_by_role("search", name="Why not …?")
    search.get_by_role("textbox").fill("caviar")
    search.get_by_role("button", name="Find").click()
    expect(page.get_by_role("main").get_by_text("No title holds all these words.")).to_be_visible()


def test_it_is_a_link_in_chinese_too(see: See) -> None:
    page = see("?item=milk&language=zh&explained=0")
    expect(page.get_by_role("region", name="支持与反对")).to_contain_text("提高评分的是Whole milk 1 l (+")


def test_without_the_llm_it_says_so(page: Page, engine: Any) -> None:
    engine.fails_at = "score"
    page.get_by_role("button", name="For and against: Whole milk 1 l").click()
    panel = page.get_by_role("region", name="For and against")
    expect(panel.locator(".notice.degraded")).to_contain_text("the model does not answer")
    expect(panel.locator(".bars")).to_have_count(1)


def test_an_item_that_is_not_there_is_said(see: See) -> None:
    expect(see("?item=caviar&explained=0").locator(".effects .notice.wrong")).to_contain_text("caviar")


def test_what_the_llm_scored_is_said_to_be_scored(see: See) -> None:
    because = {"answered_by": "llm", "reasons": ["database"], "because": "the history ends where the shop was built"}

    def stale(route: Route) -> None:
        route.fulfill(json=route.fetch().json() | {"degraded": because})

    page = see("?explained=0")
    page.route("**/v1/effects", stale)
    page.get_by_role("button", name="For and against: Whole milk 1 l").click()
    sentence = page.locator(".effects .notice.degraded")
    expect(sentence).to_contain_text("The LLM scored 1 of 1 item.")
    expect(sentence.locator("q")).to_have_text(because["because"])
    expect(page.locator(".effects .bars")).to_have_count(2)


def test_what_was_hidden_is_told_so(page: Page) -> None:
    page.get_by_role("button", name="Not this: Brown bread").click()
    expect(page.get_by_role("heading", name="Brown bread", exact=True)).to_have_count(0)
    page.goto(f"{page.url}&item=bread")
    expect(page.locator(".effects")).to_contain_text("What was said of it keeps it from the list; it would stand at")


def test_nobody_waits_for_what_was_closed(page: Page, engine: Any) -> None:
    engine.waits_at = "score"
    page.get_by_role("button", name="For and against: Whole milk 1 l").click()
    with page.expect_event("requestfailed", lambda request: request.url.endswith("/v1/effects")):
        page.get_by_role("button", name="Close").click()
    engine.waits_at = ""


def test_the_first_of_two_searches_does_not_overtake(page: Page) -> None:
    page.route("**/v1/items?query=brie*", lambda route: None)
    search = page.get_by_role("search", name="Why not …?")
    search.get_by_role("textbox").fill("brie")
    search.get_by_role("textbox").press("Enter")
    search.get_by_role("textbox").fill("caviar")
    with page.expect_event("requestfailed", lambda request: "brie" in request.url):
        search.get_by_role("textbox").press("Enter")
    expect(page.get_by_role("status")).to_have_text("No title holds all these words.")


def test_what_letters_cannot_answer_is_not_offered(see: See) -> None:
    page = see("?explained=0")
    expect(page.get_by_role("button", name="For and against: Whole milk 1 l")).to_be_visible()
    about = "**/ui/settings.json"
    page.route(about, lambda route: route.fulfill(json=route.fetch().json() | {"method": "letters"}))
    page.reload()
    expect(page.locator(".ranked > li")).to_have_count(10)
    expect(page.get_by_role("button", name="For and against")).to_have_count(0)
    expect(page.get_by_role("search", name="Why not …?")).to_have_count(0)
