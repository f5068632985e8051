"""/v1/quality: what was measured, as its runs have it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from llm_rerank.service.app import create_app
from llm_rerank.service.service import Service
from retrieval.errors import ConfigError

PUBLISHED = Path(__file__).parents[3] / "docs" / "results"
RUN = "complete-journey-llm"


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A real run's result, one with examples of its own making."""
    shutil.copytree(PUBLISHED / RUN, tmp_path / "runs" / RUN)
    place = {"title": "<b>Milk</b>", "right": True}
    one = {"user_id": "anna", "taken": ["<b>Milk</b>"], "before": 0.1, "after": 0.9}
    one |= {"list_before": [place], "list_after": [place]}
    examples = {"system": "llm-tuned", "baseline": "hybrid", "metric": "ndcg@10", "best": [one], "worst": []}
    (tmp_path / "runs" / RUN / "examples.json").write_text(json.dumps(examples))
    return tmp_path / "runs"


@pytest.fixture
def ask(serve: Callable[..., Service], show_key: Callable[..., dict[str, str]]) -> Callable[..., Any]:
    """What the service answers with these settings, to a key of this tenant."""

    def one(tenant: str = "shop", **settings: Any) -> Any:
        service = serve(**settings)
        with TestClient(create_app(service)) as client:
            return client.get("/v1/quality", headers=show_key(service, "read", tenant=tenant)).json()

    return one


def test_every_system_stands_with_its_interval_and_its_gain(ask: Callable[..., Any], runs: Path) -> None:
    (run,) = ask(quality=runs)["runs"]
    said = json.loads((runs / RUN / "metrics.json").read_text())
    assert (run["name"], run["metric"], run["baseline"]) == (RUN, "ndcg@10", "hybrid")
    by_name = {one["name"]: one for one in run["systems"]}
    kept = {one["name"]: one for one in said["systems"]}
    assert by_name["llm-tuned"]["figure"] == kept["llm-tuned"]["metrics"]["ndcg@10"]
    difference = kept["llm-tuned"]["versus"]["hybrid"]["ndcg@10"]
    assert by_name["llm-tuned"]["gain"] == difference["difference"] | {"p_value": difference["p_value"]}
    assert by_name["hybrid"]["gain"] is None
    assert any(rule.startswith("Ties: ") for rule in run["rules"])
    assert by_name["hybrid"]["users"] == 100


def test_a_pair_that_is_kept_the_other_way_round_is_turned(ask: Callable[..., Any], runs: Path) -> None:
    (run,) = ask(quality=runs)["runs"]
    said = json.loads((runs / RUN / "metrics.json").read_text())
    (hybrid,) = [one for one in said["systems"] if one["name"] == "hybrid"]
    (text,) = [one for one in run["systems"] if one["name"] == "text"]
    kept = hybrid["versus"]["text"]["ndcg@10"]["difference"]
    assert text["gain"]["mean"] == -kept["mean"]
    assert (text["gain"]["low"], text["gain"]["high"]) == (-kept["high"], -kept["low"])


def test_runs_and_examples_are_for_the_shops_own_keys(ask: Callable[..., Any], runs: Path) -> None:
    (run,) = ask(quality=runs)["runs"]
    assert run["examples"]["best"][0]["user_id"] == "anna"
    assert ask(tenant="another", quality=runs) == {"runs": [], "unreadable": []}


def test_without_a_folder_nothing_was_measured(ask: Callable[..., Any], tmp_path: Path) -> None:
    nothing: dict[str, Any] = {"runs": [], "unreadable": []}
    assert ask() == nothing
    assert ask(quality=tmp_path) == nothing


def test_a_folder_that_is_not_there_is_said_at_the_start(serve: Callable[..., Service], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="quality"):
        serve(quality=tmp_path / "nowhere")


@pytest.mark.parametrize("said", ["", "{}", "[]", '{"title": "cut', '{"lift": 1}', "[" * 100_000, "[" + "]" * 9])
def test_a_run_that_cannot_be_read_hides_no_other(ask: Callable[..., Any], runs: Path, said: str) -> None:
    (runs / "broken").mkdir()
    (runs / "broken" / "metrics.json").write_text(said)
    answer = ask(quality=runs)
    assert [run["name"] for run in answer["runs"]] == [RUN]
    assert [run["name"] for run in answer["unreadable"]] == ["broken"]


def test_a_figure_that_is_no_number_is_none(ask: Callable[..., Any], runs: Path) -> None:
    path = runs / RUN / "metrics.json"
    said = json.loads(path.read_text())
    said["systems"][0]["metrics"]["ndcg@10"]["low"] = float("nan")
    path.write_text(json.dumps(said))
    assert [one["name"] for one in ask(quality=runs)["unreadable"]] == [RUN]


def test_a_result_that_contradicts_itself_is_none(ask: Callable[..., Any], runs: Path) -> None:
    path = runs / RUN / "metrics.json"
    said = json.loads(path.read_text())
    path.write_text(json.dumps(said | {"headline": "applause"}))
    assert ask(quality=runs)["unreadable"] == [{"name": RUN, "problem": "this is no result of a run"}]


def test_all_that_is_published_can_be_shown(ask: Callable[..., Any]) -> None:
    answer = ask(quality=PUBLISHED)
    assert len(answer["runs"]) > 5
    assert answer["unreadable"] == []


def test_it_asks_for_a_key(service: Service) -> None:
    with TestClient(create_app(service)) as client:
        assert client.get("/v1/quality").status_code == 401
