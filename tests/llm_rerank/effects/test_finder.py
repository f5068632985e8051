"""Why an item stands where it does, with an engine whose effects are known: it looks for words of the history."""

from collections.abc import Sequence
from threading import Event

import numpy as np
import pytest
from numpy.typing import NDArray

from llm_rerank.deadline import Deadline
from llm_rerank.effects.effects import Effects
from llm_rerank.effects.finder import EffectsFinder
from llm_rerank.engines.base import ScoringRequest, raise_if_cancelled
from llm_rerank.engines.fake import FakeEngine
from llm_rerank.fusion import WeightedFusion
from llm_rerank.prompt import Prompt
from llm_rerank.recommender import Recommender
from llm_rerank.request import RankingRequest
from llm_rerank.reranker import Reranker
from llm_rerank.terms import Terms
from llm_rerank.tokenizer import ChatTokenizer
from retrieval.errors import CancelledError, ConfigError, EngineError, UnknownItemError
from retrieval.folder import BuiltShop
from retrieval.live.shop import LiveShop
from retrieval.records import Item, UserHistory

NEW = ("n1", "n2", "n3", "n4")


class Words(FakeEngine):
    """+1 for milk in the history, -2 for bread, +0.5 for coffee, and up to .1 by the candidate.

    Keeps what it was asked, and fails from call number `fails_at` on.
    """

    fails_at = 99

    def __init__(self, tokenizer: ChatTokenizer) -> None:
        super().__init__(tokenizer)
        self.asked: list[Sequence[ScoringRequest]] = []

    def score(
        self, requests: Sequence[ScoringRequest], *, cancel: Event | None = None
    ) -> tuple[NDArray[np.float32], ...]:
        raise_if_cancelled(cancel)
        self.asked.append(requests)
        if len(self.asked) >= self.fails_at:
            raise EngineError("out of memory")
        return tuple(np.array([[self._odds(r, c), 0] for c in r.continuations], dtype=np.float32) for r in requests)

    def _odds(self, request: ScoringRequest, continuation: Sequence[int]) -> float:
        text = self._tokenizer.decode(request.prefix)
        known = sum(w * (word in text) for word, w in (("Whole milk", 1), ("bread", -2), ("coffee", 0.5)))
        return known + sum(continuation) % 10 / 100


class World:
    """The tiny shop, of which the LLM scores so many candidates."""

    def __init__(self, built: BuiltShop, tokenizer: ChatTokenizer, candidates: int = 3) -> None:
        self.built, self.engine = built, Words(tokenizer)
        self.reranker = Reranker(self.engine, Prompt(tokenizer), built.catalogue, fusion=WeightedFusion(llm_weight=0.5))
        self.recommender = Recommender(built, self.reranker, None, model="none", candidates=candidates)
        self.anna = built.log.history("anna")  # butter, coffee, bread, milk
        self.proposed = [one.item.item_id for one in built.retriever.retrieve(self.anna, 12)]

    def find(self, item_id: str, history: UserHistory | None = None, **others: object) -> Effects:
        finder = EffectsFinder.of(self.recommender)
        return finder.find(self.anna if history is None else history, item_id, **others)  # type: ignore[arg-type]


@pytest.fixture
def world(built: BuiltShop, characters: ChatTokenizer) -> World:
    return World(built, characters)


def test_every_purchase_that_was_read_counts_either_way(world: World) -> None:
    found = world.find(world.proposed[0]).history
    assert [(one.item_id, pytest.approx(one.effect, abs=1e-6)) for one in found] == [
        ("bread", -2.0),
        ("milk", 1.0),
        ("coffee", 0.5),
        ("butter", 0.0),
    ]
    assert found[1].title == "Whole milk 1 l"


def test_the_engine_is_asked_twice_below_rankings_and_for_one_candidate_each(world: World) -> None:
    world.find(world.proposed[0], terms=Terms(salt="anna's", instruction="Dear customer:"))
    of_list, of_acts = world.engine.asked
    assert [len(request.continuations) for request in of_list] == [3]
    assert [len(request.continuations) for request in of_acts] == [1] * 4
    assert {(r.salt, r.priority) for r in (*of_list, *of_acts)} == {("anna's", 1)}
    assert all("Dear customer" in world.engine._tokenizer.decode(r.prefix) for r in (*of_list, *of_acts))


def test_what_is_proposed_stands_where_the_ranking_has_it(world: World) -> None:
    ranking = world.recommender.recommend(RankingRequest(history=world.anna))
    for place in ranking.items:
        found = world.find(place.item.item_id)
        assert (found.ranked, found.of, found.retrieved) == (place, 3, True)
        assert found.retrieval_rank == place.retrieval_rank
        assert found.composition.score == pytest.approx(place.score)


def test_what_is_not_proposed_is_scored_as_one_more(world: World) -> None:
    deeper = world.proposed[6]
    found = world.find(deeper)
    assert (found.of, found.retrieved, found.retrieval_rank) == (4, False, 7)
    assert 1 <= found.ranked.rank <= 4
    assert found.ranked.sources
    assert found.composition.score == pytest.approx(found.ranked.score)


def test_what_retrieval_has_nowhere_is_no_better_to_it_than_its_last(world: World) -> None:
    found = world.find("brie")  # which is not to be had
    assert (found.of, found.retrieved, found.retrieval_rank, found.ranked.sources) == (4, False, None, ())
    last = world.built.retriever.retrieve(world.anna, 12)[-1].score
    (value,) = (part.value for part in found.composition.parts if part.name == "retrieval")
    assert value == last


def test_what_is_hidden_takes_no_place_and_can_be_asked_about(world: World) -> None:
    first, second, *_ = world.proposed
    assert world.find(second, hidden={first}).retrieval_rank == 1
    found = world.find(first, hidden={first})
    assert (found.of, found.retrieved, found.hidden, found.retrieval_rank) == (4, False, True, 1)
    assert not world.find(second, hidden={first}).hidden
    deeper = world.find(world.proposed[6], hidden={world.proposed[6]})
    assert (deeper.hidden, deeper.retrieval_rank) == (True, 7)


def test_what_is_not_proposed_stands_behind_all_that_is_also_what_is_new(
    built: BuiltShop, characters: ChatTokenizer
) -> None:
    live = LiveShop.of(built, new_items=0.1)
    live.change([Item(item_id=item_id, title=f"Oat milk {item_id}") for item_id in NEW])
    world = World(live, characters, candidates=8)
    *_, last = proposed = live.retriever.retrieve(world.anna, 8)
    assert last.item.item_id in NEW
    others = [world.find(item.item_id) for item in live.catalogue if item not in [one.item for one in proposed]]
    ranks = {one.ranked.item.item_id: one.retrieval_rank for one in others}
    assert sorted(rank for rank in ranks.values() if rank) == [9, 10, 11, 12]
    assert {item_id for item_id, rank in ranks.items() if rank is None} == {"brie", *NEW} - {last.item.item_id}
    assert {(one.retrieved, one.of) for one in others} == {(False, 9)}


def test_nobody_s_history_has_no_effects(world: World) -> None:
    found = world.find("milk", UserHistory(user_id="new"))
    assert (found.history, found.degraded, found.answered_by) == ((), "", "llm")


def test_without_the_llm_retrieval_is_left(world: World) -> None:
    world.engine.fails_at = 1
    found = world.find(world.proposed[1])
    assert (found.answered_by, found.history, found.ranked.llm_score) == ("retrieval", (), None)
    assert "out of memory" in found.degraded
    assert (found.ranked.rank, found.composition.score) == (2, pytest.approx(found.ranked.score))


def test_a_deadline_that_passes_says_so_and_a_caller_who_has_gone_ends_it(world: World) -> None:
    assert "deadline of 0 ms has passed" in world.find("milk", terms=Terms(cancel=Deadline(0))).degraded
    gone = Event()
    gone.set()
    with pytest.raises(CancelledError):
        world.find("milk", terms=Terms(cancel=gone))


def test_where_the_llm_fails_in_between_its_score_is_told(world: World) -> None:
    world.engine.fails_at = 2
    found = world.find(world.proposed[0])
    assert (found.answered_by, found.history) == ("llm", ())
    assert found.degraded.startswith("no effects of the history: out of memory")
    assert found.ranked.llm_score is not None


def test_what_the_catalogue_does_not_have(world: World) -> None:
    with pytest.raises(UnknownItemError):
        world.find("caviar")


def test_letters_have_no_effects(world: World) -> None:
    world.reranker.method = "letters"
    with pytest.raises(ConfigError, match="packed"):
        world.find("milk")
