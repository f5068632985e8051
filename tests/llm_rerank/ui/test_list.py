"""The list, and what it says of itself: from opening the page on."""

from collections.abc import Callable
from dataclasses import replace
from time import monotonic
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from llm_rerank.service.service import Service

See = Callable[..., Page]


def test_it_opens_on_a_real_answer(see: See) -> None:
    page = see()
    begun = monotonic()
    expect(page.locator(".ranked > li")).to_have_count(10)
    assert monotonic() - begun < 2
    expect(page.get_by_label("Person")).to_have_value("anna")
    expect(page.locator(".purchases .title")).to_have_text(
        ["Whole milk 1 l", "Brown bread", "Ground coffee 500 g", "Salted butter 250 g"]
    )


def test_the_key_leaves_the_address_and_stays_in_the_tab(see: See) -> None:
    page = see()
    expect(page.locator(".ranked > li")).to_have_count(10)
    assert "#" not in page.url
    page.reload()
    expect(page.locator(".ranked > li")).to_have_count(10)


def test_without_a_key_it_asks_for_one(site: Any) -> None:
    page = site.page()
    page.goto(f"{site.url}/?user=ben#key=llmrr_wrong")
    expect(page.locator(".notice.wrong")).to_contain_text("The service does not know this key")
    page.get_by_label("API key").fill(site.key())
    page.get_by_role("button", name="Open").click()
    expect(page.locator(".ranked > li")).to_have_count(10)
    expect(page).to_have_title("ben: Rankings with reasons")


def test_a_title_is_text_whatever_it_holds(see: See, service: Service) -> None:
    title = '<img src=x onerror="document.title=1"><b>Oat & milk</b> ${1}'
    milk = service.recommender.shop.catalogue["milk"]
    service.items.put([replace(milk, title=title)])
    page = see()
    expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
    expect(page.locator(".purchases .title").first).to_have_text(title)
    page.get_by_role("link", name="Table").click()
    expect(page.get_by_role("rowheader", name=title, exact=True)).to_be_visible()
    assert page.locator("img, th b, h2 b").count() == 0
    service.items.put([milk])


def test_somebody_else_is_a_click_away(see: See) -> None:
    page = see()
    page.get_by_label("Person").fill("dan")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".purchases .title").first).to_have_text("Black tea, 80 bags")
    assert "user=dan" in page.url
    page.go_back()
    expect(page.locator(".purchases .title").first).to_have_text("Whole milk 1 l")


def test_somebody_without_a_history_is_told_so(see: See) -> None:
    page = see("?user=nobody")
    expect(page.get_by_text("Nothing is known of this person")).to_be_visible()
    expect(page.locator(".ranked > li")).not_to_have_count(0)


def test_a_list_without_items_says_so(see: See) -> None:
    def none(route: Route) -> None:
        reply = route.fetch()
        route.fulfill(response=reply, json=reply.json() | {"items": []})

    page = see("?explained=0&user=ben")
    page.route("**/v1/recommend", none)
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("Nothing to show")).to_be_visible()


def test_chinese_from_top_to_bottom(see: See) -> None:
    page = see("?language=zh")
    expect(page.get_by_role("heading", name="购买记录")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(page.locator(".reason > p[lang=zh]")).to_have_count(3)
    page.get_by_role("link", name="English").click()
    expect(page.locator(".reason > p[lang=en]")).to_have_count(3)


@pytest.mark.parametrize("width", [320, 640, 1280])
def test_nothing_is_cut_off(see: See, width: int) -> None:
    """320 px is 1280 px at 400 %, and 640 px at 200 %."""
    page = see("?item=milk", viewport={"width": width, "height": 800})
    expect(page.locator(".reason .by")).to_have_count(3)
    for view in ("Before and after", "Table", "List"):
        page.get_by_role("link", name=view, exact=True).click()
        assert page.evaluate("document.documentElement.scrollWidth") == width, view


def test_a_key_that_fits_no_header_is_refused(see: See, site: Any) -> None:
    page = site.page()
    page.goto(f"{site.url}/#key=ключ")
    page.get_by_label("API key").fill("ключ")
    page.get_by_role("button", name="Open").click()
    expect(page.locator(".notice.wrong")).to_contain_text("The service does not know this key")
    page.get_by_label("API key").fill(site.key())
    page.get_by_role("button", name="Open").click()
    expect(page.locator(".ranked > li")).to_have_count(10)


def test_a_refused_key_is_forgotten_and_another_taken_from_the_address(site: Any) -> None:
    page = site.page()
    page.goto(f"{site.url}/#key=llmrr_wrong")
    expect(page.locator(".notice.wrong")).to_be_visible()
    assert page.evaluate("sessionStorage.length") == 0
    page.evaluate("key => { location.hash = `key=${key}`; }", site.key())
    expect(page.locator(".ranked > li")).to_have_count(10)
    assert "llmrr_" not in page.url


def test_nothing_of_the_lines_is_hidden_where_it_is_narrow(see: See) -> None:
    page = see("?view=moves&explained=0", viewport={"width": 320, "height": 800})
    expect(page.locator(".slopes .how")).to_have_count(10)
    fits = "all => all.map(one => one.checkVisibility() && one.scrollWidth <= one.parentElement.clientWidth)"
    assert all(page.locator(".slopes .how, .slopes .title").evaluate_all(fits))
    ends = page.locator(".slopes .ends > div").evaluate_all(
        "all => all.map(one => one.scrollHeight <= one.clientHeight)"
    )
    assert all(ends)
    left, right = (page.locator(f".slopes .{side} > div").nth(5).bounding_box() for side in ("from", "to"))
    assert left
    assert right
    assert left["y"] == pytest.approx(right["y"], abs=1)
