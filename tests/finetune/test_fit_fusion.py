import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from pydantic import ValidationError
from rich.progress import Progress
from safetensors.numpy import save_file

from finetune import fit_fusion as job
from finetune.fit_fusion import fit_shop_fusion, main, told
from finetune.fusion_config import FusionConfig
from llm_rerank.adapters import SETTINGS, WEIGHTS, write_about
from llm_rerank.config import RerankerConfig
from llm_rerank.learned_fusion.opening import learnt_with, open_fusion
from llm_rerank.learned_fusion.record import FusionRecord
from llm_rerank.models import prepare_model
from llm_rerank.opening import open_reranker
from llm_rerank.prompt import PromptConfig
from llm_rerank.registry import Registry
from llm_rerank.reranker import Reranker
from retrieval.alone import alone
from retrieval.build import build
from retrieval.catalogue import Catalogue
from retrieval.config import RetrievalConfig
from retrieval.errors import BuildError, DatasetError
from retrieval.folder import load_folder
from retrieval.log import InteractionLog
from retrieval.retrievers.buy_again import BuyAgainConfig
from retrieval.shop import ShopData

RETRIEVAL = {
    "embedder": {"kind": "hashing"},
    "index": {"kind": "exact"},
    "retrievers": [{"kind": "buy-again"}, {"kind": "popularity"}],
}
CONFIG = FusionConfig.model_validate(
    RETRIEVAL
    | {
        "reranker": {"engine": {"kind": "fake"}, "candidates": 5},
        "users": 20,
        "trees": {"trees": 10, "leaves": 3, "least_rows": 5},
    }
)


@pytest.fixture(scope="module")
def crowded(catalogue: Catalogue, crowd: InteractionLog) -> ShopData:
    return ShopData(name="grocer", catalogue=catalogue, log=crowd)


def fit(shop: ShopData, folder: Path, **others: object) -> FusionRecord:
    return fit_shop_fusion(shop, CONFIG.model_copy(update=others), folder, Progress(disable=True))


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def finished(crowded: ShopData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fusion") / "fusion"
    fit(crowded, folder)
    return folder


def test_what_was_learnt_is_served_by_a_build_of_the_same_retrieval(
    finished: Path, crowded: ShopData, tmp_path: Path
) -> None:
    record = fit(crowded, finished)
    assert (record.lists, record.candidates) == (20, 5)
    assert set(record.checks) == {"retrieval", "one weight", "trees without the LLM", "trees with the LLM"}
    assert {path.name for path in finished.iterdir()} <= {".lock", "fusion.json", "trees.txt"}
    build(crowded, RetrievalConfig.model_validate(RETRIEVAL), tmp_path / "shop")
    built = load_folder(tmp_path / "shop")
    fusion = open_fusion(finished, built, learnt_with(prepare_model().fingerprint, None, PromptConfig(), built.config))
    history = built.log.history("anna")
    candidates = built.retriever.retrieve(history, 5)
    assert fusion.scores(history, candidates, np.arange(5.0)).shape == (5,)
    assert "20 users" in told(record)


def test_a_finished_folder_is_left_as_it_is(finished: Path, crowded: ShopData, monkeypatch: pytest.MonkeyPatch) -> None:
    before = content(finished)
    monkeypatch.setattr(job, "FusionLearner", None)
    fit(crowded, finished)
    assert content(finished) == before


def test_an_interrupted_run_goes_on_and_ends_the_same(
    finished: Path, crowded: ShopData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    score, scored = Reranker.score, list[int]()

    def counting(self: Reranker, queries: list[object], **named: object) -> object:
        if len(scored) == 1:
            scored.append(0)
            raise KeyboardInterrupt
        scored.append(len(queries))
        return score(self, queries, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Reranker, "score", counting)
    with pytest.raises(KeyboardInterrupt):
        fit(crowded, tmp_path / "fusion")
    fit(crowded, tmp_path / "fusion")
    assert scored == [16, 0, 4]
    assert content(tmp_path / "fusion") == content(finished)


@pytest.fixture
def stopped(crowded: ShopData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose scores are kept, and of which nothing was learnt yet."""
    folder = tmp_path / "stopped"
    with monkeypatch.context() as patch:
        patch.setattr(job, "FusionLearner", None)
        with pytest.raises(TypeError):
            fit(crowded, folder)
    return folder


@pytest.mark.parametrize("content", [b"[[1.0,", b"7", b'[["a"]]'])
def test_scores_that_are_damaged_are_named_and_need_no_new_folder(
    content: bytes, stopped: Path, crowded: ShopData
) -> None:
    (damaged,) = stopped.glob("work/*/scores/00000.json")
    damaged.write_bytes(content)
    with pytest.raises(BuildError, match=r"00000\.json is missing, cut short or damaged\. Delete .* and run the same"):
        fit(crowded, stopped)
    damaged.unlink()
    assert fit(crowded, stopped).lists == 20


def test_other_versions_do_not_go_on_with_what_is_kept(stopped: Path, crowded: ShopData) -> None:
    (versions,) = stopped.glob("work/*/versions.json")
    versions.write_text(versions.read_text().replace('"torch": "', '"torch": "0.'))
    with pytest.raises(BuildError, match=r"out=.*begun by other versions: torch was '0\..*another folder"):
        fit(crowded, stopped)


def test_it_is_learnt_with_the_adapter_that_was_live_when_it_began(
    crowded: ShopData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry, adapter_ids = Registry(tmp_path / "adapters"), []
    for weights in ("one", "other"):
        (tmp_path / weights).mkdir()
        save_file({weights: np.zeros(1)}, tmp_path / weights / WEIGHTS)
        (tmp_path / weights / SETTINGS).write_text("{}")
        write_about(tmp_path / weights, prepare_model(), PromptConfig(), "examples", {})
        adapter_ids.append(registry.add(tmp_path / weights)[0].adapter_id)
    one, other = adapter_ids
    opened: list[str | None] = []

    def promoting(config: RerankerConfig, *given: object, **named: object) -> Reranker:
        registry.promote(other, "default")
        opened.append((reranker := open_reranker(config, *given, **named)).adapter)  # type: ignore[arg-type]
        return reranker

    monkeypatch.setattr(job, "open_reranker", promoting)
    registry.promote(one, "default")
    live = RerankerConfig.model_validate(CONFIG.reranker.model_dump() | {"adapter": {"registry": registry.folder}})
    assert fit(crowded, tmp_path / "fusion", reranker=live).learnt_with.adapter == one
    assert opened == [one]


def test_the_last_baskets_say_what_was_taken_and_nothing_else(crowded: ShopData, tmp_path: Path) -> None:
    (_, oat), (_, milk) = (
        job._lessons(ended(crowded, item_id), CONFIG, tmp_path / item_id, Progress(disable=True))
        for item_id in ("oat", "milk")
    )
    for one, other in zip(oat, milk, strict=True):
        assert np.array_equal(one.matrix, other.matrix, equal_nan=True)
        assert np.array_equal(one.retrieval, other.retrieval)
    assert any(lesson.taken.any() for lesson in milk)


def ended(shop: ShopData, item_id: str) -> ShopData:
    """With a last basket of everybody's: this item alone."""
    last = [replace(shop.log.history(user).interactions[-1], item_id=item_id) for user in shop.log.user_ids]
    later = [replace(interaction, timestamp=interaction.timestamp + timedelta(days=9)) for interaction in last]
    log = InteractionLog(pd.concat([shop.log.frame, InteractionLog.of(later).frame]))
    return replace(shop, log=log)


@pytest.mark.parametrize("other", [{"users": 19}, {"seed": 1}])
def test_a_folder_of_another_fusion_is_refused(finished: Path, crowded: ShopData, other: dict[str, object]) -> None:
    before = content(finished)
    with pytest.raises(BuildError, match="other data"):
        fit(crowded, finished, **other)
    assert content(finished) == before


def test_another_process_at_work_is_not_disturbed(crowded: ShopData, tmp_path: Path) -> None:
    with alone(tmp_path), pytest.raises(BuildError, match="another process"):
        fit(crowded, tmp_path)


def test_a_log_of_one_basket_each_teaches_nothing(catalogue: Catalogue, log: InteractionLog, tmp_path: Path) -> None:
    eva = InteractionLog.of(log.history("eva").interactions)
    with pytest.raises(DatasetError, match="last basket"):
        fit(ShopData(name="single", catalogue=catalogue, log=eva), tmp_path)


def test_a_retrieval_that_proposes_nothing_is_named(crowded: ShopData, tmp_path: Path) -> None:
    """Nobody in this log has only looked."""
    looked_at = (BuyAgainConfig(kinds=("view",)),)
    with pytest.raises(DatasetError, match=r"retrievers=\['buy-again'\]: nothing is proposed to any of 20 users"):
        fit(crowded, tmp_path / "fusion", retrievers=looked_at)


def test_a_place_that_cannot_be_written_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "fusion").touch()
    config = tmp_path / "fusion.yaml"
    config.write_text(yaml.safe_dump(RETRIEVAL | {"reranker": {"engine": {"kind": "fake"}}}), encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["fit_fusion", "--config", str(config), "--out", str(tmp_path / "fusion")])
    with pytest.raises(SystemExit, match=r"^1$"):
        main()
    (said,) = (line for line in capsys.readouterr().err.splitlines() if "finetune.fit_fusion: " in line)
    assert "/fusion: File exists. Check" in said


@pytest.mark.parametrize(
    ("change", "named"), [({"blend": {}}, "blend"), ({"reranker": {"method": "letters"}}, "method")]
)
def test_what_cannot_be_learnt_is_refused(change: dict[str, object], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        FusionConfig.model_validate(RETRIEVAL | change)
