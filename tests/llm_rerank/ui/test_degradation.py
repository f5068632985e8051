"""What is missing is said in a sentence by the list, and nothing of another order stays."""

from collections.abc import Callable
from time import monotonic
from typing import Any

from playwright.sync_api import Page, Route, expect

from llm_rerank.service.service import Service

See = Callable[..., Page]


def test_an_engine_that_dies_while_it_writes_costs_nobody_the_list(see: See, engine: Any) -> None:
    engine.waits_at = "text"
    page = see()
    expect(page.locator(".chip")).not_to_have_count(0)
    engine.fails_at, engine.waits_at = "text", ""
    sentence = page.locator(".notice.degraded")
    expect(sentence).to_contain_text("The LLM's order, with retrieval's, and whole; what explains it is not: the model")
    expect(sentence).to_contain_text("The LLM scored 10 of 10 items.")
    expect(page.locator(".ranked > li")).to_have_count(10)
    expect(page.locator(".reason .by, .coming")).to_have_count(0)


def test_reasons_of_another_order_do_not_stay(see: See, engine: Any) -> None:
    page = see()
    expect(page.locator(".reason .by")).to_have_count(3)
    engine.fails_at = "score"
    page.get_by_role("button", name="Show").click()
    sentence = page.locator(".notice.degraded")
    expect(sentence).to_contain_text("This is retrieval's order, not the LLM's: the model does not answer.")
    expect(sentence).to_contain_text("The LLM scored 0 of 10 items.")
    expect(page.locator(".reason, .chip")).to_have_count(0)
    expect(page.get_by_text("not scored by the LLM")).to_have_count(10)


def test_no_reason_stays_while_another_list_is_waited_for(see: See, engine: Any) -> None:
    page = see()
    expect(page.locator(".reason .by")).to_have_count(3)
    engine.waits_at = "score"
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".waiting")).to_be_visible()
    expect(page.locator(".reason")).to_have_count(0)


def test_a_deadline_that_passed_is_named(see: See, engine: Any) -> None:
    engine.waits_at = "score"
    page = see("?deadline_ms=300&language=zh")
    expect(page.locator(".notice.degraded")).to_contain_text("已超过时限")


def test_an_answer_that_breaks_off_says_so_and_keeps_its_list(see: See) -> None:
    def cut(route: Route) -> None:
        reply = route.fetch()
        route.fulfill(response=reply, body=reply.text().partition("event: explanation")[0])

    page = see("?user=ben")
    page.route("**/v1/explanations", cut)
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".notice.degraded")).to_contain_text("The answer broke off")
    expect(page.locator(".ranked > li")).to_have_count(10)
    expect(page.locator(".coming")).to_have_count(0)


def test_a_service_that_cannot_be_reached_can_be_asked_again(see: See) -> None:
    page = see()
    expect(page.locator(".ranked > li")).to_have_count(10)
    page.route("**/v1/**", lambda route: route.abort())
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".notice.wrong")).to_contain_text("The service cannot be reached.")
    expect(page.locator(".ranked")).to_have_count(0)
    page.unroute("**/v1/**")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".ranked > li")).to_have_count(10)


def test_a_slow_network_shows_what_there_is(see: See, engine: Any) -> None:
    page = see()
    expect(page.locator(".reason .by")).to_have_count(3)
    line = page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 300, "downloadThroughput": 20_000, "uploadThroughput": 20_000}
    line.send("Network.emulateNetworkConditions", slow)
    page.get_by_label("Person").fill("ben")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("Asking for a list for ben …").first).to_be_visible()
    expect(page.locator(".ranked > li")).to_have_count(10)
    expect(page.locator(".reason .by")).to_have_count(3)


def test_whoever_asks_anew_gives_up_the_place_at_the_model(see: See, engine: Any, service: Service) -> None:
    engine.waits_at = "score"
    page = see("?user=ben")
    expect(page.locator(".waiting")).to_be_visible()
    page.get_by_label("Person").fill("dan")
    page.get_by_role("button", name="Show").click()
    begun = monotonic()
    while b'route="/v1/explanations",status="499"' not in service.metrics.text():
        assert monotonic() - begun < 60
        page.wait_for_timeout(20)
    engine.waits_at = ""
    expect(page.locator(".purchases .title").first).to_have_text("Black tea, 80 bags")
    expect(page.locator(".reason .by")).to_have_count(3)


def test_what_does_not_begin_can_be_tried_again(site: Any) -> None:
    page = site.page()
    page.route("**/ui/settings.json", lambda route: route.abort())
    page.goto(f"{site.url}/#key={site.key()}")
    expect(page.get_by_role("status")).to_have_text("The service cannot be reached.")
    page.unroute("**/ui/settings.json")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".ranked > li")).to_have_count(10)


def test_what_is_missing_is_heard_and_the_service_s_words_are_english(see: See, engine: Any) -> None:
    engine.fails_at = "score"
    page = see("?language=zh&explained=0")
    expect(page.get_by_role("status")).to_contain_text("答复不完整。")
    expect(page.locator(".notice.degraded p").first).to_contain_text("答复不完整。 这是检索的排序")
