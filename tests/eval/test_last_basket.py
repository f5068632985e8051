from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eval.last_basket import HYBRID, Job, recalls, report_llm, report_retrieval, sources_fitted_on
from eval.report import Report
from llm_rerank.config import RecommendConfig
from llm_rerank.fusion import ScoredList
from retrieval.build import build
from retrieval.config import RetrievalConfig
from retrieval.embedders.base import HashingConfig
from retrieval.errors import ConfigError
from retrieval.folder import BuiltShop, load_folder
from retrieval.indexes.base import ExactConfig
from retrieval.retrievers.blend.config import BlendConfig
from retrieval.retrievers.buy_again import BuyAgainConfig
from retrieval.retrievers.popularity import PopularityConfig
from retrieval.retrievers.sequence.config import SequenceConfig
from retrieval.shop import ShopData
from retrieval.splits import last_basket


@pytest.fixture(scope="module")
def built(shop: ShopData, tmp_path_factory: pytest.TempPathFactory) -> BuiltShop:
    folder = tmp_path_factory.mktemp("eval") / "shop"
    sources = (BuyAgainConfig(), PopularityConfig())
    build(shop, RetrievalConfig(embedder=HashingConfig(), index=ExactConfig(), retrievers=sources), folder)
    return load_folder(folder)


def test_every_household_counts_and_sources_know_the_training_part_alone(built: BuiltShop) -> None:
    split = last_basket(built.log, "test")
    found = recalls(split, sources_fitted_on(split, built))
    assert set(found) == {"buy-again", "popularity", HYBRID}
    # anna, ben, chloe and dan have a basket to hold out; ben's coffee is new to him, dan's brie is not available.
    assert found["buy-again"].tolist() == [1.0, 0.0, 1.0, 0.5]
    assert found[HYBRID].tolist() == [1.0, 1.0, 1.0, 0.5]


def test_what_is_not_measured_here_is_refused(built: BuiltShop) -> None:
    split = last_basket(built.log, "test")
    for change in ({"blend": BlendConfig()}, {"retrievers": (PopularityConfig(), SequenceConfig(trained=Path("x")))}):
        other = replace(built, config=built.config.model_copy(update=change))
        with pytest.raises(ConfigError, match="llm-rerank eval"):
            sources_fitted_on(split, other)


def test_a_report_names_the_command_and_both_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["/somewhere/eval/last_basket.py", "--part", "test"])
    right = np.array([True, False])
    lists = [ScoredList(llm=np.array([0.0, 1.0]), retrieval=np.array([1.0, 0.0]), relevant=right)] * 3
    report = Report("Trial")
    report_retrieval(report, {"a": np.array([0.1, 0.2]), HYBRID: np.array([0.5, 0.4])})
    report_llm(report, lists, Job(part="test", households=3, seed=0, config=RecommendConfig()))
    report.write(tmp_path, "test")
    text = (tmp_path / "test.md").read_text(encoding="utf-8")
    assert "`python -m eval.last_basket --part test`" in text
    assert "| a | 0.1500 |" in text
    assert "| retrieval alone (weight 0) | 1.0000 |" in text
    assert "Weight chosen" not in text  # never on test households
