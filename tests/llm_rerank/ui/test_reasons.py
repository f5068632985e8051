"""Reasons come checked, and lead to the purchases that they cite."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

See = Callable[..., Page]


def test_what_raised_the_score_is_there_before_any_word(see: See, engine: Any) -> None:
    engine.waits_at = "text"
    page = see()
    expect(page.locator(".chip").first).to_contain_text("Salted butter 250 g")
    expect(page.locator(".reason .by")).to_have_count(0)
    engine.waits_at = ""
    expect(page.locator(".reason .by")).to_have_count(3)
    expect(page.locator(".reason > p").first).to_contain_text("You bought this, last on 2 January 2024.")


def test_raw_text_is_for_operators_and_says_that_nobody_checked_it(see: See) -> None:
    page = see("?drafts=1", scopes=("admin",))
    page.get_by_text("Raw text of the model, not checked").first.click()
    expect(page.locator(".unchecked p").first).not_to_be_empty()
    others = see("?drafts=1")
    expect(others.locator(".notice.wrong")).to_contain_text("This key may not do that.")


@pytest.fixture
def explained(see: See) -> Callable[..., Page]:
    def opened(**about: object) -> Page:
        page = see(**about)
        expect(page.locator(".reason .by")).to_have_count(3)
        return page

    return opened


def test_hovering_a_reason_lights_its_purchases_and_the_other_way_round(explained: See) -> None:
    page = explained()
    page.locator(".ranked > li").nth(1).hover()
    expect(page.locator(".purchases > li.lit .title")).to_have_text(["Whole milk 1 l"])
    page.locator(".purchases .title").nth(1).hover()
    expect(page.locator(".ranked > li.lit h2")).to_have_text(["Brown bread"])
    page.locator("h1").hover()
    expect(page.locator(".lit")).to_have_count(0)


def test_a_touch_does_it_too(explained: See) -> None:
    page = explained(has_touch=True, viewport={"width": 390, "height": 800})
    page.locator(".ranked > li").nth(1).locator("h2").tap()
    expect(page.locator(".purchases > li.lit .title")).to_have_text(["Whole milk 1 l"])
    page.locator(".purchases .title").nth(1).tap()
    expect(page.locator(".ranked > li.lit h2")).to_have_text(["Brown bread"])
    page.keyboard.press("Escape")
    expect(page.locator(".lit")).to_have_count(0)


def test_a_citation_leads_to_the_purchase_and_back_by_keyboard_alone(explained: See) -> None:
    page = explained()
    chip = page.get_by_role("button", name="Whole milk 1 l, −").first
    chip.focus()
    expect(page.locator(".purchases > li.lit .title")).to_have_text(["Whole milk 1 l"])
    page.keyboard.press("Enter")
    purchase = page.get_by_role("button", name="Whole milk 1 l", exact=True)
    expect(purchase).to_be_focused()
    expect(page.locator(".ranked > li.lit h2")).to_have_text(["Whole milk 1 l"])
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Back to reason 2: Whole milk 1 l")).to_be_focused()
    page.keyboard.press("Enter")
    expect(chip).to_be_focused()


def test_the_longest_title_that_fits_is_cited(see: See) -> None:
    page = see("?explained=0")
    cited = """async () => {
      const [{ reason }, { render }, { words }] = await Promise.all(
        ["views/reason.js", "html.js", "words.js"].map((path) => import(`/ui/${path}`)));
      const evidence = ["Milk", "Milk chocolate"].map((title) => ({ title, item_id: title, effect: 1 }));
      const explanation = { text: "You bought Milk chocolate and Milk.", language: "en", source: "template" };
      const there = document.createElement("div");
      render(reason({ answer: { reasons: { x: { evidence, explanation } } } }, { item_id: "x" }, words()), there);
      return [...there.querySelectorAll("p .cite")].map((one) => one.textContent);
    }"""
    assert page.evaluate(cited) == ["Milk chocolate", "Milk"]
