"""Take it away and see: the list is asked for anew, and what changed is drawn."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

See = Callable[..., Page]


def titles(page: Page) -> list[str]:
    return page.locator(".ranked h2").all_inner_texts()


@pytest.fixture
def page(see: See) -> Page:
    page = see("?explained=1")
    expect(page.locator(".reason .by")).to_have_count(1)
    return page


def test_a_purchase_taken_away_changes_the_list_and_undo_brings_it_back(page: Page) -> None:
    before = titles(page)
    page.get_by_role("button", name="Take away: Whole milk 1 l").click()
    changed = page.get_by_role("region", name="What changed")
    expect(changed).to_contain_text(re.compile(r"1 purchase taken away\. [1-9]\d* items? moved"))
    after = titles(page)
    assert after != before
    milk = page.locator(".ranked > li", has=page.get_by_role("heading", name="Whole milk 1 l", exact=True))
    expect(milk.locator(".facts")).to_contain_text(f"{before.index('Whole milk 1 l') + 1} before")
    expect(page.locator(".taken .title")).to_have_text("Whole milk 1 l")
    page.get_by_role("button", name="Undo").click()
    expect(changed).to_have_count(0)
    expect(page.locator(".ranked h2")).to_have_text(before)


def test_a_reason_whose_purchase_is_gone_does_not_cite_it(page: Page) -> None:
    expect(page.locator(".chip").first).to_contain_text("Salted butter 250 g")
    page.get_by_role("button", name="Take away: Salted butter 250 g").click()
    expect(page.locator(".reason .by")).to_have_count(1)
    assert "Salted butter" not in " ".join(page.locator(".chip").all_inner_texts())


def test_the_difference_is_drawn_between_both_lists(page: Page) -> None:
    before = titles(page)
    page.get_by_role("button", name="Take away: Whole milk 1 l").click()
    page.get_by_role("link", name="Before and after").click()
    expect(page.get_by_role("heading", name="The list before")).to_be_visible()
    left = page.locator(".slopes .from .title").all_inner_texts()
    assert left == [title for title in before if title in left]
    page.get_by_role("link", name="retrieval's order").click()
    expect(page.get_by_role("heading", name="Retrieval's order")).to_be_visible()


def test_a_purchase_is_added(page: Page) -> None:
    search = page.get_by_role("search", name="Add a purchase")
    search.get_by_role("textbox").fill("tea")
    search.get_by_role("button", name="Find").click()
    page.get_by_role("button", name="Add: Black tea, 80 bags").click()
    expect(page.locator(".purchases > li").first).to_contain_text("Black tea, 80 bags")
    expect(page.locator(".purchases > li").first).to_contain_text("added")
    expect(page.get_by_role("region", name="What changed")).to_contain_text("1 purchase added.")
    page.get_by_role("button", name="Take away: Black tea, 80 bags").click()
    expect(page.locator(".purchases .title").first).to_have_text("Whole milk 1 l")


def test_a_change_is_a_link(see: See) -> None:
    page = see("?without=milk&without=bread&added=tea")
    expect(page.locator(".taken")).to_have_count(2)
    changed = page.get_by_role("region", name="What changed")
    expect(changed).to_contain_text(re.compile(r"2 purchases taken away · 1 purchase added\. .+ moved"))
    page.get_by_role("button", name="Put all back").click()
    expect(page.locator(".taken")).to_have_count(0)


def test_what_is_not_there_to_be_taken_away_is_said(see: See) -> None:
    page = see("?without=nappies")
    expect(page.locator(".notice.wrong")).to_contain_text("nappies")


def test_undo_after_going_back_undoes_what_is_shown(page: Page) -> None:
    page.get_by_role("button", name="Take away: Whole milk 1 l").click()
    expect(page.locator(".taken")).to_have_count(1)
    page.get_by_role("button", name="Take away: Brown bread").click()
    expect(page.locator(".taken")).to_have_count(2)
    page.go_back()
    expect(page.locator(".taken")).to_have_count(1)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".taken")).to_have_count(0)
