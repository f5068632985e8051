from pathlib import Path

import pandas as pd
import pytest

from retrieval.catalogue import Catalogue
from retrieval.errors import BuildError
from retrieval.log import InteractionLog
from retrieval.records import Item
from retrieval.shop import ShopData
from retrieval.stored_shop import SHOP_FILES, holds_shop, load_shop, save_shop


def test_a_shop_comes_back_as_it_went_in(shop: ShopData, tmp_path: Path) -> None:
    save_shop(shop, tmp_path)
    loaded = load_shop(tmp_path)
    assert tuple(loaded.catalogue) == tuple(shop.catalogue)
    assert [loaded.log.history(user) for user in loaded.log.user_ids] == [
        shop.log.history(user) for user in shop.log.user_ids
    ]
    assert (loaded.name, loaded.notice, loaded.fingerprint) == (shop.name, shop.notice, shop.fingerprint)


def test_texts_that_are_no_valid_unicode_and_a_log_without_rows_survive(tmp_path: Path) -> None:
    odd = Item(item_id="\ud800", title="牛奶 \ud83d\x00", attributes={"note": "\udfff"})
    save_shop(ShopData(name="odd", catalogue=Catalogue([odd]), log=InteractionLog.of([])), tmp_path)
    loaded = load_shop(tmp_path)
    assert tuple(loaded.catalogue) == (odd,)
    assert len(loaded.log) == 0


def test_long_reviews_that_differ_all_come_back(tmp_path: Path, catalogue: Catalogue) -> None:
    texts = [f"{number} ".ljust(200, "x") for number in range(8_000)]  # more than one Parquet dictionary page
    frame = pd.DataFrame({"item_id": "milk", "text": texts, "user_id": "u", "kind": "rating", "rating": 4.5})
    log = InteractionLog(frame.assign(timestamp=pd.Timestamp("2024-01-01", tz="UTC")))
    save_shop(ShopData(name="talkers", catalogue=catalogue, log=log), tmp_path)
    loaded = load_shop(tmp_path).log.frame
    assert loaded["text"].tolist() == texts
    assert set(loaded["rating"]) == {4.5}


def test_a_shop_is_there_only_when_its_last_file_is(shop: ShopData, tmp_path: Path) -> None:
    assert not holds_shop(tmp_path)
    save_shop(shop, tmp_path)
    assert holds_shop(tmp_path)


@pytest.mark.parametrize("name", SHOP_FILES)
def test_a_damaged_file_is_named(shop: ShopData, tmp_path: Path, name: str) -> None:
    save_shop(shop, tmp_path)
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BuildError, match=name):
        load_shop(tmp_path)
