"""axe finds nothing: in every view, state, theme and language."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from llm_rerank.service.service import Service

See = Callable[..., Page]
RESULTS = Path(__file__).parents[3] / "docs" / "results"
AXE = Axe().axe_script
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
BY_THEME = {
    "light": {"runOnly": {"type": "tag", "values": TAGS}},
    "dark": {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}},  # what colours decide
}
BOTH = pytest.mark.parametrize("language", ["en", "zh"])


def require_nothing(page: Page) -> None:
    """As the page stands, in both themes."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    for theme, rules in BY_THEME.items():
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        options = rules | {"preload": False, "resultTypes": ["violations"]}
        found = page.evaluate("async options => (await axe.run(options)).violations", options)
        assert [(theme, one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []


@BOTH
def test_every_view(see: See, language: str) -> None:
    page = see(f"?language={language}&without=bread&added=tea&item=milk")
    expect(page.locator(".reason .by")).to_have_count(3)
    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
    require_nothing(page)
    page.locator(".chip").first.focus()
    expect(page.locator(".lit")).not_to_have_count(0)
    require_nothing(page)
    for view in (1, 2):
        page.locator(".views a").nth(view).click()
        require_nothing(page)


@BOTH
def test_every_state(see: See, engine: Any, language: str) -> None:
    query = f"?language={language}&user="
    engine.waits_at = "score"
    page = see(query + "ben")
    expect(page.locator(".waiting")).to_be_visible()
    require_nothing(page)
    engine.waits_at = "text"
    expect(page.locator(".chip")).not_to_have_count(0)
    require_nothing(page)
    engine.fails_at, engine.waits_at = "text", ""
    expect(page.locator(".notice.degraded")).to_be_visible()
    require_nothing(page)
    engine.fails_at = ""
    page.get_by_role("textbox").first.fill("nobody")
    page.get_by_role("textbox").first.press("Enter")
    expect(page.locator(".notice.about")).to_be_visible()
    require_nothing(page)
    page.route("**/v1/**", lambda route: route.abort())
    page.get_by_role("textbox").first.press("Enter")
    expect(page.locator(".notice.wrong")).to_be_visible()
    require_nothing(page)


@BOTH
def test_the_door(site: Any, language: str) -> None:
    page = site.page()
    page.goto(f"{site.url}/?language={language}#key=llmrr_wrong")
    expect(page.locator(".notice.wrong")).to_be_visible()
    require_nothing(page)


@BOTH
def test_the_quality_page(see: See, service: Service, language: str) -> None:
    service.config = service.config.model_copy(update={"quality": RESULTS})
    page = see(f"?language={language}&view=quality")
    expect(page.locator(".run")).not_to_have_count(0)
    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
    require_nothing(page)


def test_text_that_fills_in_is_not_announced(see: See, engine: Any) -> None:
    engine.waits_at = "text"
    page = see()
    expect(page.locator(".coming").first).to_be_visible()
    live = page.locator("[aria-live], [role=status], [role=alert], [role=log]")
    expect(live).to_have_text(["10 items for anna. Reasons are being found."])
    engine.waits_at = ""
    expect(page.locator(".reason .by")).to_have_count(3)
    expect(live).to_have_text(["10 items for anna."])


@pytest.mark.parametrize(("motion", "moves"), [("reduce", False), ("no-preference", True)])
def test_nothing_moves_for_those_who_want_it_still(see: See, engine: Any, motion: str, moves: bool) -> None:
    engine.waits_at = "score"
    page = see(reduced_motion=motion)
    expect(page.locator(".waiting")).to_be_visible()
    name = page.locator(".lines span").first.evaluate("one => getComputedStyle(one).animationName")
    assert (name != "none") is moves


def test_all_can_be_reached_by_keyboard(see: See) -> None:
    page = see("?explained=1&top_n=2")
    expect(page.locator(".reason .by")).to_have_count(1)
    wanted = page.locator("a[href], button, input, summary").evaluate_all(
        "all => all.filter(one => one.checkVisibility()).length"
    )
    reached = set()
    for _ in range(wanted):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("[...document.querySelectorAll('*')].indexOf(document.activeElement)"))
    assert len(reached) == wanted
