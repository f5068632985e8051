"""What is known of the person is theirs alone, and the list does not wait for it."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, Route, expect

See = Callable[..., Page]


def show(page: Page, user: str) -> None:
    page.get_by_label("Person").fill(user)
    page.get_by_role("button", name="Show").click()


def test_nothing_of_one_person_stays_beside_another_s_list(see: See) -> None:
    page = see("?explained=0")
    page.get_by_role("button", name="Not this: Brown bread").click()
    expect(page.locator(".obeyed li")).to_have_count(1)
    held: list[Route] = []
    page.route("**/v1/users/dan/**", lambda route: held.append(route))
    show(page, "dan")
    expect(page.get_by_role("status")).to_contain_text("items for dan.")
    expect(page.locator(".purchases > li, .obeyed")).to_have_count(0)
    for route in held:
        route.continue_()
    expect(page.locator(".purchases .title").first).to_have_text("Black tea, 80 bags")


def test_a_history_that_does_not_come_costs_no_reason(see: See) -> None:
    page = see("?explained=0")
    expect(page.locator(".purchases > li")).not_to_have_count(0)
    refused = {"error": {"code": "database_away", "message": "the database is away"}}
    page.route("**/v1/users/*/history*", lambda route: route.fulfill(status=503, json=refused))
    page.goto(f"{page.url}&item=milk&explained=3".replace("explained=0", ""))
    expect(page.locator("aside .notice.wrong q[lang=en]")).to_have_text("the database is away")
    expect(page.locator(".reason .by")).to_have_count(3)
    expect(page.locator(".effects .bars")).to_have_count(2)
    expect(page.locator(".notice.degraded")).to_have_count(0)


def test_views_are_not_counted_as_purchases(see: See) -> None:
    def looked_at(route: Route) -> None:
        known = route.fetch().json()
        view = known["interactions"][-1] | {"kind": "view"}
        route.fulfill(json=known | {"interactions": [*known["interactions"], view, view]})

    page = see("?user=eva&explained=0")
    page.route("**/v1/users/anna/history*", looked_at)
    show(page, "anna")
    expect(page.locator(".purchases > li").first).to_contain_text(
        re.compile(r"looked at twice, bought \w+( times)?, last")
    )


def test_a_like_is_something_known_and_a_citation_leads_to_it(see: See) -> None:
    page = see("?user=nobody&explained=1")
    expect(page.get_by_text("Nothing is known of this person")).to_be_visible()
    page.get_by_role("button", name="Like: Black tea, 80 bags", exact=True).click()
    expect(page.locator(".purchases > li")).to_contain_text(["Black tea, 80 bags liked"])
    expect(page.get_by_text("Nothing is known of this person")).to_have_count(0)
    page.locator(".chip").first.click()
    expect(page.get_by_role("button", name="Black tea, 80 bags", exact=True)).to_be_focused()


def test_the_way_back_leads_to_the_list_from_another_view(see: See) -> None:
    page = see("?view=table")
    page.get_by_role("button", name="Back to reason 2: Whole milk 1 l").click()
    expect(page.locator(".chip:focus")).to_contain_text("Whole milk 1 l")


def test_places_are_counted_in_chinese(see: See) -> None:
    page = see("?language=zh")
    expect(page.locator(".citing").first).to_have_text(re.compile(r"提高了评分：第 \d+(、\d+)* 位"))
