"""The examples job, `llm-rerank examples`: from a shop's log to what the LLM learns from.

Every file is whole or absent, and what a user's rows hold depends on nothing but the log and the settings: an
interrupted run goes on and ends with the same bytes. The manifest comes last.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from typing import Any

from rich.progress import Progress

from finetune.examples import FORMAT, ITEMS, MANIFEST, Part
from finetune.examples_config import ExamplesConfig
from finetune.folds import Folds
from finetune.moments import count_moments, moments
from finetune.shards import count_rows, rows_left, shards, write_examples, write_items
from finetune.user_examples import UserExamples, chance
from finetune.write_once import write_once
from retrieval.embedders import embedder_name
from retrieval.errors import DatasetError
from retrieval.files import write_json
from retrieval.once import WORK
from retrieval.shop import ShopData
from retrieval.splits import global_time


@dataclass(frozen=True, kw_only=True, slots=True)
class _Users:
    """Who has how many rows, in the order they are written."""

    train: Mapping[str, int]
    validation: Mapping[str, int]


def build_examples(shop: ShopData, config: ExamplesConfig, folder: Path, progress: Progress) -> dict[str, Any]:
    """Writes the examples to `folder`, going on where an earlier run stopped, and gives their manifest.

    A finished folder is left as it is. Raises BuildError for a folder that holds something else, or other examples, or
    where another process is at work; DatasetError for a log of which nothing can be learnt.
    """
    made_from = _name(shop, config)
    if config.until is not None:
        shop = replace(shop, log=global_time(shop.log, config.until).train)
    return write_once(folder, made_from, lambda: _build(shop, config, folder, made_from, progress))


def _build(shop: ShopData, config: ExamplesConfig, folder: Path, made_from: str, progress: Progress) -> None:
    users = _users(shop, config, progress)
    files = {
        "train": _files("train", users.train, config.shard_rows),
        "validation": _files("validation", users.validation, max(1, len(users.validation))),
    }
    write_items(folder / ITEMS, shop.catalogue)
    folds = Folds(shop, config, folder / WORK, progress) if config.retrievers else None
    _write(UserExamples(shop, config, folds), files, users, folder, progress)
    rows = {name: count_rows(folder / name) for names in files.values() for name in names}
    counts = {
        "train": sum(rows[name] for name in files["train"]),
        "validation": sum(rows[name] for name in files["validation"]),
        "users": len(users.train) + len(users.validation),
        "items": len(shop.catalogue),
    }
    manifest = {
        "format": FORMAT,
        "made_from": made_from,
        "history_items": config.history_items,
        "repeats": config.repeats,
        "counts": counts,
        "shards": {part: list(names) for part, names in files.items()},
        "rows": rows,
    }
    write_json(folder / MANIFEST, manifest)


def _users(shop: ShopData, config: ExamplesConfig, progress: Progress) -> _Users:
    """Deals users to training and validation; raises DatasetError where there is nothing, or nobody, to learn from."""
    rows: dict[str, int] = {}
    without, single = 0, 0
    for number, user_id in enumerate(progress.track(shop.log.user_ids, description="counting")):
        history = shop.log.history(user_id)
        found = moments(history, config, chance(config.seed, number))
        single += count_moments(history) == 1
        without += not found
        if found:
            rows[user_id] = sum(len(moment.targets) for moment in found)
    progress.console.print(
        f"{len(rows):,} users have {sum(rows.values()):,} positions; {without:,} have none, {single:,} of them since "
        "all they did was at one moment",
        highlight=False,
    )
    if not rows:
        raise DatasetError(
            "nothing can be learnt: no user did anything new after something else",
            field="dataset",
            value=shop.name,
            remedy=_remedy(config),
        )
    lots = {user_id: _lot(config.seed, user_id) for user_id in sorted(rows, key=lambda one: _lot(config.seed, one))}
    validation = {user_id: 1 for user_id, lot in lots.items() if lot < config.validation_share}
    if len(validation) == len(rows):
        raise DatasetError(
            f"by lot all of the {len(rows):,} users are kept for validation, and none is left to train on",
            field="validation_share",
            value=config.validation_share,
            remedy="Lower it (0: nobody is kept), or give a log of more users.",
        )
    return _Users(
        train={user_id: rows[user_id] for user_id in lots if user_id not in validation}, validation=validation
    )


def _remedy(config: ExamplesConfig) -> str:
    if config.since is not None or config.until is not None:
        return "Let `since` be earlier or `until` later: in between there was nothing."
    return "Give a log of longer histories" + ("." if config.repeats else ", or allow repeats.")


def _lot(seed: int, user_id: str) -> float:
    """From 0 to 1, a user's own: whatever log examples are made of, the same users are kept for validation."""
    digest = sha256(f"{seed} {user_id}".encode("utf-8", "backslashreplace")).digest()
    return int.from_bytes(digest[:7]) / (1 << 56)  # as many bits as a float tells apart


def _files(part: Part, rows: Mapping[str, int], most: int) -> dict[str, tuple[str, ...]]:
    """The users of every file."""
    return {f"{part}-{number:05}.parquet": users for number, users in enumerate(shards(rows, most))}


def _write(
    examples: UserExamples,
    files: Mapping[str, Mapping[str, Sequence[str]]],
    users: _Users,
    folder: Path,
    progress: Progress,
) -> None:
    task = progress.add_task("examples", total=sum(users.train.values()) + sum(users.validation.values()))
    written, began = 0, perf_counter()
    for part in ("validation", "train"):
        for name, user_ids in files[part].items():
            if (left := rows_left(folder / name)) is not None:
                progress.advance(task, left)
                continue
            rows = []
            for user_id in user_ids:
                of_user = examples.newest(user_id) if part == "validation" else examples.all(user_id)
                rows += of_user
                progress.advance(task, len(of_user))
            write_examples(folder / name, rows)
            written += len(rows)
    seconds = perf_counter() - began
    progress.console.print(f"{written:,} rows in {seconds:,.0f} s, {written / seconds:,.0f} a second", highlight=False)


def _name(shop: ShopData, config: ExamplesConfig) -> str:
    """Changes with all that the rows depend on; where the shop's files lie is not of it."""
    embedder = embedder_name(config.embedder) if config.retrievers else ""
    about = (
        f"{FORMAT} users by lot {shop.fingerprint} {embedder} {config.model_dump_json(exclude={'dataset', 'embedder'})}"
    )
    return sha256(about.encode()).hexdigest()[:16]
