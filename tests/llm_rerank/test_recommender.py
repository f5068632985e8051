from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from threading import Event

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from llm_rerank.deadline import Deadline
from llm_rerank.engines.base import GeneratedPiece, GenerationRequest, ScoringRequest, raise_if_cancelled
from llm_rerank.engines.fake import FakeEngine
from llm_rerank.explanations.events import Explained, Found
from llm_rerank.explanations.evidence import EvidenceConfig, EvidenceFinder
from llm_rerank.explanations.explainer import Explainer
from llm_rerank.explanations.writer import Writer
from llm_rerank.fusion import WeightedFusion
from llm_rerank.prompt import Prompt
from llm_rerank.ranking import Ranking
from llm_rerank.recommender import Recommender
from llm_rerank.request import RankingRequest
from llm_rerank.reranker import Reranker
from llm_rerank.tokenizer import ChatTokenizer
from retrieval.errors import CancelledError, ConfigError, EngineError, UnknownItemError
from retrieval.folder import BuiltShop
from retrieval.records import Candidate, UserHistory

Failure = Exception | None


class Fragile(FakeEngine):
    """Fails with `score_fails` from call number `after` on, or with `generate_fails`."""

    score_fails: Failure = None
    generate_fails: Failure = None
    after = 0
    calls = 0
    salts: set[tuple[str, int]]
    written = ""  # every text, in place of what the fake engine writes
    late: Deadline | None = None  # passes while call number `after` is under way

    def score(
        self, requests: Sequence[ScoringRequest], *, cancel: Event | None = None
    ) -> tuple[NDArray[np.float32], ...]:
        self.calls += 1
        self.salts |= {(request.salt, request.priority) for request in requests}
        if self.score_fails and self.calls > self.after:
            raise self.score_fails
        if self.late and self.calls > self.after:
            self.late._at = 0.0
        return super().score(requests, cancel=cancel)

    def generate(
        self, requests: Sequence[GenerationRequest], *, cancel: Event | None = None
    ) -> Iterator[GeneratedPiece]:
        self.salts |= {(request.salt, request.priority) for request in requests}
        if self.generate_fails:
            raise self.generate_fails
        if not self.written:
            yield from super().generate(requests, cancel=cancel)
        for index in range(len(requests) if self.written else 0):
            raise_if_cancelled(cancel)
            yield GeneratedPiece(index=index, text=self.written, done=True)


class World:
    """A recommender over the tiny shop, and the engine that a test may break."""

    def __init__(self, built: BuiltShop, tokenizer: ChatTokenizer) -> None:
        self.built, self.engine, self.prompt = built, Fragile(tokenizer), Prompt(tokenizer)
        self.engine.salts = set()
        self.tokenizer = tokenizer

    def ask(self, user: str = "anna", *, candidates: int = 50, cancel: Event | None = None, **asked: object) -> Ranking:
        return self.opened(candidates).recommend(self.request(user, **asked), cancel=cancel)

    def request(self, user: str = "anna", **asked: object) -> RankingRequest:
        log = self.built.log
        history = log.history(user) if user in log else UserHistory(user_id=user)
        return RankingRequest(history=history, **asked)  # type: ignore[arg-type]

    def opened(self, candidates: int = 50) -> Recommender:
        reranker = Reranker(self.engine, self.prompt, self.built.catalogue, fusion=WeightedFusion(llm_weight=0.9))
        finder = EvidenceFinder(reranker, self.built.text_vectors, EvidenceConfig(controls=0))
        explainer = Explainer(finder, Writer(self.engine, Prompt(self.tokenizer), trained=False), self.built.catalogue)
        return Recommender(self.built, reranker, explainer, model="none", candidates=candidates)


@pytest.fixture
def world(built: BuiltShop, characters: ChatTokenizer) -> World:
    return World(built, characters)


def ids(ranking: Ranking) -> list[str]:
    return [place.item.item_id for place in ranking.items]


def test_the_first_few_are_explained(world: World) -> None:
    ranking = world.ask(top_n=4, explained=2)
    assert [place.explanation is not None for place in ranking.items] == [True, True, False, False]
    assert [place.rank for place in ranking.items] == [1, 2, 3, 4]
    assert (ranking.degraded, set(ranking.timings_ms)) == ("", {"retrieve", "score", "fuse", "explain"})


def test_reasons_cite_only_the_users_own_items(world: World) -> None:
    own = set(world.built.log.history("anna").item_ids)
    reasons = [place.explanation for place in world.ask(explained=10).items if place.explanation]
    assert any(reason.evidence for reason in reasons)
    assert all(e.item_id in own and e.effect > 0 for reason in reasons for e in reason.evidence)


def test_a_user_without_a_history(world: World) -> None:
    ranking = world.ask("nobody", explained=3)
    assert ranking.items
    assert all(place.explanation and not place.explanation.evidence for place in ranking.items[:3])


@pytest.mark.parametrize(("candidates", "top_n", "found"), [(0, 10, 0), (1, 10, 1), (50, 0, 0), (50, 3, 3)])
def test_as_many_as_there_are_and_no_more_than_asked(world: World, candidates: int, top_n: int, found: int) -> None:
    assert len(world.ask(candidates=candidates, top_n=top_n, explained=5).items) == found


def test_what_is_hidden_is_not_proposed_and_the_list_is_as_long(world: World) -> None:
    first, *others = ids(world.ask(candidates=4))
    hidden = frozenset({first, "not sold"})
    for cancel in (None, Deadline(0)):
        found = ids(world.ask(candidates=4, hidden=hidden, cancel=cancel))
        assert (len(found), first in found) == (4, False)
    assert first in ids(world.ask(item_ids=(first, others[0]), hidden=hidden))


def test_what_is_left_out_is_what_would_have_been_proposed(world: World) -> None:
    proposed = [one.item.item_id for one in world.built.retriever.retrieve(world.built.log.history("anna"), 8)]
    hidden = frozenset({proposed[2], proposed[0], proposed[7]})
    assert world.ask(candidates=4, hidden=hidden).left_out == (proposed[0], proposed[2])
    assert world.ask(candidates=4, hidden=hidden, item_ids=(proposed[0],)).left_out == ()
    assert world.ask(candidates=4).left_out == ()


def test_it_is_left_out_of_the_list_that_is_answered_however_late_that_is(world: World) -> None:
    every = frozenset(item.item_id for item in world.built.catalogue)
    anna, nobody = (world.built.retriever.retrieve(world.request(user).history, 4) for user in ("anna", "nobody"))
    world.engine.late = late = Deadline(1e6)  # which passes while it is scored
    for cancel, answered_by, otherwise in ((late, "retrieval", anna), (Deadline(0), "popular", nobody)):
        ranking = world.ask(candidates=4, hidden=every - {"tea"}, cancel=cancel)
        assert ranking.answered_by == answered_by
        assert set(ranking.left_out) == {one.item.item_id for one in otherwise} - {"tea"}
    assert anna != nobody


def test_retrieval_keeps_to_one_thread(world: World) -> None:
    class Counting:
        name = "counting"
        threads = 0

        def retrieve(
            self, history: UserHistory, top_n: int, *, exclude: Collection[str] = frozenset()
        ) -> tuple[Candidate, ...]:
            self.threads = torch.get_num_threads()
            return ()

    counting, before = Counting(), torch.get_num_threads()
    world.built = replace(world.built, retriever=counting)
    torch.set_num_threads(2)
    try:
        world.ask()
        assert (counting.threads, torch.get_num_threads()) == (1, 2)
    finally:
        torch.set_num_threads(before)


def test_the_callers_items_and_no_others(world: World) -> None:
    ranking = world.ask(item_ids=("tea", "oat", "tea", "brie"))
    assert sorted(ids(ranking)) == ["brie", "oat", "tea"]
    assert ranking.llm_weight == 1.0
    assert [place.llm_rank for place in ranking.items] == [1, 2, 3]


def test_no_items_of_the_callers(world: World) -> None:
    assert world.ask(item_ids=(), explained=3).items == ()


def test_an_item_nobody_sells(world: World) -> None:
    with pytest.raises(UnknownItemError, match="caviar"):
        world.ask(item_ids=("tea", "caviar"))


def test_a_deadline_that_has_passed_leaves_what_is_popular(world: World) -> None:
    popular = ids(world.ask("nobody", candidates=6))
    ranking = world.ask(candidates=6, explained=2, cancel=Deadline(0))
    assert sorted(ids(ranking)) == sorted(popular)
    assert ranking.answered_by == "popular"
    assert ranking.degraded == "what is popular, no reasons: the deadline of 0 ms has passed"
    assert all(place.llm_score is None and place.explanation is None for place in ranking.items)


@pytest.mark.parametrize(("asked", "whose"), [({}, "retrieval"), ({"item_ids": ("tea", "oat", "brie")}, "request")])
def test_a_deadline_that_passes_while_the_llm_scores(world: World, asked: dict[str, object], whose: str) -> None:
    world.engine.late = Deadline(60_000)
    ranking = world.ask(explained=2, cancel=world.engine.late, **asked)
    assert ranking.answered_by == whose
    assert "the deadline of 60000 ms has passed" in ranking.degraded
    assert [place.retrieval_rank for place in ranking.items] == [place.rank for place in ranking.items]


def test_a_deadline_that_passes_among_the_reasons_leaves_the_llms_order(world: World) -> None:
    expected = ids(world.ask())
    world.engine.late, world.engine.after, world.engine.calls = Deadline(60_000), 1, 0
    ranking = world.ask(explained=2, cancel=world.engine.late)
    assert (ids(ranking), ranking.answered_by) == (expected, "llm")
    assert ranking.degraded == "no reasons: the deadline of 60000 ms has passed"


def test_a_caller_who_has_gone_is_not_answered_whatever_the_deadline(world: World) -> None:
    cancel = Deadline(60_000)
    cancel.set()
    with pytest.raises(CancelledError):
        world.ask(cancel=cancel)


def test_an_engine_that_cannot_score(world: World) -> None:
    history = world.built.log.history("anna")
    expected = [c.item.item_id for c in world.built.retriever.retrieve(history, 50)][:5]
    world.engine.score_fails = EngineError("out of memory")
    ranking = world.ask(top_n=5, explained=2)
    assert ids(ranking) == expected
    assert "retrieval order" in ranking.degraded
    assert "out of memory" in ranking.degraded
    assert all(place.llm_score is None and place.explanation is None for place in ranking.items)


@pytest.mark.parametrize("broken", ["ablation", "writing"])
def test_an_engine_that_cannot_explain_keeps_the_ranking(world: World, broken: str) -> None:
    expected = ids(world.ask())
    world.engine.calls, world.engine.after = 0, 1
    if broken == "ablation":
        world.engine.score_fails = EngineError("out of memory")
    else:
        world.engine.generate_fails = EngineError("out of memory")
    ranking = world.ask(explained=2)
    assert ids(ranking) == expected
    assert all(place.llm_score is not None for place in ranking.items)
    assert ranking.degraded.startswith("no reasons: out of memory")


def test_what_is_known_of_reasons_comes_as_it_is_known(world: World) -> None:
    first, *events, last = world.opened().stream(world.request(top_n=4, explained=2))
    assert isinstance(first, Ranking)
    assert isinstance(last, Ranking)
    assert all(item.explanation is None for item in first.items)
    kinds = [type(event).__name__ for event in events]
    assert kinds[:2] == ["Found", "Found"]
    assert kinds.count("Explained") == 2
    assert [item.explanation is not None for item in last.items] == [True, True, False, False]


def test_reasons_that_were_there_in_time_are_kept(world: World) -> None:
    cancel = Deadline(60_000)
    events = world.opened().stream(world.request(top_n=4, explained=3), cancel=cancel)
    for event in events:
        if isinstance(event, Found) and event.place == 0:
            world.engine.written = f"You bought {event.evidence[0].title}."
        if isinstance(event, Explained):
            cancel._at = 0.0
        last = event
    assert isinstance(last, Ranking)
    assert last.degraded == "1 of 3 reasons: the deadline of 60000 ms has passed"
    assert sum(item.explanation is not None for item in last.items) == 1


def test_whose_prefix_it_is_reaches_the_engine(world: World) -> None:
    world.opened().recommend(world.request(explained=1, salt="anna's", priority=2))
    assert world.engine.salts == {("anna's", 2), ("anna's", 3)}  # reasons wait until other callers have their order


@pytest.mark.parametrize("stage", ["score_fails", "generate_fails"])
def test_a_wish_to_stop_is_obeyed(world: World, stage: str) -> None:
    setattr(world.engine, stage, CancelledError("stop"))
    with pytest.raises(CancelledError):
        world.ask(explained=2)


def test_cancelled_before_it_began(world: World) -> None:
    cancel = Event()
    cancel.set()
    with pytest.raises(CancelledError):
        world.ask(cancel=cancel)


def test_lettered_scores_are_not_explained(built: BuiltShop, characters: ChatTokenizer) -> None:
    reranker = Reranker(
        FakeEngine(characters),
        Prompt(characters),
        built.catalogue,
        method="letters",
        fusion=WeightedFusion(llm_weight=1),
    )
    recommender = Recommender(built, reranker, None, model="none", candidates=50)
    request = RankingRequest(history=built.log.history("anna"), explained=1)
    with pytest.raises(ConfigError, match="packed"):
        recommender.recommend(request)
