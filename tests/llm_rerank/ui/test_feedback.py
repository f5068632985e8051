"""What is said of an item is obeyed in sight: by the next list, which says what changed, and after a reload."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

See = Callable[..., Page]


@pytest.fixture
def page(see: See) -> Page:
    page = see("?explained=0")
    expect(page.locator(".ranked > li")).to_have_count(10)
    return page


@pytest.mark.parametrize(
    ("button", "told", "kind"),
    [
        ("Not this", "You do not want to see “Brown bread”", "not this"),
        ("Have it", "You have “Brown bread”", "already have"),
        ("Dislike", "You do not like “Brown bread”", "disliked"),
    ],
)
def test_what_is_not_wanted_goes_and_stays_away(page: Page, button: str, told: str, kind: str) -> None:
    page.get_by_role("button", name=f"{button}: Brown bread").click()
    changed = page.get_by_role("region", name="What changed")
    expect(changed).to_contain_text(told)
    expect(changed).to_contain_text("1 went.")
    bread = page.get_by_role("heading", name="Brown bread", exact=True)
    expect(page.locator(".ranked > li")).not_to_have_count(0)
    expect(bread).to_have_count(0)
    page.reload()
    expect(page.locator(".obeyed li")).to_contain_text([f"Brown bread {kind}"])
    expect(page.locator(".ranked > li")).not_to_have_count(0)
    expect(bread).to_have_count(0)


def test_what_is_liked_counts_as_the_newest_act(page: Page) -> None:
    before = page.locator(".ranked h2").all_inner_texts()
    page.get_by_role("button", name="Like: Black tea, 80 bags", exact=True).click()
    expect(page.get_by_role("region", name="What changed")).to_contain_text("You like “Black tea, 80 bags”. ")
    expect(page.locator(".ranked h2")).not_to_have_text(before)


def test_it_can_be_taken_back(page: Page) -> None:
    before = page.locator(".ranked h2").all_inner_texts()
    page.get_by_role("button", name="Not this: Brown bread").click()
    page.get_by_role("button", name="Take back: Brown bread").click()
    expect(page.get_by_role("region", name="What changed")).to_contain_text("You took back what you said of")
    expect(page.locator(".ranked h2")).to_have_text(before)
    expect(page.locator(".obeyed")).to_have_count(0)


def test_a_key_that_may_not_write_is_told_so(see: See) -> None:
    page = see("?explained=0", scopes=("read",))
    page.get_by_role("button", name="Like: Brown bread", exact=True).click()
    expect(page.locator(".notice.wrong")).to_have_text("✕ This key may not do that.")
    expect(page.locator(".ranked > li")).to_have_count(10)


def test_it_is_told_apart_from_what_was_taken_away_before(see: See) -> None:
    page = see("?explained=0&without=milk")
    page.get_by_role("button", name="Not this: Brown bread").click()
    told = "You do not want to see “Brown bread”. "
    expect(page.locator(".changed > p").first).to_contain_text(told)
    expect(page.locator(".changed > p").first).not_to_contain_text("taken away")
    expect(page.get_by_role("status")).to_contain_text("1 went.")


def test_an_answer_that_comes_when_somebody_else_is_shown_changes_nothing(page: Page) -> None:
    held: list[Route] = []
    page.route("**/v1/feedback", lambda route: held.append(route))
    page.get_by_role("button", name="Like: Brown bread", exact=True).click()
    page.get_by_label("Person").fill("dan")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("status")).to_contain_text("items for dan.")
    with page.expect_response("**/v1/feedback"):
        held[0].continue_()
    page.get_by_role("link", name="Table").click()
    expect(page.locator("tbody tr")).not_to_have_count(0)
    expect(page.get_by_role("region", name="What changed")).to_have_count(0)


def test_a_double_click_counts_once(page: Page) -> None:
    keys: list[str] = []
    page.on(
        "request",
        lambda one: keys.append(one.post_data_json["key"]) if one.url.endswith("/feedback") and one.post_data else None,
    )
    page.get_by_role("button", name="Like: Brown bread", exact=True).dblclick()
    expect(page.get_by_role("region", name="What changed")).to_contain_text("You like")
    assert len(set(keys)) == 1


def test_a_refusal_is_heard(see: See) -> None:
    page = see("?explained=0", scopes=("read",))
    page.get_by_role("button", name="Like: Brown bread", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("This key may not do that.")


def test_an_opinion_on_an_item_that_is_gone_has_its_id(page: Page) -> None:
    gone = {"item_id": "gone", "title": "", "kind": "hide", "at": "2024-01-02T00:00:00Z"}
    page.route("**/v1/users/*/feedback", lambda route: route.fulfill(json={"feedback": [gone]}))
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".obeyed li")).to_contain_text(["gone not this"])
