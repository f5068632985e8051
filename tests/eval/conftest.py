"""One small run, with numbers that a page can be checked against, and what makes runs over the tiny world."""

from collections.abc import Callable
from pathlib import Path

import pytest

from eval.config import EvalConfig
from eval.result import Churn, Difference, Goal, Interval, Reranking, Result, Slice, SystemResult
from retrieval.shop import ShopData


def interval(mean: float, half: float = 0.01) -> Interval:
    return Interval(mean=mean, low=mean - half, high=mean + half)


def system(name: str, ndcg: float, versus: dict[str, tuple[float, float]]) -> SystemResult:
    """`versus`: other system, then (difference in ndcg@10, p)."""
    return SystemResult(
        name=name,
        users=1000,
        metrics={"recall@5": interval(ndcg), "recall@10": interval(ndcg * 1.5), "ndcg@10": interval(ndcg)},
        by_seed={"0": {"ndcg@10": ndcg}},
        beyond={"coverage@10": ndcg * 3, "arp@10": 40.0},
        slices={"history length": {"short, 1-4": Slice(users=600, metrics={"ndcg@10": interval(ndcg)})}},
        versus={
            other: {"ndcg@10": Difference(difference=interval(by, 0.005), p_value=p)}
            for other, (by, p) in versus.items()
        },
        seconds_to_fit=12.0,
        milliseconds_per_user=1.5,
        curves={"loss": [0.9, 0.5, 0.4]},
        importances={"bm25": 3.0 + ndcg, "price": 1.0},
        checks={"blend": 0.31, "fusion": 0.3} if name == "blend" else {},
    )


@pytest.fixture
def damage() -> Callable[[Path], None]:
    """Flips bits of a gzip file that gzip.compress wrote: its first block is then of no kind there is."""

    def flip(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[10] = 0b111  # after the header
        path.write_bytes(content)

    return flip


@pytest.fixture
def result() -> Result:
    """`blend` beats `popular` for sure, and `knn` perhaps."""
    return Result(
        benchmark="beauty",
        title="Beauty, last item out",
        part="test",
        protocol=["Each user's last item is held out.", "The whole catalogue is ranked."],
        counts={"users": 1000, "items": 12101},
        config={"seed": 0, "model": {"layers": 2}},
        command="python -m eval.run --config configs/eval/beauty.yaml",
        device="2 cores",
        versions={"lenskit": "2025.8.1"},
        read={"data": "ab" * 8},
        date="2026-01-31",
        code={"eval/page.py": "ab" * 32},
        headline="ndcg@10",
        goals=[
            Goal(system="blend", metric="ndcg@10", at_least=0.05, source="a paper"),
            Goal(system="popular", metric="recall@10", at_least=0.9, source="a dream"),
        ],
        systems=[
            system("popular", 0.02, {}),
            system("blend", 0.06, {"popular": (0.04, 0.0001), "knn": (0.003, 0.2)}),
            system("knn", 0.057, {"popular": (0.037, 0.0001)}),
        ],
    )


@pytest.fixture
def reranked(result: Result) -> Result:
    """`blend`, with a language model on top of `knn`'s candidates, on the validation part."""
    found = Reranking(
        of="knn",
        candidates=50,
        ceiling=interval(0.3),
        overlap=0.25,
        churn=Churn(places=1.5, top_flips=0.125),
        calibration_error=0.4,
        weight_curve={"0": 0.05, "0.5": 0.06},
        chosen_weight=0.5,
    )
    systems = [s.model_copy(update={"reranking": found}) if s.name == "blend" else s for s in result.systems]
    return result.model_copy(update={"systems": systems})


@pytest.fixture
def shop_folder(tmp_path: Path, shop: ShopData) -> Path:
    """The tiny grocer as a shop's own files, every item available."""
    folder = tmp_path / "shop"
    folder.mkdir()
    items = "".join(f"{item.item_id},{item.title.replace(',', '')}\n" for item in shop.catalogue)
    rows = shop.log.frame.itertuples()
    (folder / "items.csv").write_text(f"id,title\n{items}", encoding="utf-8")
    log = "".join(f"{row.user_id},{row.item_id},{row.timestamp.isoformat()}\n" for row in rows)
    (folder / "log.csv").write_text(f"who,what,when\n{log}", encoding="utf-8")
    return folder


@pytest.fixture
def configure(shop_folder: Path) -> Callable[..., EvalConfig]:
    """A benchmark of the tiny grocer's last baskets, of these systems; `others` replace its fields."""
    dataset = {
        "kind": "files",
        "items": {"path": shop_folder / "items.csv", "columns": {"item_id": "id", "title": "title"}},
        "interactions": {
            "path": shop_folder / "log.csv",
            "columns": {"user_id": "who", "item_id": "what", "timestamp": "when"},
        },
    }
    usual = {
        "benchmark": "grocer",
        "title": "The grocer",
        "data": {"kind": "shop", "dataset": dataset},
        "protocol": {"split": "last-basket", "part": "test", "seen": "allowed"},
        "embedder": {"kind": "hashing"},
        "depth": 12,
        "cutoffs": [5, 10],
    }

    def one(systems: list[dict[str, object]], **others: object) -> EvalConfig:
        return EvalConfig.model_validate(usual | {"systems": systems} | others)

    return one
