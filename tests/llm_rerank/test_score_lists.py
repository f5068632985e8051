import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from llm_rerank import score_lists as job
from llm_rerank.adapters import Adapter
from llm_rerank.engines.fake import FakeEngine
from llm_rerank.fusion import WeightedFusion
from llm_rerank.prompt import Prompt
from llm_rerank.reranker import Query, Reranker
from llm_rerank.score_lists import main, score_lists
from retrieval.catalogue import Catalogue
from retrieval.log import InteractionLog
from retrieval.records import UserHistory

CANDIDATES = {"anna": ["tea", "milk", "oat"], "ben": ["bread"], "chloe": [], "dan": ["rolls", "nappies"]}


@pytest.fixture
def reranker(fake_engine: FakeEngine, prompt: Prompt, catalogue: Catalogue) -> Reranker:
    return Reranker(fake_engine, prompt, catalogue, fusion=WeightedFusion(llm_weight=1))


@pytest.fixture
def lists(log: InteractionLog) -> pyarrow.Table:
    """What a shop sends: distinct items by when they were last taken, and how often each was."""
    rows = []
    for user_id, candidates in CANDIDATES.items():
        history = log.history(user_id)
        taken = [one.item_id for one in history.interactions]
        times = [taken.count(item_id) for item_id in history.item_ids]
        rows.append({"user_id": user_id, "history": history.item_ids, "times": times, "candidates": candidates})
    text = pyarrow.list_(pyarrow.string())
    schema = {"user_id": pyarrow.string(), "history": text, "times": pyarrow.list_(pyarrow.int32()), "candidates": text}
    return pyarrow.Table.from_pylist(rows, pyarrow.schema(schema))


def plain(rows: range) -> Any:
    return rows


def queries(log: InteractionLog, catalogue: Catalogue) -> list[Query]:
    return [
        Query(history=log.history(user_id), items=tuple(catalogue[item_id] for item_id in candidates))
        for user_id, candidates in CANDIDATES.items()
    ]


def test_lists_score_as_the_histories_they_were_made_from(
    reranker: Reranker, lists: pyarrow.Table, log: InteractionLog, catalogue: Catalogue
) -> None:
    scored = score_lists(reranker, lists, plain).to_pylist()
    assert [(row["user_id"], row["candidates"]) for row in scored] == list(CANDIDATES.items())
    for row, expected in zip(scored, reranker.score(queries(log, catalogue)), strict=True):
        assert row["scores"] == pytest.approx(expected.tolist())


@pytest.mark.parametrize("at_once", [1, 3])
def test_how_many_are_held_at_a_time_changes_nothing(
    reranker: Reranker, lists: pyarrow.Table, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    together = score_lists(reranker, lists, plain)
    monkeypatch.setattr(job, "_AT_ONCE", at_once)
    assert score_lists(reranker, lists, plain).equals(together)


def test_no_lists_have_no_scores(reranker: Reranker, lists: pyarrow.Table) -> None:
    scored = score_lists(reranker, lists.slice(0, 0), plain)
    assert scored.column_names == ["user_id", "candidates", "scores"]
    assert scored.num_rows == 0


def test_a_user_without_a_history_is_scored(reranker: Reranker, catalogue: Catalogue, lists: pyarrow.Table) -> None:
    empty = lists.slice(0, 1).to_pylist()[0] | {"history": [], "times": []}
    (row,) = score_lists(reranker, pyarrow.Table.from_pylist([empty], lists.schema), plain).to_pylist()
    nobody = Query(history=UserHistory.of("anna", []), items=tuple(catalogue[i] for i in CANDIDATES["anna"]))
    assert row["scores"] == pytest.approx(reranker.score([nobody])[0].tolist())


@pytest.fixture
def asked(tmp_path: Path, catalogue: Catalogue, lists: pyarrow.Table, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with all that the command needs, and its arguments."""
    items = pyarrow.table({name: [getattr(item, name) for item in catalogue] for name in ("item_id", "title")})
    pyarrow.parquet.write_table(items, tmp_path / "items.parquet")
    pyarrow.parquet.write_table(lists, tmp_path / "lists.parquet")
    (tmp_path / "config.yaml").write_text("engine: {kind: fake}\n", encoding="utf-8")
    names = {"config": "config.yaml", "lists": "lists.parquet", "items": "items.parquet", "out": "scores.parquet"}
    given = [part for name, file in names.items() for part in (f"--{name}", str(tmp_path / file))]
    monkeypatch.setattr(sys, "argv", ["score_lists", *given])
    return tmp_path


@pytest.mark.usefixtures("prepared")
def test_the_command_writes_a_file_and_says_how_long_it_took(asked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main()
    said = json.loads(capsys.readouterr().out)
    assert (said["lists"], said["candidates"]) == (4, 6)
    scores = pyarrow.parquet.read_table(asked / "scores.parquet")["scores"].to_pylist()
    assert [len(row) for row in scores] == [3, 1, 0, 2]
    assert np.isfinite(np.concatenate(scores)).all()


def test_an_adapter_for_another_method_is_refused(asked: Path, make_adapter: Callable[..., Adapter]) -> None:
    with (asked / "config.yaml").open("a", encoding="utf-8") as config:
        config.write(f"adapter: {make_adapter('one', method='letters').folder}\n")
    with pytest.raises(SystemExit, match="method='packed': the adapter was trained for letters"):
        main()


@pytest.mark.parametrize("name", ["lists", "items"])
def test_a_file_without_its_columns_is_refused_by_name(asked: Path, name: str) -> None:
    pyarrow.parquet.write_table(pyarrow.table({"user_id": ["anna"]}), asked / f"{name}.parquet")
    with pytest.raises(SystemExit, match=f"{name}.parquet'?: it is missing, damaged or lacks one of the columns"):
        main()


def test_an_item_without_a_title_is_refused_by_name(asked: Path) -> None:
    items = pyarrow.table({"item_id": ["tea"], "title": pyarrow.array([None], pyarrow.string())})
    pyarrow.parquet.write_table(items, asked / "items.parquet")
    with pytest.raises(SystemExit, match="title"):
        main()
