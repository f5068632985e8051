"""The keyboard stays where it was, or goes where its work goes on; never back to the top."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Route, expect

See = Callable[..., Page]


@pytest.fixture
def page(see: See) -> Page:
    page = see("?explained=0")
    expect(page.locator(".ranked > li")).to_have_count(10)
    return page


def press(page: Page, name: str) -> Locator:
    """By the keyboard, until the next list is there."""
    button = page.get_by_role("button", name=name, exact=True)
    button.focus()
    page.keyboard.press("Enter")
    return button


def settled(page: Page) -> None:
    expect(page.locator("[aria-busy=false] .ranked")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("for anna.")


def test_after_taking_away_and_undoing(page: Page) -> None:
    press(page, "Take away: Brown bread")
    settled(page)
    expect(page.get_by_role("button", name="Put back: Brown bread")).to_be_focused()
    press(page, "Undo")
    expect(page.get_by_role("region", name="What changed")).to_have_count(0)
    settled(page)
    expect(page.locator("#list")).to_be_focused()


def test_after_saying_and_taking_back(page: Page) -> None:
    like = press(page, "Like: Ginger biscuits")
    expect(page.get_by_role("region", name="What changed")).to_contain_text("You like")
    settled(page)
    expect(like).to_be_focused()
    press(page, "Take back: Ginger biscuits")
    expect(page.locator(".obeyed")).to_have_count(0)
    settled(page)
    expect(page.locator("#list")).to_be_focused()


def test_after_adding(page: Page) -> None:
    search = page.get_by_role("search", name="Add a purchase").get_by_role("textbox")
    search.fill("tea")
    search.press("Enter")
    press(page, "Add: Black tea, 80 bags")
    expect(page.get_by_role("region", name="What changed")).to_contain_text("moved")
    expect(search).to_be_focused()


def test_after_looking_for_and_against(page: Page) -> None:
    page.get_by_role("button", name="For and against: Whole milk 1 l").focus()
    page.keyboard.press("Space")
    press(page, "✕ Close")
    expect(page.get_by_role("button", name="For and against: Whole milk 1 l")).to_be_focused()


def test_the_same_person_s_list_stays_until_the_next_one(page: Page) -> None:
    held: list[Route] = []
    page.route("**/v1/recommend", lambda route: held.append(route))
    page.get_by_role("button", name="Take away: Brown bread").click()
    expect(page.locator("[aria-busy=true] .ranked > li")).to_have_count(10)
    page.get_by_role("button", name="Put back: Brown bread").click()
    for route in held:
        route.abort()
