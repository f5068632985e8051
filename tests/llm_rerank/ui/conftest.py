"""The page in a real browser, before the real service: the tiny shop with a stand-in for the LLM that can be told to
hesitate or die. No page may ask anybody else, break its own policy, or throw.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any

import numpy as np
import pytest
import uvicorn
from numpy.typing import NDArray
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from llm_rerank.config import EngineConfig, RecommendConfig
from llm_rerank.engines.base import raise_if_cancelled
from llm_rerank.engines.fake import FakeEngine
from llm_rerank.explanations.evidence import EvidenceConfig, EvidenceFinder
from llm_rerank.explanations.explainer import Explainer
from llm_rerank.explanations.writer import Writer
from llm_rerank.fusion import WeightedFusion
from llm_rerank.prompt import Prompt
from llm_rerank.recommender import Recommender
from llm_rerank.reranker import Reranker
from llm_rerank.service.app import create_app
from llm_rerank.service.config import ServeConfig, UiConfig
from llm_rerank.service.service import Service
from llm_rerank.tokenizer import ChatTokenizer
from retrieval.errors import EngineError
from retrieval.folder import BuiltShop
from retrieval.live.shop import LiveShop
from retrieval.store.database import Database
from retrieval.store.keys import KeyStore, Scope

WITHOUT_BROWSER = "UI_TESTS_WITHOUT_BROWSER"
"""Set, it skips these tests where there is no browser: for machines whose users cannot install one, never for CI."""
LAUNCHED_WITH = (
    "--headless=new --no-sandbox --disable-gpu --disable-background-networking --disable-component-update "
    "--disable-sync --no-first-run"
).split()
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

expect.set_options(timeout=20_000)  # a slow moment is no failure


def _chromium() -> str:
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None and os.environ.get(WITHOUT_BROWSER):
        pytest.skip(f"no browser here, and {WITHOUT_BROWSER} is set")
    if found is None:
        pytest.fail(f"no Chromium on the PATH (tried {', '.join(NAMES)}): apt-get install -y chromium, as root")
    return found


@pytest.fixture(scope="module")  # not for the session: Playwright's loop would run beneath every other test
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=LAUNCHED_WITH)
        yield browser
        browser.close()


class Told(FakeEngine):
    """Waits at the score or at the text, or dies there, as long as `waits_at` or `fails_at` says so."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.waits_at, self.fails_at = "", ""

    def score(self, requests: Any, *, cancel: Event | None = None) -> tuple[NDArray[np.float32], ...]:
        self._come_to("score", cancel)
        return super().score(requests, cancel=cancel)

    def generate(self, requests: Any, *, cancel: Event | None = None) -> Iterator[Any]:
        self._come_to("text", cancel)
        yield from super().generate(requests, cancel=cancel)

    def _come_to(self, here: str, cancel: Event | None) -> None:
        while self.waits_at == here:
            raise_if_cancelled(cancel)
            sleep(0.005)
        if self.fails_at == here:
            raise EngineError("the model's process has ended", field="engine", value="fake", remedy="Start it again")


@pytest.fixture(scope="session")
def recommender(built: BuiltShop, real_tokenizer: ChatTokenizer) -> Recommender:
    """As Recommender.for_shop has it, with this engine."""
    shop, engine = LiveShop.of(built, new_items=0.1), Told(real_tokenizer)
    reranker = Reranker(
        engine, Prompt(real_tokenizer), shop.catalogue, model="fake", fusion=WeightedFusion(llm_weight=0.5)
    )
    finder = EvidenceFinder(reranker, shop.text_vectors, EvidenceConfig(controls=0))
    writer = Writer(engine, reranker.prompt, trained=False)
    return Recommender(shop, reranker, Explainer(finder, writer, shop.catalogue), model="fake", candidates=11)


@pytest.fixture
def engine(recommender: Recommender) -> Told:
    """The one that answers, well again."""
    told = recommender.reranker.engine
    assert isinstance(told, Told)
    told.waits_at = told.fails_at = ""
    return told


@pytest.fixture
def service(recommender: Recommender, engine: Told, tmp_path: Path) -> Service:
    asked = RecommendConfig(engine=EngineConfig(kind="fake"), candidates=11, llm_weight=0.5)
    config = ServeConfig(recommend=asked, database=f"sqlite:///{tmp_path}/service.db", ui=UiConfig(user="anna"))
    shop = recommender.shop
    assert isinstance(shop, LiveShop)
    return Service.of(config, shop, recommender, Database.open(config.database))


@dataclass(kw_only=True)
class Site:
    """The service on a socket, and a browser that looks at it."""

    service: Service
    url: str
    browser: Browser
    opened: list[BrowserContext] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def key(self, *scopes: Scope) -> str:
        key, _ = KeyStore(self.service.database).create("shop", scopes or ("read", "write"), 100_000)
        return key

    def page(self, **about: Any) -> Page:
        """A new person's: nothing is kept from another."""
        about = {"locale": "en-GB", "viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"} | about
        context = self.browser.new_context(**about)
        self.opened.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("console", lambda said: self.wrong.append(said.text) if _policy(said.text) else None)
        page.on("request", lambda request: None if self._own(request.url) else self.wrong.append(request.url))
        return page

    def open(self, query: str = "", *, scopes: tuple[Scope, ...] = (), **about: Any) -> Page:
        """The page at this address, with a key."""
        page = self.page(**about)
        page.goto(f"{self.url}/{query}#key={self.key(*scopes)}")
        return page

    def _own(self, url: str) -> bool:
        return url.startswith((self.url, f"blob:{self.url}"))


def _policy(text: str) -> bool:
    return "Content Security Policy" in text or "Trusted" in text


@pytest.fixture
def site(service: Service, browser: Browser) -> Iterator[Site]:
    server = uvicorn.Server(uvicorn.Config(create_app(service), port=0, log_level="warning", access_log=False))
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    begun = monotonic()
    while not server.started:
        assert monotonic() - begun < 60
        sleep(0.01)
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    site = Site(service=service, url=f"http://{host}:{port}", browser=browser)
    yield site
    for context in site.opened:
        for page in context.pages:
            page.unroute_all(behavior="ignoreErrors")  # what is still asked for when a test ends is nobody's failure
        context.close()
    server.should_exit = True
    thread.join(20)
    assert site.wrong == []


@pytest.fixture
def see(site: Site) -> Callable[..., Page]:
    """Opens the page: `query` as in an address, `scopes` of the key, and what a browser may be told."""
    return site.open
