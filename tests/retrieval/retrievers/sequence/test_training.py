import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from retrieval.catalogue import Catalogue
from retrieval.errors import TrainingError
from retrieval.item_vectors import ItemVectors
from retrieval.log import InteractionLog
from retrieval.retrievers.sequence import training
from retrieval.retrievers.sequence.checkpoint import Checkpoint, Weights
from retrieval.retrievers.sequence.config import SequenceConfig
from retrieval.retrievers.sequence.histories import Batch, batches, hold_out, read_histories, windows
from retrieval.retrievers.sequence.training import Lesson, Training


@pytest.fixture(scope="module")
def lesson(settings: SequenceConfig, street: Catalogue, walks: InteractionLog, texts: ItemVectors) -> Lesson:
    rest, held_out = hold_out(read_histories(walks, street), 10, np.random.default_rng(0))
    encoder = settings.encoder.model_copy(update={"dropout": 0.2})  # so that random numbers matter
    shorter = settings.training.model_copy(update={"epochs": 3})
    return Lesson(
        encoder=encoder, training=shorter, histories=rest, held_out=held_out, text=texts.at(np.arange(20)), seed=0
    )


def told(lesson: Lesson, **changes: Any) -> Lesson:
    return replace(lesson, training=lesson.training.model_copy(update=changes))


def in_silence(done: int, steps: int, text: str) -> None:
    pass


def train(lesson: Lesson, path: Path) -> Checkpoint:
    return Training(lesson, path).run(in_silence)


def same(one: Weights, other: Weights) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_trained_twice_it_is_the_same_to_the_bit(lesson: Lesson, tmp_path: Path) -> None:
    first, second = train(lesson, tmp_path / "1.pt"), train(lesson, tmp_path / "2.pt")
    assert same(first.weights, second.weights)
    assert first.losses == second.losses
    assert not same(first.weights, train(replace(lesson, seed=1), tmp_path / "3.pt").weights)


def test_training_disturbs_nobodys_random_numbers(lesson: Lesson, tmp_path: Path) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    train(told(lesson, epochs=1), tmp_path / "1.pt")
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("negatives", [None, 4])
def test_an_interrupted_training_goes_on_to_the_same_weights(
    lesson: Lesson, tmp_path: Path, negatives: int | None
) -> None:
    asked = told(lesson, negatives=negatives)
    whole = train(asked, tmp_path / "whole.pt")

    def stop_in_the_second_epoch(done: int, steps: int, text: str) -> None:
        if done == steps // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Training(asked, tmp_path / "cut.pt").run(stop_in_the_second_epoch)
    assert len(torch.load(tmp_path / "cut.pt", weights_only=True)["losses"]) == 1
    resumed = train(asked, tmp_path / "cut.pt")
    assert same(resumed.weights, whole.weights)
    assert same(resumed.best, whole.best)
    assert (resumed.losses, resumed.validation) == (whole.losses, whole.validation)


def test_a_finished_training_is_not_trained_further(lesson: Lesson, tmp_path: Path) -> None:
    done = train(lesson, tmp_path / "1.pt")

    def never(done: int, steps: int, text: str) -> None:
        raise AssertionError("trained")

    assert same(Training(lesson, tmp_path / "1.pt").run(never).weights, done.weights)


def test_each_step_says_how_far_it_is(lesson: Lesson, tmp_path: Path) -> None:
    said: list[tuple[int, int, str]] = []
    Training(told(lesson, epochs=2, batch_size=8), tmp_path / "1.pt").run(lambda *step: said.append(step))
    # forty windows in batches of 8
    assert [(done, steps) for done, steps, _ in said] == [(n, 10) for n in range(1, 11)]
    assert said[0][2] == "epoch 1 of 2"
    assert said[-1][2].startswith("epoch 2 of 2, validation NDCG@10 0.")


def test_the_learning_rate_rises_in_a_line_and_falls_in_half_a_cosine(lesson: Lesson, tmp_path: Path) -> None:
    job = Training(told(lesson, epochs=2, batch_size=8, learning_rate=0.1, warmup_steps=3), tmp_path / "1.pt")
    rates: list[float] = []
    job.run(lambda *_: rates.append(job._optimizer.param_groups[0]["lr"]))
    cosine = [0.05 * (1 + math.cos(math.pi * step / 10)) for step in range(10)]
    assert rates == pytest.approx([cosine[0] / 4, cosine[1] / 2, cosine[2] * 3 / 4, *cosine[3:]])


def test_every_epoch_has_an_order_of_its_own(lesson: Lesson, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[list[int]]] = []
    step = Training._step

    def listen(self: Training, batch: Batch, rng: np.random.Generator) -> float:
        seen.append(batch.items.tolist())
        return step(self, batch, rng)

    monkeypatch.setattr(Training, "_step", listen)
    train(told(lesson, epochs=2, batch_size=8), tmp_path / "1.pt")
    first, second = seen[:5], seen[5:]
    assert first != second
    assert sorted(row for batch in first for row in batch) == sorted(row for batch in second for row in batch)


def test_text_is_standardised_by_the_items_that_are_learnt(lesson: Lesson, tmp_path: Path) -> None:
    weights = train(told(lesson, epochs=1), tmp_path / "1.pt").best
    np.testing.assert_allclose(weights["items.text_mean"], lesson.text.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(weights["items.text_scale"], lesson.text.std(axis=0), rtol=1e-5)


def test_decay_pulls_weights_towards_zero(lesson: Lesson, tmp_path: Path) -> None:
    free, pulled = (
        train(told(lesson, weight_decay=decay), tmp_path / f"{decay}.pt").weights["items.text.weight"].norm().item()
        for decay in (0.0, 5.0)
    )
    assert pulled < free / 2


def test_the_loss_falls(lesson: Lesson, tmp_path: Path) -> None:
    losses = train(told(lesson, epochs=8), tmp_path / "1.pt").losses
    assert losses[-1] < losses[0] - 1


def test_sampled_competitors_learn_too(lesson: Lesson, tmp_path: Path) -> None:
    state = train(told(lesson, negatives=5, epochs=10, batch_size=4), tmp_path / "1.pt")
    assert max(state.validation) > state.validation[0] + 0.2


@pytest.mark.parametrize(
    ("scores", "trained", "best"),
    [
        ([0.1, 0.3, 0.2, 0.3, 0.9], 4, 2),  # as good is not better: two epochs without a gain are enough
        ([0.1, 0.2, 0.3, 0.4, 0.5], 5, 5),
        ([0.5, 0.1, 0.1, 0.9, 0.9], 3, 1),
    ],
)
def test_it_stops_after_patience_with_the_best_epochs_weights(
    lesson: Lesson, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scores: list[float], trained: int, best: int
) -> None:
    weights: list[Weights] = []

    def validate(encoder: torch.nn.Module, *_: object) -> float:
        weights.append({name: value.clone() for name, value in encoder.state_dict().items()})
        return scores[len(weights) - 1]

    monkeypatch.setattr(training, "validate", validate)
    state = train(told(lesson, epochs=5, patience=2), tmp_path / "1.pt")
    assert len(state.losses) == trained
    assert state.best_epochs == best
    assert same(state.best, weights[best - 1])
    assert not same(state.best, weights[best - 2])


def test_with_nothing_held_out_all_epochs_are_trained_and_the_last_is_taken(lesson: Lesson, tmp_path: Path) -> None:
    state = train(told(replace(lesson, held_out=None), patience=1), tmp_path / "1.pt")
    assert (len(state.losses), state.validation, state.best_epochs) == (3, [], 3)
    assert same(state.best, state.weights)


@pytest.mark.parametrize("steps", [1, 100])  # it blows up at the very last step, or before
def test_a_training_that_blows_up_says_so(lesson: Lesson, tmp_path: Path, steps: int) -> None:
    wild = told(lesson, learning_rate=1e30, warmup_steps=0, epochs=1, batch_size=100 // steps)
    with pytest.raises(TrainingError, match="learning_rate"):
        train(wild, tmp_path / "1.pt")
    assert not (tmp_path / "1.pt").exists()


def test_weights_to_go_on_from_are_where_it_starts(lesson: Lesson, tmp_path: Path) -> None:
    start = train(told(lesson, epochs=8), tmp_path / "1.pt").best
    further = train(told(replace(lesson, start=start), epochs=1, learning_rate=1e-9), tmp_path / "2.pt")
    torch.testing.assert_close(further.best, start, rtol=0, atol=1e-5)


def other_text(lesson: Lesson) -> Lesson:
    return replace(lesson, text=lesson.text + 1)


def other_order(lesson: Lesson) -> Lesson:
    return replace(lesson, histories=replace(lesson.histories, items=lesson.histories.items[::-1].copy()))


def other_question(lesson: Lesson) -> Lesson:
    return replace(lesson, histories=replace(lesson.histories, asked=~lesson.histories.asked))


def other_start(lesson: Lesson) -> Lesson:
    return replace(lesson, start={"items.bias": torch.zeros(20)})


def nothing_held_out(lesson: Lesson) -> Lesson:
    return replace(lesson, held_out=None)


def another_seed(lesson: Lesson) -> Lesson:
    return replace(lesson, seed=9)


def another_epoch(lesson: Lesson) -> Lesson:
    return told(lesson, epochs=9)


def less_dropout(lesson: Lesson) -> Lesson:
    return replace(lesson, encoder=lesson.encoder.model_copy(update={"dropout": 0.1}))


@pytest.mark.parametrize(
    "change",
    [
        other_text, other_order, other_question, other_start, nothing_held_out, another_seed, another_epoch,
        less_dropout,
    ],
)  # fmt: skip
def test_anything_that_changes_the_weights_changes_the_plan(lesson: Lesson, change: Any) -> None:
    assert change(lesson).plan != lesson.plan
    assert replace(lesson).plan == lesson.plan


def test_text_of_another_shape_is_another_plan(lesson: Lesson) -> None:
    assert replace(lesson, text=lesson.text.reshape(40, 4)).plan != lesson.plan


def test_sampled_competitors_are_corrected_for_what_is_asked_alone(lesson: Lesson) -> None:
    asked = np.zeros_like(lesson.histories.asked)
    asked[1] = True
    one = told(replace(lesson, histories=replace(lesson.histories, asked=asked)), negatives=5)
    competing = training._competitors(one).draw(lesson.histories.items[1:2], np.random.default_rng(0))
    certain = competing.columns == lesson.histories.items[1]
    assert np.exp(competing.correction) == pytest.approx(np.where(certain, 1.0, 5 / 20))


def test_a_few_sampled_competitors_count_for_the_whole_catalogue(lesson: Lesson, tmp_path: Path) -> None:
    asked = np.zeros_like(lesson.histories.asked)
    asked[1] = True
    one = told(replace(lesson, histories=replace(lesson.histories, asked=asked)), negatives=5)
    job, rng = Training(one, tmp_path / "1.pt"), np.random.default_rng(0)
    with torch.no_grad():
        job._encoder.log_scale.fill_(-20)  # all twenty items score the same: the loss over all is log 20
    (batch,) = batches(one.histories, windows(one.histories, 6), 1, rng)
    found = [round(math.exp(job._loss(batch, rng).item()), 3) for _ in range(400)]
    assert set(found) == {17.0, 21.0}  # the answer and 4 others, or 5, each of them for 20/5
    assert np.mean(found) == pytest.approx(20, abs=0.3)
