"""MovieLens ml-latest-small as LlamaRec filters it: every rating is a positive, then the 5-core is taken."""

import numpy as np
import pandas as pd

from eval.data.base import Benchmark, MlLatestSmallConfig
from retrieval.catalogue import Catalogue
from retrieval.datasets.k_core import k_core
from retrieval.errors import DatasetError
from retrieval.log import InteractionLog
from retrieval.records import Item
from retrieval.shop import ShopData

NOTICE = "MovieLens ml-latest-small (GroupLens, University of Minnesota): not for commercial use."


def load(config: MlLatestSmallConfig) -> Benchmark:
    """Ratings of one second keep the file's order, which is by film."""
    films = _read(config, "movies.csv.gz", ["movieId", "title", "genres"]).set_index("movieId")
    ratings = _read(config, "ratings.csv.gz", ["userId", "movieId", "rating", "timestamp"])
    ratings = ratings.rename(columns={"userId": "user_id", "movieId": "item_id"})
    core = k_core(ratings[ratings["item_id"].isin(films.index)], 5)
    films = films.loc[sorted(set(core["item_id"]), key=int)]
    items = (
        Item(item_id=str(film), title=title, category=genres.replace("|", ", "))
        for film, title, genres in zip(films.index, films["title"], films["genres"], strict=True)
    )
    times = pd.to_datetime(_seconds(core["timestamp"], config), unit="s", utc=True)
    log = InteractionLog(core.assign(timestamp=times, rating=core["rating"].astype(float), kind="rating", text=""))
    return Benchmark(shop=ShopData(name=config.kind, catalogue=Catalogue(items), log=log, notice=NOTICE), given=None)


def _seconds(texts: "pd.Series[str]", config: MlLatestSmallConfig) -> "pd.Series[int]":
    """Whole seconds. One copy in circulation has a URL pasted into a time (`84743496 https://…1`): it is cut out."""
    try:
        return texts.str.replace(r" https://\D*", "", regex=True).astype(np.int64)
    except ValueError as err:
        raise DatasetError(
            f"a time is no whole number of seconds ({err})",
            field="path",
            value=str(config.folder / "ratings.csv.gz"),
            remedy="Get the file again.",
        ) from err


def _read(config: MlLatestSmallConfig, name: str, columns: list[str]) -> pd.DataFrame:
    path = config.folder / name
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False)[columns]
    except (OSError, EOFError, ValueError, KeyError) as err:
        raise DatasetError(
            f"the file cannot be read ({err})",
            field="path",
            value=str(path),
            remedy="Get it again; the benchmark's documentation says from where.",
        ) from err
