import json
from collections.abc import Callable
from pathlib import Path

import pytest

from llm_rerank.config import RecommendConfig
from llm_rerank.service.config import ServeConfig
from retrieval.config import read_config

ROOT = Path(__file__).parents[3]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_RERANK__DATABASE", f"sqlite:///{tmp_path}/service.db")


def test_a_key_is_made_listed_and_revoked(run: Run) -> None:
    _, out, _ = run("keys", "create", "--scope", "read", "--per-minute", 5, "--json")
    made = json.loads(out)
    assert made["key"].startswith(f"llmrr_{made['key_id']}_")
    assert (made["tenant"], made["scopes"], made["per_minute"], made["revoked"]) == ("shop", ["read"], 5, None)
    code, out, _ = run("keys", "revoke", made["key_id"])
    assert (code, out.strip()) == (0, f"{made['key_id']} is revoked.")
    listed = json.loads(run("keys", "list", "--json")[1])["keys"]
    assert [one["key_id"] for one in listed] == [made["key_id"]]
    assert listed[0]["revoked"].endswith("UTC")
    assert made["key"] not in str(listed)
    assert made["key_id"] in run("keys", "list")[1]


def test_for_a_person(run: Run) -> None:
    assert "There is no key yet" in run("keys", "list")[1]
    key, about = run("keys", "create", "--tenant", "other")[1].splitlines()
    assert key.startswith("llmrr_")
    assert about.endswith("of other: read, write; it is not shown again.")


def test_what_cannot_be(run: Run) -> None:
    assert run("keys", "create", "--scope", "root")[0] == 1
    code, _, err = run("keys", "revoke", "nothing")
    assert (code, "no such key" in err) == (1, True)


def test_a_variable_of_the_environment_that_is_wrong_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_RERANK__PORT", "many")
    code, _, err = run("keys", "list")
    assert (code, "LLM_RERANK__PORT='many'" in err) == (1, True)


def test_the_demos_service_is_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LLM_RERANK__DATABASE")
    monkeypatch.chdir(ROOT)
    served = ServeConfig.read(Path("configs/serve.yaml"))
    assert served.recommend == read_config(Path("configs/recommend.yaml"), RecommendConfig)


def test_a_service_without_its_shop_ends_with_a_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "serve.yaml").write_text(f"recommend: {{shop: {tmp_path / 'nothing'}}}")
    code, _, err = run("serve", "--config", tmp_path / "serve.yaml")
    assert (code, "this is no build folder" in err) == (1, True)


def test_a_certificate_without_its_key_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "serve.yaml").write_text("tls_certificate: shop.pem")
    code, _, err = run("serve", "--config", tmp_path / "serve.yaml")
    assert (code, "a certificate and its key come together" in err) == (1, True)
