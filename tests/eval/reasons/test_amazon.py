"""Lists of Amazon Reviews 2023, as its file has them; and the file itself where it is."""

import json
from pathlib import Path
from typing import Any

import pytest

from eval.reasons.amazon import CANDIDATES, FILE, read_amazon
from retrieval.errors import DatasetError

REAL = Path(__file__).parents[4] / "shared/data/amazon-reviews-2023"


def review(number: int, when: int, title: str | None = "") -> dict[str, Any]:
    return {
        "parent_asin": f"item {number}",
        "rating": 4.0,
        "timestamp_ms": 1_600_000_000_000 + when,
        "review_title": "Fine",
        "review_full": f"I like number {number}",
        "product": {"title": f"Thing &amp; {number}" if title == "" else title, "price": None, "main_category": None},
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten readers of one category, each of things of their own; the last ones' things have no titles."""
    rows = []
    for user in range(10):
        history = [review(5 * user + place, place) for place in range(4)]
        rows.append(
            {"user_id": f"u{user // 2}", "category": "all", "history": history, "heldout": review(5 * user + 4, 9)}
        )
    rows[8]["history"][0]["product"]["title"] = None
    rows[9]["heldout"]["product"]["title"] = " "
    (tmp_path / FILE).write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return tmp_path


def test_a_list_is_a_history_and_candidates_that_are_not_in_it(folder: Path) -> None:
    shop, lists = read_amazon(folder, count=100)
    assert len(lists) == 9
    assert len(shop.catalogue) == 48
    for one in lists:
        candidates = one.asked.item_ids
        assert candidates is not None
        assert len(set(candidates)) == CANDIDATES
        assert not set(candidates) & set(one.asked.history.item_ids)
        assert one.review == f"Fine\nI like number {one.held_out.removeprefix('item ')}"


def test_what_has_no_title_is_left_out(folder: Path) -> None:
    shop, lists = read_amazon(folder, count=100)
    assert sorted(len(one.asked.history.item_ids) for one in lists) == [3, *[4] * 8]
    assert shop.catalogue["item 1"].title == "Thing & 1"


def test_lists_of_one_reader_are_known_as_such(folder: Path) -> None:
    _, lists = read_amazon(folder, count=100)
    assert len({one.asked.user for one in lists}) == 5


def test_fewer_lists_are_the_first_of_more(folder: Path) -> None:
    _, few = read_amazon(folder, count=3)
    _, many = read_amazon(folder, count=9)
    assert [one.asked.key for one in few] == [one.asked.key for one in many[:3]]


def test_a_missing_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the end of a long path is cut
    with pytest.raises(DatasetError, match=FILE):
        read_amazon(Path(), count=1)


@pytest.mark.skipif(not REAL.exists(), reason="../shared/data/amazon-reviews-2023 is not there")
def test_the_file_itself() -> None:
    shop, lists = read_amazon(REAL, count=1000)
    assert (len(shop.catalogue), len(lists)) == (2742, 584)
