from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from rich.progress import Progress

from retrieval.alone import alone
from retrieval.catalogue import Catalogue
from retrieval.config import RetrievalConfig
from retrieval.embedders.base import HashingConfig
from retrieval.errors import BuildError, ConfigError
from retrieval.indexes.base import ExactConfig
from retrieval.log import InteractionLog
from retrieval.records import Interaction, Item
from retrieval.retrievers.popularity import PopularityConfig
from retrieval.retrievers.sequence import training
from retrieval.retrievers.sequence.config import EncoderConfig, SequenceConfig, TrainingConfig
from retrieval.retrievers.sequence.trained import Trained
from retrieval.shop import ShopData
from retrieval.train_retriever import train_retriever

SOURCE = SequenceConfig(
    encoder=EncoderConfig(dimension=8, blocks=1, window=5), training=TrainingConfig(epochs=2, batch_size=4)
)
CONFIG = RetrievalConfig(
    embedder=HashingConfig(dimension=16), index=ExactConfig(), retrievers=(SOURCE, PopularityConfig())
)


def train(shop: ShopData, folder: Path, config: RetrievalConfig = CONFIG, start: Path | None = None) -> Trained:
    return train_retriever(shop, config, folder, Progress(disable=True), start)


def longer(shop: ShopData, *item_ids: str) -> ShopData:
    """Anna and Eva buy these too, a day after everything else."""
    catalogue = Catalogue([*shop.catalogue, Item(item_id="figs", title="Dried figs")])
    day_after = shop.log.frame["timestamp"].max().to_pydatetime() + timedelta(days=1)
    added = [
        Interaction(user_id=user, item_id=item_id, timestamp=day_after + timedelta(hours=hour))
        for user in ("anna", "eva")
        for hour, item_id in enumerate(item_ids)
    ]
    old = [i for user in shop.log.user_ids for i in shop.log.history(user).interactions]
    return replace(shop, catalogue=catalogue, log=InteractionLog.of([*old, *added]))


@pytest.fixture(scope="module")
def finished(shop: ShopData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished training; treat as read-only."""
    folder = tmp_path_factory.mktemp("finished") / "trained"
    train(shop, folder)
    return folder


def stop(*args: object) -> None:
    raise KeyboardInterrupt


def test_what_was_trained_says_on_what(finished: Path, shop: ShopData) -> None:
    trained = Trained.read(finished)
    assert trained.embedder == "hashing-1-16"
    assert trained.encoder == SOURCE.encoder
    assert trained.until == shop.log.frame["timestamp"].max()
    assert len(trained.item_ids) == len(trained.arrays["0/items.bias"])
    assert set(trained.item_ids) <= {item.item_id for item in shop.catalogue} - {"oat", "rolls"}


def test_a_finished_folder_is_returned_as_it_is(
    finished: Path, shop: ShopData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrieval.train_retriever.Fitting", stop)
    again = train(shop, finished)
    assert again.made_from == Trained.read(finished).made_from


def test_nothing_of_the_way_there_is_left(finished: Path) -> None:
    assert {path.name for path in finished.iterdir()} == {".lock", "begun.json", "trained.json", "weights.npz"}


def test_what_a_run_left_that_was_stopped_at_the_end_is_cleared_away(
    finished: Path, shop: ShopData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("retrieval.train_retriever._tidy", stop)
        with pytest.raises(KeyboardInterrupt):
            train(shop, tmp_path / "trained")
    assert (tmp_path / "trained" / "vectors.npz").exists()
    assert any((tmp_path / "trained" / "checkpoints.parts").iterdir())
    train(shop, tmp_path / "trained")
    assert {path.name for path in (tmp_path / "trained").iterdir()} == {path.name for path in finished.iterdir()}


def less_data(shop: ShopData) -> tuple[ShopData, RetrievalConfig]:
    return replace(shop, log=InteractionLog(shop.log.frame.iloc[1:])), CONFIG


def another_seed(shop: ShopData) -> tuple[ShopData, RetrievalConfig]:
    return shop, CONFIG.model_copy(update={"seed": 1})


def another_epoch(shop: ShopData) -> tuple[ShopData, RetrievalConfig]:
    more = SOURCE.model_copy(update={"training": SOURCE.training.model_copy(update={"epochs": 3})})
    return shop, CONFIG.model_copy(update={"retrievers": (more, PopularityConfig())})


def another_embedder(shop: ShopData) -> tuple[ShopData, RetrievalConfig]:
    return shop, CONFIG.model_copy(update={"embedder": HashingConfig(dimension=32)})


@pytest.mark.parametrize("change", [less_data, another_seed, another_epoch, another_embedder])
def test_a_folder_of_another_training_is_refused(
    finished: Path, shop: ShopData, change: Callable[[ShopData], tuple[ShopData, RetrievalConfig]]
) -> None:
    other, config = change(shop)
    with pytest.raises(BuildError, match="other data or with other settings"):
        train(other, finished, config)


def test_a_folder_of_a_training_from_another_start_is_refused(finished: Path, shop: ShopData) -> None:
    with pytest.raises(BuildError, match="other data or with other settings"):
        train(shop, finished, start=finished)


@pytest.mark.parametrize("stage", ["embed_catalogue", "Fitting.run"])
def test_a_folder_that_another_training_began_is_refused(
    shop: ShopData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(f"retrieval.train_retriever.{stage}", stop)
        with pytest.raises(KeyboardInterrupt):
            train(shop, tmp_path / "trained")
    turned = replace(shop, catalogue=Catalogue(reversed(list(shop.catalogue))))  # its vectors would be others' items
    with pytest.raises(BuildError, match="other data or with other settings"):
        train(turned, tmp_path / "trained")


def test_a_training_that_other_versions_began_is_refused(
    shop: ShopData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("retrieval.train_retriever.installed", lambda packages: {"torch": "2.9"})
        patch.setattr("retrieval.train_retriever.Fitting.run", stop)
        with pytest.raises(KeyboardInterrupt):
            train(shop, tmp_path / "trained")
    with pytest.raises(BuildError, match=r"begun by other versions: torch was '2\.9' and is now .* in another folder"):
        train(shop, tmp_path / "trained")


def test_what_began_a_training_must_be_readable(shop: ShopData, tmp_path: Path) -> None:
    (tmp_path / "begun.json").write_text('"0123456789abcdef"')
    with pytest.raises(BuildError, match=r"begun\.json is missing, cut short or damaged"):
        train(shop, tmp_path)


def test_two_processes_do_not_train_in_one_folder(shop: ShopData, tmp_path: Path) -> None:
    with alone(tmp_path), pytest.raises(BuildError, match="another process is at work in this folder"):
        train(shop, tmp_path)
    train(shop, tmp_path)


def test_a_folder_that_holds_something_else_is_refused(shop: ShopData, tmp_path: Path) -> None:
    (tmp_path / "vectors.npz").write_text("of a build")
    with pytest.raises(BuildError, match="no folder of a training"):
        train(shop, tmp_path)


def test_an_interrupted_training_goes_on_to_the_same_end(
    finished: Path, shop: ShopData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    epoch = training.Training._epoch

    def only_the_first(self: training.Training, number: int, *rest: object) -> float:
        return epoch(self, number, *rest) if number == 0 else stop()  # type: ignore[arg-type, func-returns-value]

    with monkeypatch.context() as patch:
        patch.setattr(training.Training, "_epoch", only_the_first)
        with pytest.raises(KeyboardInterrupt):
            train(shop, tmp_path / "trained")
    with pytest.raises(BuildError, match="no finished training"):
        Trained.read(tmp_path / "trained")
    arrays = train(shop, tmp_path / "trained").arrays
    expected = Trained.read(finished).arrays
    assert arrays.keys() == expected.keys()
    assert all(np.array_equal(arrays[name], expected[name]) for name in arrays)


def test_a_shop_in_which_nothing_follows_anything_is_refused(shop: ShopData, tmp_path: Path) -> None:
    firsts = replace(shop, log=InteractionLog(shop.log.frame.groupby("user_id").head(1)))
    with pytest.raises(BuildError, match="nothing to learn from"):
        train(firsts, tmp_path / "trained")


def test_a_configuration_without_a_sequence_retriever_is_refused(shop: ShopData, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="kind: sequence"):
        train(shop, tmp_path, CONFIG.model_copy(update={"retrievers": (PopularityConfig(),)}))


def test_a_training_goes_on_with_what_is_newer_and_keeps_what_it_knew(
    finished: Path, shop: ShopData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []
    more = longer(shop, "figs", "oat", "tea")
    step = training.Training._step

    def listen(self: training.Training, batch: training.Batch, rng: np.random.Generator) -> float:
        asked.extend(batch.next_items[batch.next_items >= 0].tolist())
        return step(self, batch, rng)

    monkeypatch.setattr(training.Training, "_step", listen)
    further = train(more, tmp_path / "further", start=finished)
    assert {further.item_ids[column] for column in asked} <= {"figs", "oat", "tea"}  # type: ignore[call-overload]
    assert {"figs", "oat"} <= set(further.item_ids)
    assert set(Trained.read(finished).item_ids) <= set(further.item_ids)
    assert further.until == more.log.frame["timestamp"].max()
    assert further.made_from != Trained.read(finished).made_from


def test_what_happens_later_on_the_day_of_training_is_learnt_where_days_are_all_that_is_known(
    shop: ShopData, tmp_path: Path
) -> None:
    day = replace(shop, log=InteractionLog(shop.log.frame.assign(timestamp=shop.log.frame["timestamp"].max())))
    train(day, tmp_path / "first")
    with pytest.raises(BuildError, match=r"newer than the first training's"):
        train(day, tmp_path / "nothing", start=tmp_path / "first")
    later = longer(day, "figs")
    evening = replace(later, log=InteractionLog(later.log.frame.assign(timestamp=day.log.frame["timestamp"].max())))
    assert "figs" in train(evening, tmp_path / "further", start=tmp_path / "first").item_ids


def test_a_log_of_nothing_but_the_newest_makes_it_forget_no_item(
    finished: Path, shop: ShopData, tmp_path: Path
) -> None:
    more = longer(shop, "tea", "coffee")
    newest = InteractionLog(more.log.frame[more.log.frame["timestamp"] > shop.log.frame["timestamp"].max()])
    further = train(replace(more, log=newest), tmp_path / "further", start=finished)
    assert set(newest.frame["item_id"]) == {"tea", "coffee"}
    assert set(further.item_ids) == {*Trained.read(finished).item_ids, "tea", "coffee"}


def test_a_start_that_knew_none_of_the_items_can_be_gone_on_from(
    finished: Path, shop: ShopData, tmp_path: Path
) -> None:
    renamed = Catalogue([replace(item, item_id=f"new {item.item_id}") for item in shop.catalogue])
    frame = longer(shop, "tea", "milk").log.frame
    log = InteractionLog(frame.assign(item_id="new " + frame["item_id"]))
    further = train(replace(shop, catalogue=renamed, log=log), tmp_path / "further", start=finished)
    assert all(np.isfinite(values).all() for values in further.arrays.values())


def test_with_nothing_newer_there_is_nothing_to_go_on_with(finished: Path, shop: ShopData, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"newer than the first training's"):
        train(shop, tmp_path / "further", start=finished)


def test_a_start_that_read_another_embedder_is_refused(finished: Path, shop: ShopData, tmp_path: Path) -> None:
    other = CONFIG.model_copy(update={"embedder": HashingConfig(dimension=32)})
    with pytest.raises(BuildError, match="hashing-1-16"):
        train(longer(shop, "tea"), tmp_path / "further", other, start=finished)
    assert not (tmp_path / "further").exists()
