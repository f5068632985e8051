"""The quality page: figures with their doubt, the worst examples beside the best."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from llm_rerank.service.service import Service
from retrieval.store.keys import KeyStore

See = Callable[..., Page]
PUBLISHED = Path(__file__).parents[3] / "docs" / "results" / "complete-journey-llm"
TITLE = "<img src=x onerror=alert(1)> Milk"


@pytest.fixture
def run(service: Service, tmp_path: Path) -> dict[str, Any]:
    """A real run, with one example of its own making; the service is given it."""
    folder = tmp_path / "runs" / "mine"
    shutil.copytree(PUBLISHED, folder)
    places = [{"title": TITLE, "right": True}, {"title": "Bread", "right": False}]
    one = {"user_id": "anna", "taken": [TITLE], "before": 0.1, "after": 0.9}
    one |= {"list_before": places[::-1], "list_after": places}
    examples = {"system": "llm-tuned", "baseline": "hybrid", "metric": "ndcg@10", "best": [one], "worst": []}
    (folder / "examples.json").write_text(json.dumps(examples))
    service.config = service.config.model_copy(update={"quality": folder.parent})
    found: dict[str, Any] = json.loads((folder / "metrics.json").read_text())
    return found


def held(page: Page, pattern: str) -> list[Route]:
    """The requests for it, which wait until they are let on."""
    waiting: list[Route] = []
    page.route(pattern, lambda route: waiting.append(route))
    return waiting


def test_each_system_has_its_figure_interval_gain_and_users(see: See, run: dict[str, Any]) -> None:
    page = see("?view=quality")
    expect(page.get_by_role("heading", level=3)).to_have_text([f"{run['title']} mine"])
    (tuned,) = [one for one in run["systems"] if one["name"] == "llm-tuned"]
    figure, gain = tuned["metrics"]["ndcg@10"], tuned["versus"]["hybrid"]["ndcg@10"]["difference"]
    row = page.get_by_role("row", name="llm-tuned ")
    expect(row).to_contain_text(f"{figure['mean']:.4f} [{figure['low']:.4f}, {figure['high']:.4f}]")
    expect(row).to_contain_text(f"−{-gain['mean']:.4f} [−{-gain['low']:.4f}, −{-gain['high']:.4f}]")
    expect(row).to_contain_text("worse (p < 0.001)")
    expect(row).to_contain_text("100")
    expect(page.get_by_role("row", name="hybrid ")).to_contain_text("the baseline")
    expect(page.get_by_role("row", name="buy-again ")).to_contain_text("could be luck")


def test_the_rules_say_how_ties_are_broken(see: See, run: dict[str, Any]) -> None:
    page = see("?view=quality")
    page.get_by_text("Rules, ties among them").click()
    for rule in run["protocol"]:
        expect(page.get_by_text(rule, exact=True)).to_be_visible()
    expect(page.get_by_text(run["command"])).to_be_visible()


def test_the_worst_stand_beside_the_best(see: See, run: dict[str, Any]) -> None:
    page = see("?view=quality")
    page.get_by_text("The best and the worst examples").click()
    best, worst = page.locator(".beside > div").all()
    expect(best).to_contain_text("anna: ndcg@10 0.1000 → 0.9000")
    expect(best.locator("b")).to_have_text([TITLE, TITLE])  # a title is text
    expect(worst).to_contain_text("Nobody.")


def test_one_goes_there_and_back(see: See, run: dict[str, Any]) -> None:
    page = see()
    expect(page.locator(".reason").first).to_be_visible()
    page.get_by_role("link", name="Quality").click()
    expect(page.get_by_role("heading", level=3)).to_have_text([f"{run['title']} mine"])
    expect(page).to_have_url(re.compile("view=quality"))
    page.go_back()
    expect(page.locator(".reason").first).to_be_visible()
    page.go_forward()
    expect(page.get_by_role("heading", level=3)).to_be_visible()
    page.get_by_role("link", name="中文").click()
    expect(page.get_by_role("columnheader", name="用户数")).to_be_visible()
    page.locator("nav a").first.click()
    expect(page.locator("ol, .list").first).to_be_visible()


def test_what_cannot_be_read_is_named(see: See, run: dict[str, Any], service: Service) -> None:
    assert service.config.quality is not None
    (service.config.quality / "broken").mkdir()
    (service.config.quality / "broken" / "metrics.json").write_text("{}")
    page = see("?view=quality")
    expect(page.locator(".notice.wrong")).to_contain_text("broken: this is no result of a run")
    expect(page.get_by_role("heading", level=3)).to_have_text([f"{run['title']} mine"])


def test_without_runs_it_says_how_to_give_some(see: See) -> None:
    page = see("?view=quality")
    expect(page.locator(".notice.about")).to_contain_text("llm-rerank eval")


def test_a_service_that_does_not_answer_is_said_and_asked_again(see: See, run: dict[str, Any]) -> None:
    page = see()
    expect(page.locator(".reason").first).to_be_visible()
    page.route("**/v1/quality", lambda route: route.abort())
    page.get_by_role("link", name="Quality").click()
    expect(page.locator(".notice.wrong")).to_be_visible()
    page.unroute("**/v1/quality")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", level=3)).to_have_text([f"{run['title']} mine"])


def test_what_comes_late_does_not_take_the_place_of_a_list(see: See, run: dict[str, Any]) -> None:
    page = see()
    expect(page.locator(".reason").first).to_be_visible()
    waiting = held(page, "**/v1/quality")
    page.get_by_role("link", name="Quality").click()
    expect(page.get_by_text("Asking for what was measured").first).to_be_attached()
    page.go_back()
    expect(page.locator(".reason").first).to_be_visible()
    for route in waiting:
        route.fulfill(status=503, json={"error": {"message": "away", "type": "x", "param": None, "code": "away"}})
    page.get_by_role("link", name="Table").click()
    expect(page.get_by_role("table")).to_be_visible()
    expect(page.locator(".notice.wrong")).to_have_count(0)


def test_another_key_shows_nothing_of_the_one_before(see: See, site: Any, run: dict[str, Any]) -> None:
    page = see("?view=quality")
    expect(page.get_by_role("heading", level=3)).to_be_visible()
    key, _ = KeyStore(site.service.database).create("another", ("read",), 1000)
    page.evaluate("key => { location.hash = `key=${key}`; }", key)
    expect(page.locator(".notice.about")).to_contain_text("llm-rerank eval")
    expect(page.get_by_role("heading", level=3)).to_have_count(0)


def test_whoever_goes_on_at_once_arrives_there(see: See, run: dict[str, Any]) -> None:
    """While a language is still on its way."""
    page = see()
    expect(page.locator(".reason").first).to_be_visible()
    waiting = held(page, "**/words/zh.js")
    page.get_by_role("link", name="中文").click()
    page.get_by_role("link", name="Quality").click()
    for route in waiting:
        route.continue_()
    expect(page).to_have_url(re.compile("view=quality"))
    expect(page.get_by_role("heading", level=3)).to_be_visible()
    expect(page.get_by_role("columnheader", name="Users")).to_be_visible()


def test_somebody_else_is_looked_up_from_there(see: See, run: dict[str, Any]) -> None:
    page = see("?view=quality")
    expect(page.get_by_role("heading", level=3)).to_be_visible()
    expect(page).to_have_title("How good the rankings were measured to be")
    page.get_by_role("textbox").first.fill("ben")
    page.get_by_role("textbox").first.press("Enter")
    expect(page.locator(".reason").first).to_be_visible()
    expect(page).to_have_title(re.compile("ben"))
