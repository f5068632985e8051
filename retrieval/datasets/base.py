"""Which data set to load, as configuration, and the one door through which every loader is reached.

The settings live here rather than in the loaders, so that a configuration can be read and checked without pandas.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from retrieval.errors import MissingExtraError
from retrieval.records import InteractionKind
from retrieval.settings import Settings

if TYPE_CHECKING:
    from retrieval.datasets.cleaning import LoadedShop


class _Dataset(Settings):
    strict: bool = False
    """Refuse the data at the first thing that is wrong with it, instead of leaving it out and reporting it."""


class CompleteJourneyConfig(_Dataset):
    """The Complete Journey: simulated groceries of 2,469 households in 2017."""

    kind: Literal["complete-journey"] = "complete-journey"


class MovieLensConfig(_Dataset):
    """MovieLens-100K: film ratings of 943 users. Not for commercial use."""

    kind: Literal["movielens-100k"]


class AmazonConfig(_Dataset):
    """Amazon reviews: the official raw files, plain or gzip."""

    kind: Literal["amazon"]

    edition: Literal[2014, 2023]
    """The year of the release: the two name their fields differently."""

    reviews: Path
    """Reviews as JSON lines, or (2014) ratings as `user,item,rating,timestamp` lines."""

    metadata: Path
    """The metadata file of the same category: one product a line."""

    k_core: Annotated[int, Field(ge=1)] | None = None
    """Keep only users and items with at least this many interactions among each other."""


class ItemColumns(Settings):
    """What the shop calls an item's fields; a field without a column stays empty."""

    item_id: str
    title: str
    category: str | None = None
    brand: str | None = None
    price: str | None = None
    available: str | None = None
    """A column of true/false, yes/no or 1/0; empty means available."""

    attributes: tuple[str, ...] = ()
    """Further columns that say something about an item, by the shop's own names."""

    @field_validator("attributes")
    @classmethod
    def _no_field_twice(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if taken := [name for name in names if name in cls.model_fields]:
            raise ValueError(f"{taken} is the name of a field: map the column to it, or give the column another name")
        return names


class InteractionColumns(Settings):
    """What the shop calls an interaction's fields."""

    user_id: str
    item_id: str
    timestamp: str
    rating: str | None = None
    text: str | None = None


class ItemsFile(Settings):
    """A CSV (UTF-8, with a header) or Parquet file with one item a row."""

    path: Path
    columns: ItemColumns
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    """What separates the fields of a CSV file."""


class InteractionsFile(Settings):
    """A CSV (UTF-8, with a header) or Parquet file with one interaction a row."""

    path: Path
    columns: InteractionColumns
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    """What separates the fields of a CSV file."""

    kind: InteractionKind = "purchase"
    """What every row of this file is."""

    time_unit: Literal["s", "ms", "us", "ns"] | None = None
    """Times are whole numbers of this unit since 1970 in UTC; without it they are dates as text or as Parquet times."""

    time_zone: ZoneInfo = ZoneInfo("UTC")
    """Where the shop's clock stands, for times that name no zone."""


class ShopFilesConfig(_Dataset):
    """A shop's own files."""

    kind: Literal["files"]

    name: str = "shop"
    """What to call the shop."""

    items: ItemsFile
    interactions: InteractionsFile


DatasetConfig = Annotated[
    CompleteJourneyConfig | MovieLensConfig | AmazonConfig | ShopFilesConfig, Field(discriminator="kind")
]
"""Any of the data sets, told apart by `kind`. Use it as a field of another model."""


def load_dataset(config: DatasetConfig, *, now: datetime | None = None) -> "LoadedShop":
    """Reads, cleans and reports a data set. Interactions later than `now` (default: this moment) are impossible.

    Raises DatasetError for a file that is missing or broken, and MissingExtraError without the retrieval extra.
    """
    try:
        load = _open(config)
    except ImportError as err:
        raise MissingExtraError(
            "reading data sets needs the retrieval extra",
            field="kind",
            value=config.kind,
            remedy="pip install 'llm-rerank[retrieval]'",
        ) from err
    return load(now or datetime.now(UTC))


def _open(config: DatasetConfig) -> "Callable[[datetime], LoadedShop]":
    match config:
        case CompleteJourneyConfig():
            from retrieval.datasets import complete_journey

            return partial(complete_journey.load, config)
        case MovieLensConfig():
            from retrieval.datasets import movielens

            return partial(movielens.load, config)
        case AmazonConfig():
            from retrieval.datasets import amazon

            return partial(amazon.load, config)
        case ShopFilesConfig():
            from retrieval.datasets import shop_files

            return partial(shop_files.load, config)
