"""The OpenAPI document says what the service does: requests are made of it, and replies measured by it."""

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from llm_rerank.service.app import create_app
from llm_rerank.service.service import Service

HERE = Path(__file__).parent
OF_THE_DOOR = {"400", "401", "403", "413", "422", "429", "503"}
EXAMPLES = os.environ.get("EXAMPLES", "5")
"""Requests of each kind and operation; CONTRIBUTING.md has the command for more."""


@pytest.fixture
def document(service: Service) -> dict[str, Any]:
    return create_app(service).openapi()


def test_every_operation_answers_as_is_written(
    service: Service,
    listen: Callable[[Service], AbstractContextManager[tuple[str, int]]],
    show_key: Callable[..., dict[str, str]],
    tmp_path: Path,
) -> None:
    shown = show_key(service, "admin", per_minute=10**9)["Authorization"]
    with listen(service) as (host, port):
        tool = Path(sys.executable).with_name("schemathesis")
        command = [tool, "--config-file", HERE / "schemathesis.toml", "run", f"http://{host}:{port}/openapi.json"]
        command += ["--header", f"Authorization: {shown}", "--max-examples", EXAMPLES, "--no-color"]
        hooks = os.environ | {"SCHEMATHESIS_HOOKS": str(HERE / "fitting.py")}
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=hooks)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_route_that_asks_for_a_key_says_how_it_refuses(document: dict[str, Any]) -> None:
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    keyed = [operation["responses"] for operation in operations if "security" in operation]
    assert len(keyed) == len(operations) - len(["/healthz", "/readyz", "/metrics"])
    for responses in keyed:
        assert set(responses) >= OF_THE_DOOR
        said = [responses[status]["content"]["application/json"]["schema"] for status in OF_THE_DOOR]
        assert all(schema == {"$ref": "#/components/schemas/ErrorOut"} for schema in said)
        assert {"429", "503"} == {
            status for status in responses if "Retry-After" in responses[status].get("headers", {})
        }


def test_nobody_is_answered_without_a_key(callers: Any, document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            reply = callers.client.request(method, path, **({} if method in ("get", "delete") else {"json": {}}))
            assert reply.status_code == (401 if "security" in operation else 200), path
