from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from eval.llm_scores import LlmScores, asked_how
from llm_rerank.config import EngineConfig, RerankerConfig
from llm_rerank.engines.base import ScoringRequest
from llm_rerank.engines.fake import FakeEngine
from llm_rerank.fusion import fuse
from llm_rerank.prompt import PromptConfig
from retrieval.catalogue import Catalogue
from retrieval.log import InteractionLog
from retrieval.records import Candidate, Item

CONFIG = RerankerConfig(engine=EngineConfig(kind="fake"))
Asked = list[int]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """How many candidates the engine was asked about, call by call."""
    counts: Asked = []
    score = FakeEngine.score

    def counting(
        self: FakeEngine, requests: Sequence[ScoringRequest], **more: object
    ) -> tuple[NDArray[np.float32], ...]:
        counts.extend(len(request.continuations) for request in requests)
        return score(self, requests, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(FakeEngine, "score", counting)
    return counts


@pytest.fixture
def items(catalogue: Catalogue) -> list[Item]:
    return [catalogue[item_id] for item_id in ("tea", "oat", "milk")]


def opened(catalogue: Catalogue, folder: Path, config: RerankerConfig = CONFIG) -> LlmScores:
    return LlmScores(config, catalogue, folder, print)


def test_an_answer_is_kept_over_a_restart(
    catalogue: Catalogue, log: InteractionLog, items: list[Item], tmp_path: Path, asked: Asked
) -> None:
    first = opened(catalogue, tmp_path).ask(log.history("anna"), items)
    again = opened(catalogue, tmp_path).ask(log.history("anna"), items)
    assert asked == [3]
    assert (again.scores.tolist(), again.milliseconds) == (first.scores.tolist(), first.milliseconds)


def test_another_question_is_asked(
    catalogue: Catalogue, log: InteractionLog, items: list[Item], tmp_path: Path, asked: Asked
) -> None:
    llm, anna = opened(catalogue, tmp_path), log.history("anna")
    llm.ask(anna, items)
    llm.ask(anna, items[:2])
    llm.ask(anna, items[::-1])
    llm.ask(anna.only({"milk"}), items)
    assert asked == [3, 2, 3, 3]


@pytest.mark.parametrize(
    "change", [{"method": "letters"}, {"prompt": PromptConfig(question="Buy it?")}, {"engine": EngineConfig()}]
)
def test_whatever_changes_a_score_is_another_job(change: dict[str, object]) -> None:
    assert asked_how(CONFIG) != asked_how(CONFIG.model_copy(update=change))


def test_weight_and_number_of_candidates_change_no_score() -> None:
    assert asked_how(CONFIG) == asked_how(CONFIG.model_copy(update={"llm_weight": 0.5, "candidates": 3}))


def test_another_catalogue_is_scored_anew(
    catalogue: Catalogue, log: InteractionLog, items: list[Item], tmp_path: Path, asked: Asked
) -> None:
    opened(catalogue, tmp_path).ask(log.history("anna"), items)
    opened(Catalogue(list(catalogue)[::-1]), tmp_path).ask(log.history("anna"), items)
    assert asked == [3, 3]


def test_every_weight_fuses_the_same_scores(
    catalogue: Catalogue, log: InteractionLog, items: list[Item], tmp_path: Path, asked: Asked
) -> None:
    llm, anna = opened(catalogue, tmp_path), log.history("anna")
    candidates = tuple(Candidate(item=item, score=-float(n), source="x", rank=n) for n, item in enumerate(items, 1))
    scores = llm.ask(anna, items).scores
    for weight in (0.0, 0.3, 1.0):
        expected = fuse(scores, np.array([-1.0, -2.0, -3.0]), weight)
        assert llm.fused(anna, candidates, weight=weight).tolist() == expected.tolist()
    assert asked == [3]
