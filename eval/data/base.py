"""What benchmark data is, how it is named in a configuration, and the lines of a published file."""

import gzip
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
import pandas as pd
from pydantic import Field, NonNegativeInt

from retrieval.datasets.base import DatasetConfig
from retrieval.datasets.k_core import k_core
from retrieval.errors import DatasetError
from retrieval.files import DAMAGES
from retrieval.log import InteractionLog
from retrieval.settings import Settings
from retrieval.shop import ShopData


class Counts(Settings):
    """What must be left after filtering."""

    users: NonNegativeInt
    items: NonNegativeInt
    interactions: NonNegativeInt

    @classmethod
    def of(cls, shop: ShopData) -> Self:
        """What there is."""
        return cls(users=len(shop.log.user_ids), items=len(shop.catalogue), interactions=len(shop.log))

    def __str__(self) -> str:
        return f"{self.users:,} users, {self.items:,} items and {self.interactions:,} interactions"


class AmazonBeauty2014Config(Settings):
    """Amazon Beauty 2014, items with a title, 5-core."""

    kind: Literal["amazon-beauty-2014"]

    folder: Path
    """Holds items.tsv.gz (ASIN, title) and sequences.tsv.gz (user, ASINs oldest first)."""


class MlLatestSmallConfig(Settings):
    """MovieLens ml-latest-small, 5-core: what LlamaRec calls ML-100k."""

    kind: Literal["ml-latest-small"]

    folder: Path
    """Holds ratings.csv.gz and movies.csv.gz."""


class AmazonGames2018Config(Settings):
    """LLMRank's Amazon Games 2018, with the candidates it gives its 6,000 test users."""

    kind: Literal["amazon-games-2018"]

    folder: Path
    """Holds Games-6k.item.gz, Games-6k.test.inter.gz and Games-6k.random.gz."""

    seed: int = 0
    """Of the catalogue's order."""


class ShopConfig(Settings):
    """A data set that `llm-rerank build` reads."""

    kind: Literal["shop"]

    dataset: DatasetConfig
    """Which."""


BenchmarkDataConfig = Annotated[
    AmazonBeauty2014Config | MlLatestSmallConfig | AmazonGames2018Config | ShopConfig, Field(discriminator="kind")
]
"""Any benchmark's data, told apart by `kind`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Benchmark:
    """A shop's data, and where a protocol fixes them the users it asks about, each with the wrong candidates."""

    shop: ShopData
    given: Mapping[str, tuple[str, ...]] | None


def read_lines(path: Path) -> Iterator[str]:
    """The lines of a gzip file in UTF-8; raises DatasetError where it is missing, cut short or damaged."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                yield line.rstrip("\n")
    except DAMAGES as err:
        raise unreadable(path, err) from err


def unreadable(path: Path, err: Exception) -> DatasetError:
    """The error for a published file that cannot be read."""
    return DatasetError(
        f"the file cannot be read ({err})",
        field="path",
        value=str(path),
        remedy="Get it again; the benchmark's documentation says from where.",
    )


def fields(path: Path, line: str, count: int) -> list[str]:
    """The `count` fields of a tab-separated line."""
    found = line.split("\t")
    if len(found) != count:
        raise DatasetError(
            f"a line of {path.name} has {len(found)} fields rather than {count}",
            field="line",
            value=line,
            remedy="The file is not the published one, or cut short; get it again.",
        )
    return found


def five_core(frame: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """Users and items with five interactions among each other; raises DatasetError where that is nobody."""
    core = k_core(frame, 5)
    if core.empty:
        raise DatasetError(
            "no user and no item has five interactions",
            field="folder",
            value=str(folder),
            remedy="The files are cut short, or not of one release; get them again.",
        )
    return core


def log_in_order(users: Sequence[str], items: Sequence[str]) -> InteractionLog:
    """A log of what has an order and no times: a user's interactions are a day apart. The file's order breaks ties."""
    frame = pd.DataFrame({"user_id": users, "item_id": items})
    days = pd.to_timedelta(frame.groupby("user_id", sort=False).cumcount(), unit="D")
    frame = frame.assign(timestamp=pd.Timestamp(0, tz="UTC") + days, kind="rating", rating=np.nan, text="")
    return InteractionLog(frame)
