"""Benchmark data: published files read as they are, and counted before anything is measured on them."""

from eval.data.base import (
    AmazonBeauty2014Config,
    AmazonGames2018Config,
    Benchmark,
    BenchmarkDataConfig,
    Counts,
    MlLatestSmallConfig,
    ShopConfig,
)
from retrieval.datasets.base import load_dataset
from retrieval.errors import DatasetError


def load_benchmark(config: BenchmarkDataConfig, counts: Counts | None) -> Benchmark:
    """Reads the files; raises DatasetError for what is missing, damaged or does not count as it must."""
    benchmark = _load(config)
    found = Counts.of(benchmark.shop)
    if counts is not None and found != counts:
        raise DatasetError(
            f"after filtering there are {found}, and the benchmark has {counts}",
            field="counts",
            value=config.kind,
            remedy="Get the files again: a table made from other data cannot be compared with anything.",
        )
    return benchmark


def _load(config: BenchmarkDataConfig) -> Benchmark:
    match config:
        case AmazonBeauty2014Config():
            from eval.data import amazon_beauty

            return amazon_beauty.load(config)
        case MlLatestSmallConfig():
            from eval.data import ml_latest_small

            return ml_latest_small.load(config)
        case AmazonGames2018Config():
            from eval.data import amazon_games

            return amazon_games.load(config)
        case ShopConfig():
            return Benchmark(shop=load_dataset(config.dataset).shop, given=None)
