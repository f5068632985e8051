"""What every engine promises, whatever runs it."""

from collections.abc import Callable, Iterator, Sequence
from threading import Event, Thread

import numpy as np
import pytest
from transformers import LlamaForCausalLM

from llm_rerank.deadline import Deadline
from llm_rerank.engines.base import Engine, GenerationRequest, ScoringRequest
from llm_rerank.engines.transformers import TransformersEngine
from llm_rerank.tokenizer import Tokenizer
from retrieval.errors import CancelledError, EngineError


def generate_texts(
    engine: Engine, requests: Sequence[GenerationRequest], *, cancel: Event | None = None
) -> tuple[str, ...]:
    """The whole texts; each must be told to be done once, and last."""
    texts, done = [""] * len(requests), [False] * len(requests)
    for piece in engine.generate(requests, cancel=cancel):
        assert not done[piece.index]
        texts[piece.index] += piece.text
        done[piece.index] = piece.done
    assert all(done)
    return tuple(texts)


PREFIX = tuple(range(40, 60))
CONTINUATIONS = ((41,), (42, 43, 99), (80, 81, 82, 83, 84), (59, 41))
LABELS = (50, 51, 52)
REQUEST = ScoringRequest(prefix=PREFIX, continuations=CONTINUATIONS, labels=LABELS)
OTHER = ScoringRequest(prefix=(70, 71, 72), continuations=((41, 73), (70,)), labels=(50, 51))
NOTHING = ScoringRequest(prefix=PREFIX, continuations=(), labels=LABELS)


@pytest.fixture
def tiny_engine(tiny_llama: Callable[..., LlamaForCausalLM], characters: Tokenizer) -> TransformersEngine:
    """It reads 128 tokens and knows 256."""
    return TransformersEngine(tiny_llama(), characters, tokens_per_pass=64)


UNDER_VLLM = [pytest.param(kind, marks=pytest.mark.slow) for kind in ("vllm", "remote")]


@pytest.fixture(scope="module", params=["fake", "tiny", "real", *UNDER_VLLM])
def engine(request: pytest.FixtureRequest) -> Engine:
    if request.param == "tiny":
        model, characters = request.getfixturevalue("tiny_llama")(), request.getfixturevalue("characters")
        return TransformersEngine(model, characters, tokens_per_pass=64)
    return request.getfixturevalue(f"{request.param}_engine")


def write(seed: int = 0, *, prompt: tuple[int, ...] = PREFIX, **others: object) -> GenerationRequest:
    return GenerationRequest(**{"prompt": prompt, "max_tokens": 8, "seed": seed, **others})  # type: ignore[arg-type]


def test_one_row_a_continuation_and_one_column_a_label(engine: Engine) -> None:
    scores = engine.score([REQUEST, OTHER, NOTHING])
    assert [s.shape for s in scores] == [(4, 3), (2, 2), (0, 3)]
    assert all(s.dtype == np.float32 and np.isfinite(s).all() for s in scores)


def test_no_continuations_and_no_requests(engine: Engine) -> None:
    assert engine.score([]) == ()
    assert [s.shape for s in engine.score([NOTHING])] == [(0, 3)]


def test_requests_in_one_call_equal_requests_one_by_one(engine: Engine) -> None:
    together = engine.score([REQUEST, OTHER, REQUEST])
    alone = [engine.score([r])[0] for r in (REQUEST, OTHER, REQUEST)]
    for a, b in zip(together, alone, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)


def test_more_requests_than_a_pass_holds(engine: Engine) -> None:
    scores = engine.score([REQUEST, NOTHING, OTHER] * 4)
    assert [len(s) for s in scores] == [4, 0, 2] * 4
    np.testing.assert_allclose(scores[0], scores[-3], atol=1e-4)


def test_permuting_continuations_changes_nothing(engine: Engine) -> None:
    order = [2, 0, 3, 1]
    shuffled = ScoringRequest(prefix=PREFIX, continuations=tuple(CONTINUATIONS[i] for i in order), labels=LABELS)
    (straight,), (permuted,) = engine.score([REQUEST]), engine.score([shuffled])
    np.testing.assert_allclose(permuted, straight[order], atol=1e-4)


def test_an_equal_continuation_scores_equally(engine: Engine) -> None:
    twice = ScoringRequest(prefix=PREFIX, continuations=((80, 81), (41,), (80, 81)), labels=LABELS)
    (scores,) = engine.score([twice])
    np.testing.assert_allclose(scores[0], scores[2], atol=1e-4)


def test_cancelled_before_it_starts(engine: Engine) -> None:
    cancel = Event()
    cancel.set()
    with pytest.raises(CancelledError):
        engine.score([REQUEST], cancel=cancel)
    with pytest.raises(CancelledError):
        generate_texts(engine, [write()], cancel=cancel)


def test_cancelled_from_another_thread_and_useful_afterwards(engine: Engine) -> None:
    before, cancel = engine.score([REQUEST])[0], Event()
    pieces = engine.generate([write(max_tokens=60, temperature=1.0)], cancel=cancel)
    next(pieces)  # it is under way
    stopper = Thread(target=cancel.set)
    stopper.start()
    stopper.join()
    with pytest.raises(CancelledError):
        list(pieces)
    with pytest.raises(CancelledError):
        engine.score([REQUEST] * 3, cancel=cancel)
    np.testing.assert_allclose(engine.score([REQUEST])[0], before, atol=1e-4)


def test_side_by_side_writes_what_one_by_one_writes(engine: Engine) -> None:
    requests = [write(), write(prompt=(70, 71, 72)), write(prompt=PREFIX * 2, max_tokens=12)]
    together = generate_texts(engine, requests)
    assert together == tuple(generate_texts(engine, [r])[0] for r in requests)
    assert any(together)


def test_no_request_writes_nothing(engine: Engine) -> None:
    assert list(engine.generate([])) == []


def test_a_stop_text_never_appears(engine: Engine) -> None:
    (whole,) = generate_texts(engine, [write(max_tokens=10)])
    stop = whole[3:5]
    (text,) = generate_texts(engine, [write(max_tokens=10, stop=(stop, "never"))])
    assert len(stop) == 2
    assert text == whole[: whole.index(stop)]


def test_at_most_so_many_tokens(engine: Engine) -> None:
    short, long = generate_texts(engine, [write(max_tokens=1), write(max_tokens=8)])
    assert len(short) < len(long)


def test_closing_early_frees_the_engine(engine: Engine) -> None:
    pieces = engine.generate([write(max_tokens=12)])
    assert next(iter(pieces)).index == 0
    assert isinstance(pieces, Iterator)
    pieces.close()  # type: ignore[attr-defined]
    assert engine.score([OTHER])[0].shape == (2, 2)


def test_a_reader_that_pauses_blocks_nobody(engine: Engine) -> None:
    pieces = iter(engine.generate([write(max_tokens=12)]))
    next(pieces)
    assert engine.score([OTHER])[0].shape == (2, 2)
    assert list(pieces)


def test_a_seed_decides_what_is_sampled(engine: Engine) -> None:
    first, again = (generate_texts(engine, [write(7, temperature=1.0)]) for _ in range(2))
    assert first == again


@pytest.mark.parametrize("bad", [{"prompt": ()}, {"max_tokens": 0}, {"temperature": -1.0}, {"stop": ("",)}])
def test_a_request_that_means_nothing_is_refused(bad: dict[str, object]) -> None:
    with pytest.raises(EngineError):
        write(**bad)  # type: ignore[arg-type]


@pytest.mark.parametrize("bad", [{"prefix": ()}, {"labels": ()}, {"continuations": ((1,), ())}])
def test_a_scoring_request_that_means_nothing_is_refused(bad: dict[str, object]) -> None:
    with pytest.raises(EngineError):
        ScoringRequest(**{"prefix": (1,), "labels": (1,), "continuations": ((1,),), **bad})  # type: ignore[arg-type]


def test_scoring_and_writing_at_once(engine: Engine) -> None:
    expected, text = engine.score([REQUEST])[0], generate_texts(engine, [write(max_tokens=12)])
    written: list[tuple[str, ...]] = []
    writer = Thread(target=lambda: written.append(generate_texts(engine, [write(max_tokens=12)])))
    writer.start()
    for _ in range(5):
        np.testing.assert_allclose(engine.score([REQUEST])[0], expected, atol=1e-4)
    writer.join()
    assert written == [text]


class TestTransformers:
    """What only an engine with a real forward pass can do wrong."""

    def test_too_long_a_request_is_refused(self, tiny_engine: TransformersEngine) -> None:
        long = ScoringRequest(prefix=(50,) * 127, continuations=((51, 52),), labels=LABELS)
        with pytest.raises(EngineError, match="at most 128"):
            tiny_engine.score([long])
        with pytest.raises(EngineError, match="at most 128"):
            tiny_engine.generate([write(prompt=(50,) * 121)])

    def test_what_the_model_cannot_do_is_an_engine_error(self, tiny_engine: TransformersEngine) -> None:
        with pytest.raises(EngineError):
            tiny_engine.score([ScoringRequest(prefix=(9999,), continuations=((1,),), labels=LABELS)])
        assert tiny_engine.score([OTHER])[0].shape == (2, 2)

    def test_cancelled_between_layers(self, tiny_engine: TransformersEngine) -> None:
        cancel = Event()
        layer = tiny_engine._model.model.layers[1]
        layer.register_forward_pre_hook(lambda *_: cancel.set())
        with pytest.raises(CancelledError):
            tiny_engine.score([REQUEST], cancel=cancel)
        assert tiny_engine.score([REQUEST])[0].shape == (4, 3)

    def test_another_seed_and_another_temperature_write_something_else(self, tiny_engine: TransformersEngine) -> None:
        told = [write(1, temperature=1.0), write(2, temperature=1.0), write(1, temperature=0.0)]
        assert len(set(generate_texts(tiny_engine, told))) == 3

    def test_more_texts_than_are_written_at_once(self, tiny_engine: TransformersEngine) -> None:
        requests = [write(prompt=(50 + i,), max_tokens=2) for i in range(20)]
        assert generate_texts(tiny_engine, requests) == tuple(generate_texts(tiny_engine, [r])[0] for r in requests)

    def test_a_caller_who_waits_for_another_one_stops_when_it_wants_to(self, tiny_engine: TransformersEngine) -> None:
        with tiny_engine._turns.taken():
            with pytest.raises(CancelledError):
                tiny_engine.score([REQUEST], cancel=Deadline(50))
            with pytest.raises(CancelledError):
                generate_texts(tiny_engine, [write()], cancel=Deadline(50))
        assert tiny_engine.score([REQUEST])[0].shape == (4, 3)

    def test_what_is_closed_answers_nobody_and_says_so(self, tiny_engine: TransformersEngine) -> None:
        for _ in range(2):
            tiny_engine.close()
        with pytest.raises(EngineError, match="closed"):
            tiny_engine.score([REQUEST])
