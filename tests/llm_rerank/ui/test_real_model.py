"""With SmolLM2 and the demo's adapters: a real list, and reasons in the model's words. And the pictures in docs/."""

import os
from collections.abc import Callable
from pathlib import Path
from time import monotonic

import pytest
from playwright.sync_api import Page, expect

from llm_rerank.service.config import LimitsConfig, ServeConfig, UiConfig
from llm_rerank.service.service import Service

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
DEMO = ROOT / "var" / "shop"
DRAWS = "UI_PICTURES"
"""Set, the demo shop's pictures are drawn anew: UI_PICTURES=1 pytest tests/llm_rerank/ui/test_real_model.py"""
MOST_BYTES = 250_000


@pytest.fixture
def service(built_folder: Path, tmp_path: Path) -> Service:
    """As configs/serve.yaml has it, before the tiny shop; before the demo shop where its pictures are drawn."""
    config = ServeConfig.read(ROOT / "configs" / "serve.yaml")
    draws = bool(os.environ.get(DRAWS))
    if draws and not DEMO.exists():
        pytest.fail(f"{DRAWS} draws the demo shop, which is not built: make demo")
    recommend = config.recommend.model_copy(update={"shop": DEMO if draws else built_folder})
    ui = UiConfig(user="1924" if draws else "anna")
    patient = LimitsConfig(deadline_ms=120_000)  # a busy machine takes its time over the reasons
    changes = {"recommend": recommend, "ui": ui, "limits": patient, "database": f"sqlite:///{tmp_path}/service.db"}
    return Service.open(config.model_copy(update=changes), say=print)


def drawn(page: Page, name: str, tmp_path: Path) -> None:
    """A picture of the page as it is, small enough for a repository."""
    folder = DOCS if os.environ.get(DRAWS) else tmp_path
    page.screenshot(path=folder / name)
    assert 10_000 < (folder / name).stat().st_size < MOST_BYTES
    assert 10_000 < (DOCS / name).stat().st_size < MOST_BYTES


def test_a_real_list_and_reasons_in_the_model_s_words(see: Callable[..., Page], tmp_path: Path) -> None:
    begun = monotonic()
    page = see()
    expect(page.locator(".ranked > li").nth(9)).to_be_visible()
    print(f"the list was there after {monotonic() - begun:.2f} s")
    expect(page.locator(".reason .by")).to_have_count(3, timeout=120_000)
    expect(page.get_by_text("the model's words, checked").first).to_be_visible()
    page.locator(".ranked > li").first.hover()
    expect(page.locator(".purchases > li.lit")).not_to_have_count(0)
    drawn(page, "ui-list.png", tmp_path)
    page.emulate_media(color_scheme="dark")
    page.get_by_role("link", name="Before and after").click()
    expect(page.locator(".slopes line")).to_have_count(10)
    drawn(page, "ui-moves.png", tmp_path)


def test_a_purchase_that_is_taken_away_takes_its_reason_along(see: Callable[..., Page]) -> None:
    page = see("?explained=1")
    expect(page.locator(".chip").first).to_be_visible(timeout=120_000)
    cited = page.locator(".chip span").first.inner_text()
    page.get_by_role("button", name=f"Take away: {cited}").first.click()
    expect(page.get_by_role("region", name="What changed")).to_contain_text("went.", timeout=120_000)
    expect(page.locator(".taken .title")).to_have_text(cited)
