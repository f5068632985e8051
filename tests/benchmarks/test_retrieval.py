from pathlib import Path

from benchmarks.retrieval import found_share, latency_promises, latency_table
from retrieval.build import build
from retrieval.config import RetrievalConfig
from retrieval.embedders.base import HashingConfig
from retrieval.folder import load_folder
from retrieval.indexes.base import FaissConfig
from retrieval.retrievers.popularity import PopularityConfig
from retrieval.retrievers.text import TextConfig
from retrieval.shop import ShopData


def test_percentiles_count_both_steps() -> None:
    table = latency_table([(1.0, 2.0), (1.0, 4.0), (1.0, 6.0)], 100)
    assert [row[:2] for row in table.rows] == [("history", "1.00"), ("100 candidates", "4.00"), ("both", "5.00")]


def test_the_median_must_stay_below_twenty_milliseconds() -> None:
    assert latency_promises([(1.0, 18.0)])[0].verdict == "met"
    assert latency_promises([(1.0, 19.0)])[0].verdict == "not met"


def test_an_index_that_looks_everywhere_finds_all(shop: ShopData, tmp_path: Path) -> None:
    sources = (TextConfig(), PopularityConfig())
    settings = RetrievalConfig(embedder=HashingConfig(), index=FaissConfig(), retrievers=sources)
    build(shop, settings, tmp_path / "shop")
    built = load_folder(tmp_path / "shop")
    assert found_share(built, tmp_path / "shop", built.log.user_ids) == 1.0
