"""Ablation with an engine whose effects are known: it looks for words of the history."""

from collections.abc import Sequence
from threading import Event

import numpy as np
import pytest
from numpy.typing import NDArray

from llm_rerank.engines.base import ScoringRequest
from llm_rerank.engines.fake import FakeEngine
from llm_rerank.explanations.evidence import EvidenceConfig, EvidenceFinder, Findings
from llm_rerank.fusion import WeightedFusion
from llm_rerank.prompt import Prompt, PromptConfig
from llm_rerank.ranking import RankedItem
from llm_rerank.reranker import Reranker
from llm_rerank.tokenizer import ChatTokenizer
from retrieval.catalogue import Catalogue
from retrieval.errors import ConfigError
from retrieval.log import InteractionLog
from retrieval.records import Candidate, UserHistory


class Recorded(FakeEngine):
    """+1 for milk in the history, -2 for bread, +0.5 for coffee, whatever the candidate; keeps what it was asked."""

    asked: list[str]

    def score(
        self, requests: Sequence[ScoringRequest], *, cancel: Event | None = None
    ) -> tuple[NDArray[np.float32], ...]:
        read = [self._tokenizer.decode(request.prefix) for request in requests]
        self.asked = read
        odds = [
            sum(w * (word in text) for word, w in (("Whole milk", 1), ("bread", -2), ("coffee", 0.5))) for text in read
        ]
        return tuple(
            np.array([[o, 0]] * len(r.continuations), dtype=np.float32) for o, r in zip(odds, requests, strict=True)
        )


def alike(item_ids: Sequence[str]) -> NDArray[np.float32]:
    return np.ones((len(item_ids), 1), dtype=np.float32)


class World:
    """Anna's history and a reranker over the recorded engine."""

    def __init__(self, tokenizer: ChatTokenizer, catalogue: Catalogue, history: UserHistory, window: int = 20) -> None:
        self.engine = Recorded(tokenizer)
        self.history = history
        prompt = Prompt(tokenizer, PromptConfig(history_items=window))
        self.reranker = Reranker(self.engine, prompt, catalogue, fusion=WeightedFusion(llm_weight=1.0))

    def ranked(self, *item_ids: str) -> tuple[RankedItem, ...]:
        items = [self.reranker.catalogue[i] for i in item_ids]
        found = [Candidate(item=item, score=0.0, source="test", rank=n) for n, item in enumerate(items, start=1)]
        return self.reranker.rerank(self.history, found)

    def found(self, *item_ids: str, shortlist: int = 10, controls: int = 0) -> tuple[Findings, ...]:
        finder = EvidenceFinder(self.reranker, alike, EvidenceConfig(shortlist=shortlist, controls=controls))
        return finder.find(self.history, self.ranked(*item_ids))

    def effects(self, *item_ids: str) -> list[list[tuple[str, float]]]:
        return [[(one.item_id, one.effect) for one in found.raised] for found in self.found(*item_ids)]


@pytest.fixture
def world(characters: ChatTokenizer, catalogue: Catalogue, log: InteractionLog) -> World:
    return World(characters, catalogue, log.history("anna"))  # butter, coffee, bread, milk


def test_exact_effects_strongest_first(world: World) -> None:
    assert world.effects("oat", "tea") == [[("milk", 1.0), ("coffee", 0.5)]] * 2


def test_what_lowered_the_score_is_found_too(world: World) -> None:
    (found,) = world.found("oat")
    assert [(one.item_id, one.effect) for one in found.lowered] == [("bread", -2.0)]


@pytest.mark.parametrize(
    ("similar", "raised", "lowered"), [("milk", ["milk"], []), ("coffee", [], []), ("bread", [], ["bread"])]
)
def test_what_moves_the_score_no_further_than_something_random_is_no_evidence(
    world: World, similar: str, raised: list[str], lowered: list[str]
) -> None:
    """One similar item, and the three others as controls, which are no evidence themselves."""

    def vectors(item_ids: Sequence[str]) -> NDArray[np.float32]:
        return np.array([[float(item_id in ("oat", similar))] for item_id in item_ids], dtype=np.float32)

    finder = EvidenceFinder(world.reranker, vectors, EvidenceConfig(shortlist=1, controls=3))
    (found,) = finder.find(world.history, world.ranked("oat"))
    assert [one.item_id for one in found.raised] == raised
    assert [one.item_id for one in found.lowered] == lowered


@pytest.mark.parametrize(("window", "trials"), [(4, 4), (3, 3), (2, 2), (1, 1)])
def test_a_short_history_has_its_controls_first(
    characters: ChatTokenizer, catalogue: Catalogue, log: InteractionLog, window: int, trials: int
) -> None:
    """Of bread and milk one is similar and one a control: of those alone the score says nothing against chance."""
    world = World(characters, catalogue, log.history("anna"), window=window)
    (found,) = world.found("oat", shortlist=4, controls=2)
    assert len(world.engine.asked) == trials
    assert len(found.raised) + len(found.lowered) <= max(1, window - 2)


def test_the_same_history_is_always_compared_with_the_same_random_items(world: World) -> None:
    asked = []
    for _ in range(2):
        world.found("oat", "tea", shortlist=1, controls=1)
        asked.append(world.engine.asked)
    assert asked[0] == asked[1]
    assert len(asked[0]) == 2


def test_no_older_item_moves_into_the_gap(characters: ChatTokenizer, catalogue: Catalogue, log: InteractionLog) -> None:
    world = World(characters, catalogue, log.history("anna"), window=2)  # reads bread and milk
    assert world.effects("oat") == [[("milk", 1.0)]]
    assert not any("coffee" in text or "butter" in text for text in world.engine.asked)


def test_the_shortlist_bounds_the_trials(world: World) -> None:
    world.found("oat", "tea", shortlist=1)
    assert len(world.engine.asked) == 1


def test_no_history_no_evidence(characters: ChatTokenizer, catalogue: Catalogue) -> None:
    assert World(characters, catalogue, UserHistory(user_id="new")).effects("oat", "tea") == [[], []]


def test_nothing_ranked(world: World) -> None:
    finder = EvidenceFinder(world.reranker, alike)
    assert finder.find(world.history, ()) == ()


def test_letters_cannot_be_explained(world: World, catalogue: Catalogue) -> None:
    lettered = Reranker(
        world.engine, world.reranker.prompt, catalogue, method="letters", fusion=WeightedFusion(llm_weight=1.0)
    )
    with pytest.raises(ConfigError, match="packed"):
        EvidenceFinder(lettered, alike)
