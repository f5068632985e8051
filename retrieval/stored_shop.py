"""A shop's data as Parquet files: what a build folder holds so that serving needs nothing else.

Text is stored as bytes: ids and titles are untrusted, and a lone surrogate in one of them is no valid UTF-8.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from retrieval.catalogue import Catalogue
from retrieval.files import read_json, unreadable, write_json, write_whole
from retrieval.log import InteractionLog
from retrieval.records import Item
from retrieval.shop import ShopData

SHOP_FILES = _SHOP, _ITEMS, _INTERACTIONS = "shop.json", "items.parquet", "interactions.parquet"
_ITEM_TEXTS = ("item_id", "title", "category", "brand")
_LOG_TEXTS = ("user_id", "item_id", "kind", "text")


def save_shop(shop: ShopData, folder: Path) -> None:
    """Writes the shop into `folder`, shop.json last."""
    _write(folder / _ITEMS, _item_table(shop.catalogue))
    _write(folder / _INTERACTIONS, _log_table(shop.log))
    write_json(folder / _SHOP, {"name": shop.name, "notice": shop.notice})


def holds_shop(folder: Path) -> bool:
    """Whether save_shop was here and came to its end."""
    return (folder / _SHOP).exists()


def load_shop(folder: Path) -> ShopData:
    """What save_shop wrote; raises BuildError naming the file that is absent or damaged."""
    about = read_json(folder / _SHOP)
    return ShopData(
        name=about["name"],
        notice=about["notice"],
        catalogue=Catalogue(_items(_read(folder / _ITEMS))),
        log=InteractionLog(_log_frame(_read(folder / _INTERACTIONS, dictionaries=_LOG_TEXTS))),
    )


def _item_table(catalogue: Catalogue) -> Any:
    texts = {name: _bytes(getattr(item, name) for item in catalogue) for name in _ITEM_TEXTS}
    return pa.table(
        texts
        | {
            "price": pa.array([item.price for item in catalogue], pa.float64()),
            "attributes": _bytes(json.dumps(dict(item.attributes)) for item in catalogue),
            "available": pa.array([item.available for item in catalogue], pa.bool_()),
        }
    )


def _items(table: Any) -> Iterable[Item]:
    texts = [_texts(table[name]) for name in _ITEM_TEXTS]
    prices, available = table["price"].to_pylist(), table["available"].to_pylist()
    attributes = [MappingProxyType(json.loads(text)) for text in table["attributes"].to_pylist()]
    for item_id, title, category, brand, price, more, is_there in zip(
        *texts, prices, attributes, available, strict=True
    ):
        yield Item(
            item_id=item_id,
            title=title,
            category=category,
            brand=brand,
            price=price,
            attributes=more,
            available=is_there,
        )


def _log_table(log: InteractionLog) -> Any:
    times = pa.array(log.frame["timestamp"])
    return pa.table(
        {name: _dictionary(log.frame[name]) for name in _LOG_TEXTS}
        | {"timestamp": times, "rating": pa.array(log.frame["rating"], pa.float64(), from_pandas=True)}
    )


def _log_frame(table: Any) -> pd.DataFrame:
    rating = table["rating"].to_numpy()
    columns = {name: _decoded(table[name].combine_chunks()) for name in _LOG_TEXTS}
    return pd.DataFrame({**columns, "timestamp": table["timestamp"].to_pandas(), "rating": rating})


def _dictionary(column: "pd.Series[Any]") -> Any:
    """Each different text once: a log repeats its users and items a thousand times."""
    codes, texts = column.factorize()
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), _bytes(texts))


def _decoded(column: Any) -> Any:
    texts = np.array([*_texts(column.dictionary), None], dtype=object)[:-1]  # the None keeps an empty array an array
    return texts[column.indices.to_numpy()]


def _bytes(texts: Iterable[str]) -> Any:
    return pa.array([text.encode("utf-8", "surrogatepass") for text in texts], pa.binary())


def _texts(column: Any) -> list[str]:
    return [text.decode("utf-8", "surrogatepass") for text in column.to_pylist()]


def _write(path: Path, table: Any) -> None:
    write_whole(path, lambda part: pq.write_table(table, part, row_group_size=max(1, len(table))))


def _read(path: Path, dictionaries: Iterable[str] = ()) -> Any:
    try:
        return pq.read_table(path, read_dictionary=list(dictionaries))
    except (OSError, ValueError) as err:  # pyarrow's own errors are among these
        raise unreadable(path) from err
