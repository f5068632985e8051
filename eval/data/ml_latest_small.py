"""MovieLens ml-latest-small as LlamaRec filters it: every rating is a positive, then the 5-core is taken."""

from typing import Any

import numpy as np
import pandas as pd

from eval.data.base import Benchmark, MlLatestSmallConfig, five_core, unreadable
from retrieval.catalogue import Catalogue
from retrieval.errors import DatasetError
from retrieval.files import DAMAGES
from retrieval.log import InteractionLog
from retrieval.records import Item
from retrieval.shop import ShopData

NOTICE = "MovieLens ml-latest-small (GroupLens, University of Minnesota): not for commercial use."


def load(config: MlLatestSmallConfig) -> Benchmark:
    """Ratings of one second keep the file's order, which is by film."""
    films = _read(config, "movies.csv.gz", ["movieId", "title", "genres"]).set_index("movieId")
    ratings = _read(config, "ratings.csv.gz", ["userId", "movieId", "rating", "timestamp"])
    ratings = ratings.rename(columns={"userId": "user_id", "movieId": "item_id"})
    core = five_core(ratings[ratings["item_id"].isin(films.index)], config.folder)
    films = films.loc[sorted(set(core["item_id"]), key=lambda film: (len(film), film))]
    items = (
        Item(item_id=str(film), title=title, category=genres.replace("|", ", "))
        for film, title, genres in zip(films.index, films["title"], films["genres"], strict=True)
    )
    times = pd.to_datetime(_seconds(core["timestamp"], config), unit="s", utc=True)
    stars = _numbers(core["rating"], np.float64, "rating", config)
    log = InteractionLog(core.assign(timestamp=times, rating=stars, kind="rating", text=""))
    return Benchmark(shop=ShopData(name=config.kind, catalogue=Catalogue(items), log=log, notice=NOTICE), given=None)


def _seconds(texts: "pd.Series[str]", config: MlLatestSmallConfig) -> "pd.Series[int]":
    """Whole seconds. One copy in circulation has a URL pasted into a time (`84743496 https://…1`): it is cut out."""
    return _numbers(texts.str.replace(r" https://\D*", "", regex=True), np.int64, "time in whole seconds", config)


def _numbers(
    texts: "pd.Series[str]", kind: type[np.generic], what: str, config: MlLatestSmallConfig
) -> "pd.Series[Any]":
    """A column of numbers."""
    try:
        return texts.astype(kind)
    except ValueError as err:
        raise DatasetError(
            f"a {what} is no number ({err})",
            field="path",
            value=str(config.folder / "ratings.csv.gz"),
            remedy="Get the file again.",
        ) from err


def _read(config: MlLatestSmallConfig, name: str, columns: list[str]) -> pd.DataFrame:
    path = config.folder / name
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)[columns]
        if not isinstance(frame.index, pd.RangeIndex):  # pandas takes what the header does not name for row labels
            raise ValueError("lines have more fields than the header")
        if short := int((frame == "").any(axis="columns").sum()):
            raise ValueError(f"{short} lines lack a field")
        return frame
    except (*DAMAGES, KeyError) as err:
        raise unreadable(path, err) from err
