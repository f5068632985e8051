"""The teaching job, `llm-rerank teach`: what a teacher thinks of every candidate of a list, for a student to learn.

The student needs no label, and the teacher is asked once, however many students there are. What was scored is kept: an
interrupted run goes on and ends with the same bytes.
"""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from hashlib import sha256
from itertools import groupby, islice
from pathlib import Path
from typing import Any, Final

import numpy as np
from rich.progress import Progress

from finetune.examples import FORMAT, ITEMS, MANIFEST, TEACHERS, Example, ExampleFolder
from finetune.shards import rows_left, write_examples
from finetune.teach_config import TeachConfig
from finetune.training.config import NegativesConfig
from finetune.training.lists import consecutive, history_of
from finetune.write_once import write_once
from llm_rerank.config import RerankerConfig
from llm_rerank.models import prepare_model
from llm_rerank.opening import open_reranker
from llm_rerank.reranker import Query, Reranker
from llm_rerank.served import served_adapter
from retrieval.catalogue import Catalogue
from retrieval.files import write_json, write_whole

_AT_ONCE: Final = 64
"""Lists that an interruption may cost; a user's rows stay in one file."""


def teach(config: TeachConfig, folder: Path, progress: Progress) -> dict[str, Any]:
    """Writes the examples with the teachers' scores to `folder`, going on where an earlier run stopped: the manifest.

    Raises BuildError for a folder that holds something else, DatasetError for examples that are damaged or whose
    histories are too short for a teacher's prompt, and what open_reranker raises.
    """
    examples = ExampleFolder(config.examples)
    for teacher in config.teachers:
        examples.require_histories(teacher.prompt.history_items)
    config = config.model_copy(update={"teachers": tuple(teacher.settled() for teacher in config.teachers)})
    names = [_name(teacher, progress) for teacher in config.teachers]
    settings = config.model_dump_json(exclude={"examples", "teachers"})
    made_from = sha256(f"{FORMAT} {examples.made_from} {names} {settings}".encode()).hexdigest()[:16]
    return write_once(folder, made_from, lambda: _write(config, examples, names, folder, made_from, progress))


def _name(teacher: RerankerConfig, progress: Progress) -> str:
    """Changes with all that its scores depend on."""
    model, adapter = prepare_model(teacher.model, say=progress.console.print), served_adapter(teacher.adapter)
    weights = f"{model.fingerprint} {adapter.adapter_id if adapter else ''}"
    return f"{weights} {teacher.prompt.fingerprint} {teacher.engine.model_dump_json(exclude={'servers'})}"


def _write(
    config: TeachConfig,
    examples: ExampleFolder,
    names: Sequence[str],
    folder: Path,
    made_from: str,
    progress: Progress,
) -> None:
    validation = examples.shards("validation")
    rows = {name: len(examples.read(name)) for name in validation}  # what is damaged says so before teachers load
    counts = islice(examples.rows_per_user("train", retrieved=False).values(), config.users)
    say = progress.console.print
    teachers = [open_reranker(teacher, examples.catalogue, say=say) for teacher in config.teachers]
    task = progress.add_task("teaching", total=sum(min(rows, config.lists_per_user or rows) for rows in counts))
    for name in (ITEMS, *validation):
        write_whole(folder / name, partial(shutil.copyfile, examples.folder / name))
    for number, of_file in enumerate(_files(_lists(config, examples))):
        name = f"train-{number:05}.parquet"
        if rows_left(folder / name) is None:
            write_examples(folder / name, _taught(of_file, teachers, examples.catalogue))
        rows[name] = len(of_file)
        progress.advance(task, len(of_file))
    train = [name for name in rows if name not in validation]
    manifest = {
        "format": FORMAT,
        "made_from": made_from,
        TEACHERS: list(names),
        "history_items": examples.history_items,
        "counts": {"train": sum(rows[name] for name in train), "validation": sum(rows[name] for name in validation)},
        "shards": {"train": train, "validation": list(validation)},
        "rows": rows,
    }
    write_json(folder / MANIFEST, manifest)


def _lists(config: TeachConfig, examples: ExampleFolder) -> Iterator[list[Example]]:
    """What is asked about, user by user."""
    users = groupby(examples.all("train"), lambda row: row.user_id)
    for number, (_, rows) in islice(enumerate(users), config.users):
        drawn = consecutive(list(rows), config.lists_per_user, np.random.default_rng([config.seed, number]))
        yield [_cut(row, config.negatives) for row in drawn]


def _cut(row: Example, most: NegativesConfig | None) -> Example:
    """A target that retrieval placed behind the hits that are left is not among them."""
    if most is None:
        return row
    return replace(
        row,
        rank=row.rank if row.rank <= most.hits else 0,
        hits=row.hits[: most.hits],
        popular=row.popular[: most.popular],
        random=row.random[: most.random],
    )


def _files(users: Iterator[list[Example]]) -> Iterator[list[Example]]:
    rows: list[Example] = []
    for of_user in users:
        rows += of_user
        if len(rows) >= _AT_ONCE:
            yield rows
            rows = []
    if rows:
        yield rows


def _taught(rows: Sequence[Example], teachers: Sequence[Reranker], catalogue: Catalogue) -> list[Example]:
    queries = [_query(row, catalogue) for row in rows]
    opinions = [teacher.score(queries) for teacher in teachers]
    means = [np.mean(of_list, axis=0) for of_list in zip(*opinions, strict=True)]
    return [replace(row, taught=tuple(mean.tolist())) for row, mean in zip(rows, means, strict=True)]


def _query(row: Example, catalogue: Catalogue) -> Query:
    """The list with its target, in no order that tells: packed scores do not hear of it."""
    items = tuple(catalogue.at(item) for item in (row.target, *row.negatives))
    return Query(history=history_of(row, catalogue), items=items)
