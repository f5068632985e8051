"""MovieLens-100K: 100,000 ratings of films by 943 users, from the sample data inside the wheel recbole."""

import re
from datetime import datetime
from typing import Final

import pandas as pd

from retrieval.datasets.base import MovieLensConfig
from retrieval.datasets.cleaning import LoadedShop, clean
from retrieval.datasets.report import Sieve
from retrieval.datasets.wheels import file_in_wheel
from retrieval.errors import DatasetError

NOTICE: Final = (
    "MovieLens-100K (GroupLens, University of Minnesota, by way of recbole 1.2.1): for research; no commercial use "
    "without permission, and no redistribution under other terms."
)
_ARTICLE = re.compile(
    r"(?P<rest>[^()]+), (?P<article>The|An?|Les?|La|L'|Il|Lo|El|Los|Las|Das|Der|Die|Det|Den|O)(?= ?\(|\)|$)"
)
_NOT_A_TITLE: Final = "unkonwn"  # so spelled in the source


def load(config: MovieLensConfig, now: datetime) -> LoadedShop:
    """Every film that has a title, with its year and genres, and every rating from 1 to 5."""
    films, ratings = _read("item"), _read("inter")
    items = Sieve("items", _items(films), strict=config.strict)
    return clean(
        "movielens-100k", items, Sieve("interactions", _ratings(ratings), strict=config.strict), now=now, notice=NOTICE
    )


def natural_title(title: str) -> str:
    """The title as it is said: "Postman, The" is "The Postman", in a translation in parentheses too."""
    return _ARTICLE.sub(_article_first, title)


def _read(table: str) -> pd.DataFrame:
    path = file_in_wheel("recbole", "1.2.1", f"recbole/dataset_example/ml-100k/ml-100k.{table}")
    try:
        frame = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False, quoting=3, encoding="utf-8")
    except (OSError, ValueError) as err:
        raise DatasetError(
            f"{path.name} is broken ({err})",
            field="file",
            value=path.name,
            remedy="pip install --force-reinstall --no-deps recbole==1.2.1",
        ) from err
    return frame.rename(columns=lambda name: name.partition(":")[0])  # "item_id:token"


def _items(films: pd.DataFrame) -> pd.DataFrame:
    year = films["release_year"].where(films["release_year"].str.fullmatch(r"\d{4}"), "")
    title = films["movie_title"].map(natural_title) + (" (" + year + ")").where(year != "", "")
    return pd.DataFrame(
        {
            "item_id": films["item_id"],
            "title": title.where(films["movie_title"] != _NOT_A_TITLE),
            "category": films["class"].str.replace(" ", ", "),
            "brand": "",
            "price": float("nan"),
            "available": True,
        }
    )


def _ratings(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "user_id": rows["user_id"],
            "item_id": rows["item_id"],
            "timestamp": pd.to_datetime(rows["timestamp"].astype(float), unit="s", utc=True),
            "kind": "rating",
            "rating": rows["rating"],
            "text": "",
        }
    )


def _article_first(match: re.Match[str]) -> str:
    article = match["article"]
    return f"{article}{match['rest']}" if article.endswith("'") else f"{article} {match['rest']}"
