import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from rich.progress import Progress

from finetune import build_examples as job
from finetune import hybrids
from finetune.build_examples import build_examples
from finetune.examples import PARTS, Example, ExampleFolder, read_items, read_manifest
from finetune.examples_config import ExamplesConfig
from finetune.folds import deal
from retrieval.alone import alone
from retrieval.catalogue import Catalogue
from retrieval.errors import BuildError, DatasetError
from retrieval.log import InteractionLog
from retrieval.records import Interaction, Item
from retrieval.retrievers.model_configs import TransitionsConfig
from retrieval.retrievers.popularity import PopularityConfig
from retrieval.retrievers.sequence.training import Training
from retrieval.shop import ShopData
from retrieval.splits import global_time

FIRST = datetime(2024, 1, 1, tzinfo=UTC)


def build(shop: ShopData, config: ExamplesConfig, folder: Path) -> list[Example]:
    build_examples(shop, config, folder, Progress(disable=True))
    return list(ExampleFolder(folder).all("train"))


def stop(*args: object, **named: object) -> None:
    raise KeyboardInterrupt


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def bought(shop: ShopData, user_id: str) -> list[tuple[str, ...]]:
    """What a user bought, day by day."""
    by_day = groupby(shop.log.history(user_id).interactions, key=lambda i: i.timestamp)
    return [tuple(interaction.item_id for interaction in day) for _, day in by_day]


def test_a_finished_folder_says_what_it_holds(finished: Path, shop: ShopData) -> None:
    manifest = read_manifest(finished)
    assert manifest["counts"] == {"train": 78, "validation": 8, "users": 32, "items": 12}
    assert sum(manifest["rows"].values()) == 86
    assert {path.name for path in finished.iterdir()} == {".lock", "manifest.json", "items.parquet", *manifest["rows"]}
    assert max(manifest["rows"].values()) <= 20
    ids, titles = read_items(finished)
    assert (ids[7], titles[7]) == ("coffee", shop.catalogue["coffee"].title)


def test_every_row_is_what_a_user_knew_and_what_came_then(finished: Path, crowded: ShopData) -> None:
    ids, _ = read_items(finished)
    for user_id, group in groupby(ExampleFolder(finished).all("train"), key=lambda example: example.user_id):
        days, rows = bought(crowded, user_id), list(group)
        assert len(rows) == len(days) - 1
        for row, (number, day) in zip(rows, enumerate(days[1:], start=1), strict=True):
            before = [item_id for earlier in days[:number] for item_id in earlier]
            latest = list(dict.fromkeys(reversed(before)))[:3][::-1]
            assert [ids[item] for item in row.history] == latest
            assert list(row.times) == [before.count(item_id) for item_id in latest]
            assert ids[row.target] in day


def test_a_negative_is_no_item_of_the_moment_and_comes_once(finished: Path, crowded: ShopData) -> None:
    ids, _ = read_items(finished)
    for user_id, rows in groupby(ExampleFolder(finished).all("train"), key=lambda example: example.user_id):
        for row, day in zip(rows, bought(crowded, user_id)[1:], strict=True):
            negatives = [ids[item] for item in (*row.hits, *row.popular, *row.random)]
            assert (len(row.hits), len(row.popular), len(row.random)) == (3, 2, 2)
            assert len(set(negatives)) == len(negatives)
            assert not set(negatives) & set(day)
            assert not {"oat", "rolls"} & {ids[item] for item in row.popular}  # nobody ever bought them


def test_without_repeats_what_was_known_is_neither_target_nor_negative(
    crowded: ShopData, config: ExamplesConfig, tmp_path: Path
) -> None:
    light = {"retrievers": (PopularityConfig(),), "repeats": False, "history_items": 12}
    rows = build(crowded, config.model_copy(update=light), tmp_path / "examples")
    assert len([row for row in rows if row.user_id == "anna1"]) == 2  # butter and coffee; then nothing is new
    for row in rows:
        assert not set(row.history) & {row.target, *row.hits, *row.popular, *row.random}


def test_validation_users_give_their_newest_example_and_no_other(finished: Path, crowded: ShopData) -> None:
    ids, _ = read_items(finished)
    validation = list(ExampleFolder(finished).all("validation"))
    assert len({row.user_id for row in validation}) == len(validation) == 8  # of 32, by lot
    assert not {row.user_id for row in validation} & {row.user_id for row in ExampleFolder(finished).all("train")}
    for row in validation:
        assert ids[row.target] in bought(crowded, row.user_id)[-1]


def test_a_moment_can_give_more_than_one_target(crowded: ShopData, config: ExamplesConfig, tmp_path: Path) -> None:
    light = {"retrievers": (), "targets_per_moment": 2, "moments_per_user": 1, "validation_share": 0}
    rows = build(crowded, config.model_copy(update=light), tmp_path / "examples")
    ids, _ = read_items(tmp_path / "examples")
    assert [ids[row.target] for row in rows if row.user_id == "dan"] == ["brie", "tea"]
    assert [ids[row.target] for row in rows if row.user_id == "anna"] == ["milk"]
    assert all(row.hits == () for row in rows)


def private(users: int) -> ShopData:
    """Everybody buys, day by day, `salt` and then two things that nobody else buys."""
    kinds = ("", "-again")
    catalogue = Catalogue(
        [Item(item_id="salt", title="Salt")]
        + [Item(item_id=f"{user:02}{kind}", title=f"Thing {user}{kind}") for user in range(users) for kind in kinds]
    )
    log = InteractionLog.of(
        Interaction(user_id=f"{user:02}", item_id=item_id, timestamp=FIRST + timedelta(days=day))
        for user in range(users)
        for day, item_id in enumerate(("salt", f"{user:02}", f"{user:02}-again"))
    )
    return ShopData(name="private", catalogue=catalogue, log=log)


def test_a_row_says_where_retrieval_placed_the_target(finished: Path) -> None:
    rows = list(ExampleFolder(finished).all("train"))
    assert {row.rank for row in rows} == {0, 1, 2, 3}  # of three hits
    assert not any(row.target in row.hits for row in rows)


def test_hits_come_from_other_folds_users_alone(config: ExamplesConfig, tmp_path: Path) -> None:
    shop = private(12)
    only = {"retrievers": (TransitionsConfig(),), "folds": 3, "hits": 25, "repeats": False}
    rows = build(shop, config.model_copy(update=only), tmp_path / "examples")
    ids, _ = read_items(tmp_path / "examples")
    fold = dict(zip(shop.log.user_ids, deal(12, 3, config.seed).tolist(), strict=True))
    assert sorted(fold.values()) == sorted([0, 1, 2] * 4)
    for row in rows:
        others = {user for user in fold if fold[user] != fold[row.user_id]}
        assert {ids[item][:2] for item in row.hits} == others


def test_what_came_later_is_not_in_the_log(crowded: ShopData, config: ExamplesConfig, tmp_path: Path) -> None:
    """The same as of a log that ends there."""
    middle = crowded.log.frame["timestamp"].sort_values().iloc[len(crowded.log.frame) // 2]
    only = config.model_copy(update={"retrievers": (TransitionsConfig(),)})
    cut = replace(crowded, log=global_time(crowded.log, middle.to_pydatetime()).train)
    rows = build(crowded, only.model_copy(update={"until": middle.to_pydatetime()}), tmp_path / "until")
    assert rows == build(cut, only, tmp_path / "cut")
    assert 0 < len(rows) < len(build(crowded, only, tmp_path / "all"))


def test_validation_users_stay_so_however_many_others_there_are(
    crowded: ShopData, config: ExamplesConfig, tmp_path: Path
) -> None:
    only = config.model_copy(update={"retrievers": (), "validation_share": 0.3})
    frame = crowded.log.frame
    half = frame[frame["user_id"].isin(crowded.log.user_ids[::2])]
    found = []
    for name, cut in (("all", frame), ("half", half)):
        build(replace(crowded, log=InteractionLog(cut)), only, tmp_path / name)
        parts = [{row.user_id for row in ExampleFolder(tmp_path / name).all(part)} for part in PARTS]
        found.append(parts)
    (train, validation), (train_of_half, validation_of_half) = found
    assert not validation_of_half & train
    assert not train_of_half & validation
    assert validation_of_half


def test_examples_since_then_hold_what_came_before_as_history(
    crowded: ShopData, config: ExamplesConfig, tmp_path: Path
) -> None:
    since = crowded.log.frame["timestamp"].max().to_pydatetime()
    only = config.model_copy(update={"retrievers": (TransitionsConfig(),), "validation_share": 0})
    rows = build(crowded, only.model_copy(update={"since": since}), tmp_path / "since")
    users = {row.user_id for row in rows}
    newest = {user_id: crowded.log.history(user_id).interactions[-1].timestamp for user_id in crowded.log.user_ids}
    assert users == {user_id for user_id in users if newest[user_id] == since} != set()
    ids, _ = read_items(tmp_path / "since")
    for row in rows:
        came = {one.item_id for one in crowded.log.history(row.user_id).interactions if one.timestamp == since}
        assert ids[row.target] in came
        assert row.history


@pytest.mark.parametrize("rules", [{"since": "2030-01-01T00:00:00Z"}, {"until": "2000-01-01T00:00:00Z"}])
def test_a_time_in_which_nothing_was_done_is_named(
    crowded: ShopData, config: ExamplesConfig, tmp_path: Path, rules: dict[str, str]
) -> None:
    light = ExamplesConfig.model_validate(config.model_dump() | {"retrievers": ()} | rules)
    with pytest.raises(DatasetError, match="Let `since` be earlier or `until` later"):
        build(crowded, light, tmp_path / "none")


def test_a_time_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValidationError, match="nothing lies between"):
        ExamplesConfig.model_validate({"since": "2024-01-02T00:00:00Z", "until": "2024-01-02T00:00:00Z"})


@pytest.mark.parametrize(
    ("module", "name", "calls"),
    [
        (Training, "_epoch", 2),
        (hybrids, "fit", 6),
        (job, "write_examples", 3),
        (job, "write_json", 1),
        (shutil, "rmtree", 10),  # after the embedder's and those of eight retrievers
    ],
    ids=["while training", "in the second fold", "between files", "before the manifest", "before tidying"],
)
def test_what_was_stopped_goes_on_to_the_same_bytes(
    module: Any,
    name: str,
    calls: int,
    finished: Path,
    crowded: ShopData,
    config: ExamplesConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder, right, left = tmp_path / "examples", getattr(module, name), [calls]

    def until(*args: Any, **named: Any) -> Any:
        left[0] -= 1
        return stop() if left[0] == 0 else right(*args, **named)

    with monkeypatch.context() as patch:
        patch.setattr(module, name, until)
        with pytest.raises(KeyboardInterrupt):
            build(crowded, config, folder)
    assert (folder / "work").exists()
    build(crowded, config, folder)
    assert content(folder) == content(finished)


@pytest.mark.parametrize("name", ["train-00001.parquet", "validation-00000.parquet"])
def test_a_file_that_a_power_failure_cut_is_written_again(
    name: str,
    finished: Path,
    crowded: ShopData,
    config: ExamplesConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "examples"
    with monkeypatch.context() as patch:
        patch.setattr(job, "write_json", stop)
        with pytest.raises(KeyboardInterrupt):
            build(crowded, config, folder)
    (folder / name).write_bytes((folder / name).read_bytes()[:99])
    build(crowded, config, folder)
    assert content(folder) == content(finished)


def test_a_finished_folder_is_not_made_again(
    finished: Path, crowded: ShopData, config: ExamplesConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "_build", stop)
    assert len(build(crowded, config, finished)) == 78


def test_examples_do_not_depend_on_how_they_are_filed(
    finished: Path, crowded: ShopData, config: ExamplesConfig, tmp_path: Path
) -> None:
    rows = build(crowded, config.model_copy(update={"shard_rows": 1}), tmp_path / "examples")
    assert rows == list(ExampleFolder(finished).all("train"))
    assert len(read_manifest(tmp_path / "examples")["shards"]["train"]) == 24  # a file a user


@pytest.mark.parametrize("change", [{"seed": 1}, {"hits": 2}, {"retrievers": (PopularityConfig(),)}])
def test_a_folder_of_other_settings_is_refused(
    change: dict[str, object], finished: Path, crowded: ShopData, config: ExamplesConfig
) -> None:
    with pytest.raises(BuildError, match="other data or with other settings"):
        build(crowded, config.model_copy(update=change), finished)


def test_a_folder_of_other_data_is_refused_before_it_is_finished_too(
    crowded: ShopData, config: ExamplesConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(job, "_build", stop)
        with pytest.raises(KeyboardInterrupt):
            build(crowded, config, tmp_path)
    with pytest.raises(BuildError, match="other data or with other settings"):
        build(replace(crowded, log=InteractionLog(crowded.log.frame.iloc[1:])), config, tmp_path)
    begun = tmp_path / "work" / "begun.json"
    begun.write_text(begun.read_text().replace('"numpy": "', '"numpy": "0.'))
    with pytest.raises(BuildError, match=r"other versions: numpy was '0\."):
        build(crowded, config, tmp_path)
    begun.write_text("[]")
    with pytest.raises(BuildError, match=r"begun\.json"):
        build(crowded, config, tmp_path)


@pytest.mark.parametrize("name", ["thesis.tex", "work/thesis.tex"])
def test_a_folder_with_something_else_in_it_is_left_alone(
    crowded: ShopData, config: ExamplesConfig, tmp_path: Path, name: str
) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / name).touch()
    with pytest.raises(BuildError, match="no folder of examples"):
        build(crowded, config, tmp_path)
    assert (tmp_path / name).exists()


def test_one_in_which_nothing_had_begun_is_begun_in(crowded: ShopData, config: ExamplesConfig, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / ".begun.json.part").touch()
    build(crowded, config, tmp_path)
    assert (tmp_path / "manifest.json").exists()


def test_two_processes_do_not_share_a_folder(crowded: ShopData, config: ExamplesConfig, tmp_path: Path) -> None:
    with alone(tmp_path), pytest.raises(BuildError, match="another process"):
        build(crowded, config, tmp_path)


def of_users(shop: ShopData, *user_ids: str) -> ShopData:
    return replace(shop, log=shop.log.where(shop.log.frame["user_id"].isin(user_ids).to_numpy()))


def test_a_log_without_a_second_moment_teaches_nothing(
    crowded: ShopData, config: ExamplesConfig, tmp_path: Path
) -> None:
    with pytest.raises(DatasetError, match="dataset='grocer': nothing can be learnt"):
        build(of_users(crowded, "eva", "eva1"), config, tmp_path / "examples")


def test_too_few_users_for_the_folds(crowded: ShopData, config: ExamplesConfig, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="folds=2: the log has 1 users"):
        build(of_users(crowded, "anna"), config, tmp_path / "examples")
    assert len(build(of_users(crowded, "anna"), config.model_copy(update={"retrievers": ()}), tmp_path / "none")) == 4


def test_a_lot_that_leaves_nobody_to_train_on_is_refused(
    crowded: ShopData, config: ExamplesConfig, tmp_path: Path
) -> None:
    half = config.model_copy(update={"retrievers": (), "validation_share": 0.5, "seed": 1})
    with pytest.raises(DatasetError, match=r"validation_share=0\.5: by lot all of the 1 users.*Lower it"):
        build(of_users(crowded, "anna"), half, tmp_path / "none")
    assert not (tmp_path / "none" / "manifest.json").exists()


def test_users_without_an_example_are_counted(
    crowded: ShopData, config: ExamplesConfig, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build_examples(crowded, config.model_copy(update={"retrievers": ()}), tmp_path, Progress())
    assert "32 users have 104 positions; 8 have none, 8 of them" in " ".join(capsys.readouterr().out.split())
