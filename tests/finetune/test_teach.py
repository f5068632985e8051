import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import typer
import yaml
from pydantic import ValidationError
from rich.progress import Progress
from typer.testing import CliRunner

from finetune import commands
from finetune import teach as job
from finetune.examples import Example, ExampleFolder
from finetune.teach import teach
from finetune.teach_config import TeachConfig
from llm_rerank.config import RerankerConfig
from llm_rerank.counted import counted_history
from llm_rerank.models import PreparedModel
from llm_rerank.opening import open_reranker
from llm_rerank.reranker import Query, Reranker
from retrieval.errors import BuildError, DatasetError

Configure = Callable[..., TeachConfig]


@pytest.fixture
def configure(finished: Path, tiny: PreparedModel) -> Configure:
    """A teacher that is the tiny model; `others` replace its settings."""
    teacher = {"model": str(tiny.folder), "engine": {"device": "cpu"}, "prompt": {"history_items": 3}}
    usual = {"examples": finished, "teachers": [teacher]}
    return lambda **others: TeachConfig.model_validate(usual | others)


def run(config: TeachConfig, folder: Path) -> ExampleFolder:
    teach(config, folder, Progress(disable=True))
    return ExampleFolder(folder)


def bare(rows: list[Example]) -> list[tuple[str, int, tuple[int, ...]]]:
    return [(row.user_id, row.target, row.history) for row in rows]


def test_every_candidate_has_the_teachers_score(configure: Configure, tmp_path: Path) -> None:
    config = configure(lists_per_user=None)
    examples = run(config, tmp_path / "taught")
    untaught = ExampleFolder(config.examples)
    reranker = open_reranker(config.teachers[0], untaught.catalogue, say=print)
    rows = list(examples.all("train"))
    assert examples.taught
    assert bare(rows) == bare(list(untaught.all("train")))
    for row in rows[::7]:
        asked = (row.target, *row.negatives)
        known = [untaught.catalogue.at(item).item_id for item in row.history]
        query = Query(
            history=counted_history(row.user_id, known, row.times),
            items=tuple(untaught.catalogue.at(item) for item in asked),
        )
        assert row.taught == pytest.approx(reranker.score([query])[0].tolist(), abs=1e-4)


def test_validation_is_left_as_it_was(configure: Configure, tmp_path: Path) -> None:
    config = configure()
    examples = run(config, tmp_path / "taught")
    assert list(examples.all("validation")) == list(ExampleFolder(config.examples).all("validation"))
    assert examples.history_items == ExampleFolder(config.examples).history_items


def test_an_ensemble_teaches_its_mean(configure: Configure, tmp_path: Path) -> None:
    (one,) = configure().teachers
    other = one.model_copy(update={"prompt": one.prompt.model_copy(update={"question": "door"})})
    alone = [run(configure(teachers=[each.model_dump()]), tmp_path / name) for each, name in ((one, "a"), (other, "b"))]
    both = run(configure(teachers=[one.model_dump(), other.model_dump()]), tmp_path / "both")
    for mean, first, second in zip(both.all("train"), *(each.all("train") for each in alone), strict=True):
        assert first.taught != pytest.approx(second.taught, abs=1e-4)
        assert mean.taught == pytest.approx((np.array(first.taught) + np.array(second.taught)) / 2, abs=1e-5)


def test_some_lists_of_some_users(configure: Configure, tmp_path: Path) -> None:
    users = [row.user_id for row in run(configure(users=3, lists_per_user=1), tmp_path / "some").all("train")]
    assert len(users) == len(set(users)) == 3
    first = bare(list(run(configure(users=9, lists_per_user=1), tmp_path / "other").all("train")))
    again = bare(list(run(configure(users=9, lists_per_user=1, seed=1), tmp_path / "seed").all("train")))
    assert [row[0] for row in first] == [row[0] for row in again]
    assert first != again


def test_only_as_many_negatives_as_were_asked_for(configure: Configure, tmp_path: Path) -> None:
    config = configure(negatives={"hits": 2, "popular": 0, "random": 1}, lists_per_user=None)
    rows = list(run(config, tmp_path / "taught").all("train"))
    for row, before in zip(rows, ExampleFolder(config.examples).all("train"), strict=True):
        assert row.negatives == (*before.hits[:2], *before.random[:1])
        assert len(row.taught) == 1 + len(row.negatives)


def test_a_target_that_is_placed_behind_the_hits_that_are_left_has_no_rank(
    configure: Configure, tmp_path: Path
) -> None:
    config = configure(negatives={"hits": 2, "popular": 1, "random": 1}, lists_per_user=None)
    rows = list(run(config, tmp_path / "taught").all("train"))
    before = [row.rank for row in ExampleFolder(config.examples).all("train")]
    assert 3 in before
    assert [row.rank for row in rows] == [rank if rank < 3 else 0 for rank in before]


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def without_a_row(path: Path) -> None:
    pq.write_table(pq.read_table(path).slice(1), path)


@pytest.mark.parametrize(
    ("part", "damage", "said"),
    [
        ("validation", cut_short, "cut short or damaged"),
        ("validation", without_a_row, "of 7 rows, and 8 were written"),
        ("train", cut_short, "cut short or damaged"),
    ],
)
def test_damaged_examples_are_named_before_a_teacher_is_loaded(
    part: str,
    damage: Callable[[Path], None],
    said: str,
    finished: Path,
    configure: Configure,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shutil.copytree(finished, tmp_path / "examples")
    damage(tmp_path / "examples" / f"{part}-00000.parquet")
    monkeypatch.setattr(job, "open_reranker", None)
    with pytest.raises(DatasetError, match=rf"file=.*{part}-00000\.parquet is .*{said}"):
        run(configure(examples=tmp_path / "examples"), tmp_path / "taught")


def test_a_file_that_a_power_failure_cut_is_written_again(
    configure: Configure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(job, "write_json", None)
        with pytest.raises(TypeError):
            run(configure(), tmp_path / "taught")
    cut_short(tmp_path / "taught" / "train-00000.parquet")
    assert all(row.taught for row in run(configure(), tmp_path / "taught").all("train"))


def test_what_was_stopped_goes_on_to_the_same_bytes(
    configure: Configure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "_AT_ONCE", 4)
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    run(configure(), whole)
    score, calls = Reranker.score, []

    def stop(self: Reranker, queries: list[Query]) -> object:
        calls.append(len(queries))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return score(self, queries)

    monkeypatch.setattr(Reranker, "score", stop)
    with pytest.raises(KeyboardInterrupt):
        run(configure(), cut)
    asked = len(calls)
    run(configure(), cut)
    assert {path.name: path.read_bytes() for path in whole.iterdir()} == {
        path.name: path.read_bytes() for path in cut.iterdir()
    }
    assert sum(calls[:2]) + sum(calls[asked:]) == sum(1 for _ in ExampleFolder(whole).all("train"))  # nothing twice


def test_a_finished_folder_is_not_asked_for_again(
    configure: Configure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(configure(), tmp_path / "taught")
    monkeypatch.setattr(Reranker, "score", None)
    run(configure(), tmp_path / "taught")
    with pytest.raises(BuildError, match="other data or with other settings"):
        run(configure(seed=1), tmp_path / "taught")


def test_a_teacher_that_would_see_longer_histories_is_refused(configure: Configure, tmp_path: Path) -> None:
    """The examples hold three items."""
    (one,) = configure().teachers
    other = one.model_copy(update={"prompt": one.prompt.model_copy(update={"history_items": 4})})
    with pytest.raises(DatasetError, match=r"prompt\.history_items=4"):
        run(configure(teachers=[other.model_dump()]), tmp_path / "taught")


def test_another_engine_is_another_teacher(configure: Configure, tmp_path: Path) -> None:
    (one,) = configure().teachers
    run(configure(teachers=[one.model_dump() | {"engine": {"kind": "fake"}}]), tmp_path / "taught")
    with pytest.raises(BuildError, match="other data or with other settings"):
        run(configure(), tmp_path / "taught")


def test_letters_cannot_teach(configure: Configure) -> None:
    with pytest.raises(ValidationError, match="letters are probabilities within lists"):
        configure(teachers=[RerankerConfig(method="letters").model_dump()])


def test_a_setting_that_has_no_say_is_refused(configure: Configure) -> None:
    with pytest.raises(ValidationError, match="have no say here"):
        configure(teachers=[RerankerConfig(llm_weight=0.5).model_dump()])


def test_the_command_says_what_it_made(finished: Path, tiny: PreparedModel, tmp_path: Path) -> None:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(commands.teach)
    teacher = {"model": str(tiny.folder), "prompt": {"history_items": 3}}
    settings = {"examples": str(finished), "teachers": [teacher], "users": 5}
    (tmp_path / "teach.yaml").write_text(yaml.safe_dump(settings))
    words = ["--config", str(tmp_path / "teach.yaml"), "--out", str(tmp_path / "taught")]
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.exit_code == 0
    assert "5 lists that teachers scored" in " ".join(done.stdout.split())
