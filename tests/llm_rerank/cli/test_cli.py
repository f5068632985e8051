import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from llm_rerank.adapters import Adapter
from llm_rerank.cli.show import print_json, print_text, show_ranking
from llm_rerank.models import PreparedModel
from llm_rerank.ranking import Evidence, Explanation, RankedItem, Ranking
from retrieval.catalogue import Catalogue
from retrieval.records import Item, UserHistory

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def config(tmp_path: Path, built_folder: Path, prepared: PreparedModel) -> Path:
    path = tmp_path / "recommend.yaml"
    path.write_text(f"shop: {built_folder}\nengine:\n  kind: fake\n")
    return path


def refused(result: tuple[int, str, str]) -> str:
    code, out, err = result
    assert code != 0
    assert out == ""
    assert "Traceback" not in err
    return err


def test_recommend_as_json(run: Run, config: Path) -> None:
    code, out, _ = run("recommend", "--user", "anna", "--top-n", 3, "--explained", 1, "--config", config, "--json")
    answer = json.loads(out)
    assert code == 0
    assert set(answer) == {
        "user_id", "items", "engine", "model", "adapter", "llm_weight", "timings_ms", "answered_by", "degraded",
    }  # fmt: skip
    assert [item["rank"] for item in answer["items"]] == [1, 2, 3]
    assert set(answer["items"][0]) == {
        "item_id", "title", "rank", "score", "retrieval_rank", "llm_rank", "llm_score", "sources", "explanation",
    }  # fmt: skip
    assert set(answer["items"][0]["explanation"]) == {
            "text", "language", "source", "rejected", "evidence", "against",
        }  # fmt: skip
    assert answer["items"][1]["explanation"] is None
    assert answer["degraded"] is None


def test_recommend_for_a_person(run: Run, config: Path) -> None:
    code, out, _ = run("recommend", "--user", "anna", "--explained", 1, "--config", config)
    assert code == 0
    assert "What anna did" in out
    assert "the final order (LLM weight 0)" in out
    assert "The LLM has no weight in this order." in out
    assert "engine fake" in out


def test_every_cited_purchase_is_in_the_history_that_is_printed(run: Run, config: Path) -> None:
    asked = ("recommend", "--user", "anna", "--config", config)
    _, out, _ = run(*asked)
    history = out[: out.index("The ranking")]
    items = json.loads(run(*asked, "--json")[1])["items"]
    cited = {e["item_id"] for item in items if item["explanation"] for e in item["explanation"]["evidence"]}
    assert cited
    assert all(f" {item_id} " in history for item_id in cited)


def test_given_items_have_no_place_in_retrieval(run: Run, config: Path) -> None:
    _, out, _ = run("rerank", "--item", "tea", "--item", "oat", "--user", "anna", "--config", config)
    assert "the given items in the order of the LLM" in out
    assert "proposed by" not in out


def test_one_more_purchase_changes_the_answer_at_once(run: Run, config: Path) -> None:
    asked = ("recommend", "--user", "anna", "--explained", 0, "--config", config)
    before, after = run(*asked)[1], run(*asked, "--also", "tea", "--also", "tea")[1]
    newest, *_ = (line for line in after.splitlines() if line.startswith("│"))
    assert " tea " in newest
    assert before[before.index("The ranking") :] != after[after.index("The ranking") :]
    assert run(*asked)[1].splitlines()[:5] == before.splitlines()[:5]


@pytest.mark.parametrize(
    "asked",
    [
        ("recommend", "--user", "zoe"),
        ("recommend", "--user", "anna", "--also", "caviar"),
        ("rerank", "--user", "anna", "--item", "caviar"),
    ],
)
def test_an_unknown_id_is_refused_before_the_model_is_loaded(
    run: Run, config: Path, monkeypatch: pytest.MonkeyPatch, asked: tuple[str, ...]
) -> None:
    def load(*_: object, **__: object) -> None:
        raise AssertionError("the model was loaded")

    monkeypatch.setattr("llm_rerank.recommender.open_for_shop", load)
    refused(run(*asked, "--config", config))


def test_no_items_at_all_cannot_be_asked_for(run: Run, config: Path) -> None:
    assert "--top-n" in refused(run("recommend", "--user", "anna", "--top-n", 0, "--config", config))


def test_rerank_and_explain_given_items(run: Run, config: Path) -> None:
    given = ("--item", "tea", "--item", "oat", "--user", "anna", "--config", config, "--json")
    ranked, explained = (json.loads(run(command, *given)[1])["items"] for command in ("rerank", "explain"))
    assert {item["item_id"] for item in ranked} == {item["item_id"] for item in explained} == {"tea", "oat"}
    assert all(item["explanation"] for item in explained)


def test_a_reason_in_chinese(run: Run, config: Path) -> None:
    _, out, _ = run("explain", "--item", "tea", "--user", "anna", "--language", "zh", "--config", config, "--json")
    assert "您" in json.loads(out)["items"][0]["explanation"]["text"]


@pytest.mark.parametrize("asked", [("--user", "zoe"), ("--user", "anna\x1b[31m")])
def test_an_unknown_user(run: Run, config: Path, asked: tuple[str, str]) -> None:
    err = refused(run("recommend", *asked, "--config", config, "--json"))
    assert err.startswith("llm-rerank: user_id=")
    assert err.count("\n") == 1
    assert "\x1b" not in err


def test_an_unknown_item(run: Run, config: Path) -> None:
    err = refused(run("rerank", "--user", "anna", "--item", "caviar", "--config", config, "--json"))
    assert "caviar" in err
    assert err.count("\n") == 1


def test_an_unknown_language(run: Run, config: Path) -> None:
    assert "language" in refused(run("recommend", "--user", "anna", "--language", "fr", "--config", config))


def test_a_misspelt_key(run: Run, config: Path) -> None:
    config.write_text("candidate: 5\n")
    err = refused(run("recommend", "--user", "anna", "--config", config))
    assert "candidates" in err
    assert err.count("\n") == 1


def test_no_such_configuration(run: Run, tmp_path: Path) -> None:
    assert "gone.yaml" in refused(run("info", "--config", tmp_path / "gone.yaml"))


@pytest.mark.parametrize("content", [None, '{"half'])
def test_a_half_written_build(run: Run, config: Path, tmp_path: Path, content: str | None) -> None:
    folder = tmp_path / "half"
    folder.mkdir()
    if content:
        (folder / "manifest.json").write_text(content)
    err = refused(run("recommend", "--user", "anna", "--config", config, "--shop", folder, "--json"))
    assert "build" in err
    assert err.count("\n") == 1


def test_info(run: Run, config: Path, tmp_path: Path) -> None:
    _, out, _ = run("info", "--config", config, "--json")
    assert json.loads(out)["settings"]["engine"]["kind"] == "fake"
    code, out, _ = run("info", "--config", config, "--shop", tmp_path / "none", "--json")
    assert code == 0
    assert isinstance(json.loads(out)["build"], str)
    assert run("info", "--config", config)[1].startswith("version")


def test_info_says_what_the_next_start_would_refuse(
    run: Run, make_adapter: Callable[..., Adapter], tmp_path: Path
) -> None:
    lettered = make_adapter("one", method="letters").folder
    (tmp_path / "config.yaml").write_text(f"adapter: {lettered}")
    assert (
        "trained for letters" in json.loads(run("info", "--config", tmp_path / "config.yaml", "--json")[1])["adapter"]
    )


def test_info_sees_a_damaged_build(run: Run, config: Path, built_folder: Path, tmp_path: Path) -> None:
    damaged = shutil.copytree(built_folder, tmp_path / "damaged")
    (damaged / "interactions.parquet").write_bytes(b"PAR1")
    build = json.loads(run("info", "--config", config, "--shop", damaged, "--json")[1])["build"]
    assert "interactions.parquet" in build


def test_a_stopped_command_says_so(run: Run, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("llm_rerank.cli.info.version", stop)
    code, _, err = run("info", "--config", config)
    assert code == 130
    assert "stopped" in err


def hostile(title: str) -> tuple[Ranking, Catalogue]:
    shop = Catalogue([Item(item_id="x\x1b", title=title)])
    reason = Explanation(
        text="Fine.", language="en", source="model", evidence=(Evidence(item_id="x\x1b", title=title, effect=1),)
    )
    place = RankedItem(
        item=shop.at(0), rank=1, score=0, retrieval_rank=1, llm_score=None, llm_rank=None, explanation=reason
    )
    return Ranking(user_id="u\x9b", items=(place,), engine="fake", model="none"), shop


def test_hostile_titles_cannot_drive_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    ranking, shop = hostile("[red]a\x1b[2J\x07\x9b31m\u202eb\ud83d :bomb:\nc")
    show_ranking(ranking, UserHistory(user_id="u\x1b"), shop, ())
    print_text("[bold]:bomb:[/bold]")
    out = capsys.readouterr().out
    assert all(c.isprintable() or c == "\n" for c in out)
    assert "[red]a" in out
    assert "[bold]:bomb:[/bold]" in out


def test_json_escapes_what_a_terminal_would_obey(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"title": "全脂牛奶 👍 \x1b\x9b\x7f\u202e\ud83d\U000e0041\u2028"}
    print_json(value)
    out = capsys.readouterr().out
    assert json.loads(out) == value
    assert "全脂牛奶 👍" in out
    assert all(c.isprintable() or c == "\n" for c in out)


def test_a_closed_pipe_is_no_traceback(config: Path) -> None:
    command = [sys.executable, "-c", "from llm_rerank.cli.app import main; main()", "info", "--config", str(config)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
