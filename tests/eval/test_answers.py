from collections.abc import Collection
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from eval.answerers import RandomRetriever
from eval.answers import Answers, ask
from eval.config import ProtocolConfig
from eval.data.base import Benchmark
from eval.protocol import Protocol
from retrieval.errors import BuildError, DataError
from retrieval.records import Candidate, UserHistory
from retrieval.retrievers.base import Retriever
from retrieval.shop import ShopData

MASKED = ProtocolConfig(split="leave-one-out", part="test")


class Broken:
    """Its answer is what it is told."""

    name = "broken"

    def __init__(self, shop: ShopData, score: float, *item_ids: str) -> None:
        self._items, self._score = [shop.catalogue[item_id] for item_id in item_ids], score

    def retrieve(self, history: UserHistory, top_n: int, *, exclude: Collection[str] = ()) -> tuple[Candidate, ...]:
        return tuple(
            Candidate(item=item, score=self._score, source="broken", rank=rank)
            for rank, item in enumerate(self._items, start=1)
        )


def asked(retriever: Retriever, shop: ShopData, config: ProtocolConfig = MASKED, given: object = None) -> Answers:
    protocol = Protocol(config, Benchmark(shop=shop, given=given))  # type: ignore[arg-type]
    return ask("mine", retriever, protocol, protocol.users, shop.catalogue, 12)


def test_items_of_the_history_are_in_no_answer(shop: ShopData) -> None:
    answers = asked(RandomRetriever(shop.catalogue, 0), shop)
    assert answers.users == ("ben",)  # the others' last item is no new one
    own = {shop.catalogue.position(item_id) for item_id in ("milk", "bread", "cheddar", "butter")}
    assert set(answers.ranked[0].tolist()) == set(range(12)) - own


def test_given_candidates_are_ranked_and_nothing_else(shop: ShopData) -> None:
    config = MASKED.model_copy(update={"candidates": "given"})
    answers = asked(RandomRetriever(shop.catalogue, 0), shop, config, {"anna": ("milk", "tea", "oat")})
    assert {shop.catalogue.at(row).item_id for row in answers.ranked[0]} == {"milk", "tea", "oat"}


@pytest.mark.parametrize("score", [float("nan"), float("inf")])
def test_a_score_that_is_no_number_names_system_and_user(shop: ShopData, score: float) -> None:
    with pytest.raises(DataError, match="mine gives 'tea' a score that is not a number for user 'ben'"):
        asked(Broken(shop, score, "tea"), shop)


@pytest.mark.parametrize("item_ids", [("tea", "tea"), ("tea", "milk")], ids=["twice", "of the history"])
def test_a_list_that_breaks_the_rules_names_system_and_user(shop: ShopData, item_ids: tuple[str, ...]) -> None:
    with pytest.raises(DataError, match="mine ranks for user 'ben' an item twice, or one that is excluded"):
        asked(Broken(shop, 1.0, *item_ids), shop)


def test_answers_come_back_as_they_were_written(tmp_path: Path) -> None:
    answers = Answers(
        users=("anna", "no text \udcff"),
        ranked=(np.array([3, 1], dtype=np.int32), np.array([], dtype=np.int32)),
        scores=(np.array([0.5, 0.25], dtype=np.float32), np.array([], dtype=np.float32)),
        milliseconds=np.array([1.0, 2.0]),
    )
    answers.write(tmp_path / "a.parquet")
    found = Answers.read(tmp_path / "a.parquet")
    assert found.users == answers.users
    assert [rows.tolist() for rows in found.ranked] == [[3, 1], []]
    assert [scores.tolist() for scores in found.scores] == [[0.5, 0.25], []]


@pytest.mark.parametrize("keep", [0, 4, 200])
def test_a_file_that_was_cut_short(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"user_id": [b"anna"], "milliseconds": [1.0]}), path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(BuildError, match="missing, cut short or damaged"):
        Answers.read(path)


def test_a_parquet_file_of_something_else(tmp_path: Path) -> None:
    pq.write_table(pa.table({"user_id": [b"anna"]}), tmp_path / "a.parquet")
    with pytest.raises(BuildError, match="damaged"):
        Answers.read(tmp_path / "a.parquet")
