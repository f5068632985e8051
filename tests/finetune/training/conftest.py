"""A shop of twenty doors: whoever takes something takes a good door next, and the negatives are plain ones."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from finetune.examples import FORMAT, ITEMS, MANIFEST, Example, ExampleFolder
from finetune.shards import write_examples, write_items
from finetune.training.config import LoraSettings, NegativesConfig, TrainingConfig
from llm_rerank.models import PreparedModel
from llm_rerank.prompt import Prompt, PromptConfig
from llm_rerank.tokenizer import ChatTokenizer
from retrieval.catalogue import Catalogue
from retrieval.files import write_json
from retrieval.records import Item

Configure = Callable[..., TrainingConfig]


def example(user: int, moment: int, *, length: int | None = None) -> Example:
    """Good doors are 0 to 9, plain ones 10 to 19. A user's history grows by one item a moment."""
    taken = [(user + step) % 10 for step in range(moment + 1)]
    plain = [10 + (user + moment + step) % 10 for step in range(10)]
    return Example(
        user_id=f"user{user:02}",
        history=tuple(taken[:length]),
        times=(1,) * len(taken[:length]),
        target=(user + moment + 1) % 10,
        rank=moment,
        hits=tuple(plain[:4]),
        popular=tuple(plain[4:7]),
        random=tuple(plain[7:]),
    )


def write_folder(folder: Path, train: list[list[Example]], validation: list[Example], **more: object) -> None:
    """What build_examples writes: a file for each of the lists of `train`, and one to validate on."""
    files = {f"train-{number:05}.parquet": rows for number, rows in enumerate(train)}
    folder.mkdir(parents=True)
    for name, rows in (files | {"validation-00000.parquet": validation}).items():
        write_examples(folder / name, rows)
    titles = [f"{'good' if number < 10 else 'plain'} door {number}" for number in range(20)]
    write_items(folder / ITEMS, Catalogue(Item(item_id=title, title=title) for title in titles))
    manifest = {
        "format": FORMAT,
        "made_from": "doors",
        "history_items": 20,
        "counts": {"train": sum(map(len, train)), "validation": len(validation)},
        "shards": {"train": list(files), "validation": ["validation-00000.parquet"]},
        "rows": {name: len(rows) for name, rows in files.items()} | {"validation-00000.parquet": len(validation)},
    }
    write_json(folder / MANIFEST, manifest | more)


@pytest.fixture(scope="session")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve users with three moments each, four users a file, and four to validate on."""
    folder = tmp_path_factory.mktemp("doors") / "examples"
    train = [[example(user, moment) for user in range(start, start + 4) for moment in range(3)] for start in (0, 4, 8)]
    write_folder(folder, train, [example(user, 2) for user in range(20, 24)])
    return folder


@pytest.fixture(scope="session")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first four users, scored by somebody who likes an item the less, the higher its number."""
    folder = tmp_path_factory.mktemp("taught") / "examples"
    rows = [example(user, moment) for user in range(4) for moment in range(3)]
    scored = [replace(row, taught=tuple(-float(item) for item in (row.target, *row.negatives))) for row in rows]
    write_folder(folder, [scored], [example(user, 2) for user in range(20, 24)], teachers=["who counts"])
    return folder


@pytest.fixture(scope="session")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good door and a plain one each: what letters a tiny model can learn."""

    def alone(user: int, moment: int) -> Example:
        row = example(user, moment)
        return replace(row, hits=row.hits[:1], popular=(), random=())

    folder = tmp_path_factory.mktemp("pairs") / "examples"
    train = [[alone(user, moment) for user in range(12) for moment in range(3)]]
    write_folder(folder, train, [alone(user, 2) for user in range(20, 32)])
    return folder


@pytest.fixture(scope="session")
def judged_by(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    """Writes the twelve users again, so many of whom validate: by later moments, a mistake to be found."""

    def write(judges: int) -> Path:
        folder = tmp_path_factory.mktemp("judged") / "examples"
        train = [[example(user, moment) for user in range(12) for moment in range(3)]]
        write_folder(folder, train, [example(user, 2) for user in range(judges)])
        return folder

    return write


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Finished, and nobody in it to train on."""
    folder = tmp_path_factory.mktemp("empty") / "examples"
    write_folder(folder, [], [])
    return folder


@pytest.fixture(scope="session")
def beginners(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Users with one item in their history or with none, and nobody to validate on."""
    folder = tmp_path_factory.mktemp("beginners") / "examples"
    write_folder(folder, [[example(user, 1, length=user % 2) for user in range(12)]], [])
    return folder


@pytest.fixture(scope="session")
def without_hits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """No retriever was asked."""
    folder = tmp_path_factory.mktemp("without-hits") / "examples"
    write_folder(folder, [[replace(example(user, 1), hits=()) for user in range(12)]], [])
    return folder


@pytest.fixture(scope="session")
def examples(doors: Path) -> ExampleFolder:
    return ExampleFolder(doors)


@pytest.fixture(scope="session")
def prompt(tiny: PreparedModel) -> Prompt:
    return Prompt(ChatTokenizer.load(tiny.folder), PromptConfig())


@pytest.fixture(scope="session")
def configure(doors: Path, tiny: PreparedModel) -> Configure:
    """Six steps of six lists of five items; `others` replace its fields."""
    usual = {
        "examples": doors,
        "model": str(tiny.folder),
        "lora": LoraSettings(rank=4, alpha=8),
        "negatives": NegativesConfig(hits=2, popular=1, random=1),
        "lists_per_step": 6,
        "tokens_per_pass": 128,
        "learning_rate": 0.02,
        "warmup_steps": 1,
        "validation_lists": 4,
        "validate_every": 2,
    }
    return lambda **others: TrainingConfig.model_validate(usual | others)
