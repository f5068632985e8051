"""Before and after: lines between two orders, and the same as a table."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

See = Callable[..., Page]


def answered(page: Page) -> list[dict[str, Any]]:
    """The items that the service sends for what is asked next."""
    with page.expect_response("**/v1/recommend") as reply:
        page.get_by_role("button", name="Show").click()
    items: list[dict[str, Any]] = reply.value.json()["items"]
    return items


def test_a_line_for_each_item_from_retrieval_s_place_to_this_one(see: See) -> None:
    page = see("?view=moves&explained=0")
    items = answered(page)
    expect(page.locator(".slopes .to > [role=listitem] .title")).to_have_text([item["title"] for item in items])
    before = sorted(items, key=lambda item: item["retrieval_rank"])
    expect(page.locator(".slopes .from > [role=listitem] .title")).to_have_text([item["title"] for item in before])
    lines = page.locator(".slopes line").evaluate_all(
        "all => all.map(one => [+one.getAttribute('y1'), one.className.baseVal])"
    )
    for item, (y, name) in zip(items, lines, strict=True):
        assert y == item["retrieval_rank"] - 0.5
        climbed = item["retrieval_rank"] - item["rank"]
        assert name.split()[0] == ("up" if climbed > 0 else "down" if climbed < 0 else "stayed")


def test_only_what_moved_far(see: See) -> None:
    page = see("?view=moves&explained=0&user=dan")
    items = answered(page)
    far = [item["title"] for item in items if abs(item["retrieval_rank"] - item["rank"]) >= 5]
    assert 0 < len(far) < len(items)
    page.get_by_role("button", name="Only what moved 5 places or more").click()
    expect(page.locator(".slopes .to > [role=listitem] .title")).to_have_text(far)
    page.get_by_role("link", name="Table").click()
    expect(page.locator("tbody th")).to_have_text(far)
    assert "moved=5" in page.url


def test_the_table_has_the_same_in_numbers(see: See) -> None:
    page = see("?view=table&explained=0")
    for row, item in enumerate(answered(page)):
        cells = page.locator("tbody tr").nth(row).locator("td, th")
        expect(cells.nth(1)).to_have_text(item["title"])
        assert cells.nth(0).inner_text() == str(item["rank"])
        assert cells.nth(2).inner_text() == str(item["retrieval_rank"])
        assert cells.nth(4).inner_text() == f"{item['llm_score']:.2f}"


def test_all_candidates_are_a_click_away(see: See) -> None:
    page = see("?view=moves&explained=0&top_n=5")
    expect(page.locator(".slopes .to > [role=listitem]")).to_have_count(5)
    page.get_by_role("link", name="All 11 candidates").click()
    expect(page.locator(".slopes .to > [role=listitem]")).to_have_count(11)
