import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from llm_rerank.adapters import WEIGHTS, Adapter
from llm_rerank.channels import CHANNELS
from llm_rerank.cli.show_adapters import show_registry
from llm_rerank.merging import MERGED
from llm_rerank.models import PreparedModel
from llm_rerank.prompt import PromptConfig
from llm_rerank.registry import Registry

Run = Callable[..., tuple[int, str, str]]
Make = Callable[..., Adapter]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The registry's."""
    return tmp_path / "kept"


@pytest.fixture
def ask(run: Run, folder: Path) -> Callable[..., Any]:
    """A command on the registry that is expected to do its work: what it says as JSON."""

    def ask(*arguments: object) -> Any:
        code, out, _ = run("adapters", *arguments, "--registry", folder, "--json")
        assert code == 0
        return json.loads(out)

    return ask


@pytest.fixture
def tell(run: Run, folder: Path) -> Callable[..., str]:
    """The same for a person, each run of white space a blank."""

    def tell(*arguments: object) -> str:
        code, out, _ = run("adapters", *arguments, "--registry", folder)
        assert code == 0
        return " ".join(out.split())

    return tell


@pytest.fixture
def refuse(run: Run, folder: Path) -> Callable[..., str]:
    """A command that is expected to fail: the line it says."""

    def refuse(*arguments: object) -> str:
        code, out, err = run("adapters", *arguments, "--registry", folder, "--json")
        assert (code, out, err.count("\n")) == (1, "", 1)
        return err

    return refuse


def test_from_a_training_to_what_is_live_and_back(ask: Callable[..., Any], make_adapter: Make) -> None:
    one, other = (make_adapter(weights) for weights in ("one", "other"))
    assert ask("add", one.folder)["added"]
    assert ask("add", other.folder)["adapter_id"] == other.adapter_id
    assert not ask("add", one.folder)["added"]
    switched = ask("promote", one.adapter_id)
    assert switched == {"channel": "default", "live": one.adapter_id, "before": None, "warnings": []}
    assert ask("promote", other.adapter_id[:8])["before"] == one.adapter_id
    assert ask("list")["channels"]["default"]["before"] == one.adapter_id
    assert ask("rollback")["live"] == one.adapter_id
    assert ask("show", one.adapter_id)["live"] == ["default"]
    assert ask("show", other.adapter_id)["live"] == []


def test_a_channel_has_a_live_adapter_of_its_own(ask: Callable[..., Any], make_adapter: Make) -> None:
    one, other = (make_adapter(weights) for weights in ("one", "other"))
    for adapter, channel in ((one, "default"), (other, "my-shop")):
        ask("add", adapter.folder)
        ask("promote", adapter.adapter_id, "--channel", channel)
    assert {name: channel["live"] for name, channel in ask("list")["channels"].items()} == {
        "default": one.adapter_id,
        "my-shop": other.adapter_id,
    }


def test_a_list_says_what_each_is_and_what_is_damaged(
    ask: Callable[..., Any], tell: Callable[..., str], folder: Path, make_adapter: Make
) -> None:
    whole, damaged = (make_adapter(weights) for weights in ("whole", "damaged"))
    for adapter in (whole, damaged):
        ask("add", adapter.folder)
    ask("promote", whole.adapter_id)
    (folder / damaged.adapter_id / WEIGHTS).unlink()
    entries = {entry["adapter_id"]: entry for entry in ask("list")["adapters"]}
    good = entries[whole.adapter_id]
    assert (good["base"], good["examples"], good["metrics"]) == ("smol", "examples", {"steps": 3, "ndcg": 0.25})
    assert (good["prompt_fingerprint"], good["live"], good["problem"]) == (
        PromptConfig().fingerprint,
        ["default"],
        None,
    )
    assert good["bytes"] == whole.size
    assert "no whole adapter" in entries[damaged.adapter_id]["problem"]
    text = tell("list")
    for part in (whole.adapter_id, "smol", PromptConfig().fingerprint, "ndcg 0.25", "damaged: no whole"):
        assert part in text
    assert f"default: {whole.adapter_id} is live since 20" in text
    assert "nothing was live before" in text


def test_ids_can_be_copied_from_a_narrow_terminal(
    ask: Callable[..., Any],
    folder: Path,
    make_adapter: Make,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    adapter = make_adapter("one")
    ask("add", adapter.folder)
    monkeypatch.setenv("COLUMNS", "60")
    show_registry(Registry(folder))
    assert adapter.adapter_id in capsys.readouterr().out


def test_an_empty_registry_says_how_to_fill_it(ask: Callable[..., Any], tell: Callable[..., str], folder: Path) -> None:
    assert tell("list") == f"No adapter is in {folder} yet: llm-rerank adapters add FOLDER"
    assert ask("list") == {"registry": str(folder), "adapters": [], "channels": {}}
    assert not folder.exists()


def test_a_live_adapter_that_is_gone_is_listed_as_gone(
    ask: Callable[..., Any], tell: Callable[..., str], folder: Path, make_adapter: Make
) -> None:
    adapter = make_adapter("one")
    ask("add", adapter.folder)
    ask("promote", adapter.adapter_id)
    shutil.rmtree(folder / adapter.adapter_id)
    assert "but is not in the registry any more" in tell("list")


def test_the_prompt_is_shown_as_a_configuration_has_it(
    ask: Callable[..., Any], run: Run, folder: Path, make_adapter: Make
) -> None:
    prompt = PromptConfig(question="买\x1b: #?", chat=False)
    adapter = make_adapter("one", prompt=prompt)
    ask("add", adapter.folder)
    _, out, _ = run("adapters", "show", adapter.adapter_id, "--registry", folder)
    shown = out[out.index("prompt:") : out.index("live in")]
    assert PromptConfig.model_validate(yaml.safe_load(shown)["prompt"]) == prompt


def test_an_adapter_says_what_it_is_and_when_it_was_live(
    ask: Callable[..., Any], tell: Callable[..., str], make_adapter: Make
) -> None:
    adapter = make_adapter("one")
    ask("add", adapter.folder)
    ask("promote", adapter.adapter_id, "--channel", "shop")
    text = tell("show", adapter.adapter_id[:6])
    for part in (f"adapter_id {adapter.adapter_id}", "base smol", "ndcg 0.25", "live in shop"):
        assert part in text
    assert "UTC by promote in shop" in text
    assert ask("show", adapter.adapter_id)["prompt"] == adapter.prompt.model_dump()


def test_what_an_adapter_says_of_itself_cannot_drive_a_terminal(
    run: Run, folder: Path, make_adapter: Make, tmp_path: Path
) -> None:
    adapter = make_adapter("one")
    about = json.loads((adapter.folder / "adapter.json").read_text())
    about |= {"base": "[red]\x1b[2J", "examples": "a\nb\x9b", "metrics": {"[bold]\x1b": 1}}
    (adapter.folder / "adapter.json").write_text(json.dumps(about))
    Registry(folder).add(adapter.folder)
    for asked in (("list",), ("show", adapter.adapter_id), ("list", "--json"), ("show", adapter.adapter_id, "--json")):
        _, out, _ = run("adapters", *asked, "--registry", folder)
        assert all(c.isprintable() or c == "\n" for c in out)
        assert "[red]" in out


def test_another_base_or_prompt_than_before_is_said_when_it_is_promoted(
    ask: Callable[..., Any], tell: Callable[..., str], make_adapter: Make
) -> None:
    one, other = make_adapter("one"), make_adapter("one", base="large", prompt=PromptConfig(question="Next?"))
    for adapter in (one, other):
        ask("add", adapter.folder)
    assert ask("promote", one.adapter_id)["warnings"] == []
    base, prompt = ask("promote", other.adapter_id)["warnings"]
    assert base == "it was trained on large, the one before on smol: `model:` must change too."
    assert "`prompt:` must change too" in prompt
    assert "Warning: it was trained on smol, the one before on large" in tell("rollback")


def test_so_is_another_method(ask: Callable[..., Any], tell: Callable[..., str], make_adapter: Make) -> None:
    one, lettered = make_adapter("one"), make_adapter("other", method="letters")
    for adapter in (one, lettered):
        ask("add", adapter.folder)
    ask("promote", one.adapter_id)
    (method,) = ask("promote", lettered.adapter_id)["warnings"]
    assert method == "it was trained for letters, the one before for packed: `method:` must change too."
    assert "method letters" in tell("show", lettered.adapter_id)


def test_what_a_configuration_would_refuse_is_not_promoted_for_it(
    ask: Callable[..., Any],
    refuse: Callable[..., str],
    tiny_base: PreparedModel,
    tiny_adapter: Adapter,
    make_adapter: Make,
    folder: Path,
    tmp_path: Path,
) -> None:
    other = make_adapter("other")
    for adapter in (tiny_adapter, other):
        ask("add", adapter.folder)
    config = tmp_path / "recommend.yaml"
    config.write_text(f"model: {tiny_base.folder}")
    assert "trained on smol" in refuse("promote", other.adapter_id, "--config", config)
    promoted = ask("promote", tiny_adapter.adapter_id, "--config", config)
    assert promoted["live"] == tiny_adapter.adapter_id
    assert "changes nothing there until it names {registry: " in promoted["warnings"][0]
    config.write_text(f"model: {tiny_base.folder}\nadapter: {{registry: {folder}}}")
    assert ask("promote", tiny_adapter.adapter_id, "--config", config)["warnings"] == []
    config.write_text(f"model: {tiny_base.folder}\nprompt: {{question: Other}}")
    assert "trained with another prompt" in refuse("promote", tiny_adapter.adapter_id, "--config", config)
    config.write_text(f"model: {tiny_base.folder}\nmethod: letters")
    assert "trained for packed" in refuse("promote", tiny_adapter.adapter_id, "--config", config)


def test_merged_from_the_registry(ask: Callable[..., Any], tiny_adapter: Adapter, tmp_path: Path) -> None:
    ask("add", tiny_adapter.folder)
    merged = ask("merge", tiny_adapter.adapter_id, "--out", tmp_path / "merged")
    assert merged["folder"] == str(tmp_path / "merged")
    assert json.loads((tmp_path / "merged" / MERGED).read_text())["adapter_id"] == tiny_adapter.adapter_id


def test_merged_on_a_machine_where_the_base_lies_elsewhere(
    ask: Callable[..., Any], refuse: Callable[..., str], tiny_base: PreparedModel, tiny_adapter: Adapter, tmp_path: Path
) -> None:
    ask("add", tiny_adapter.folder)
    elsewhere = shutil.copytree(tiny_base.folder, tmp_path / "elsewhere")
    merged = ask("merge", tiny_adapter.adapter_id, "--out", tmp_path / "merged", "--model", elsewhere)
    assert merged["base"] == str(elsewhere)
    (elsewhere / "config.json").write_text("{}")
    said = refuse("merge", tiny_adapter.adapter_id, "--out", tmp_path / "again", "--model", elsewhere)
    assert "the adapter was trained on" in said
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("show", "zz"), "adapter_id='zz': no adapter in"),
        (("promote", "../x"), "adapter_id='../x': no adapter in"),
        (("promote", "", "--channel", "a"), "adapter_id='': no adapter in"),
        (("rollback",), "channel='default': no adapter is live in this channel"),
        (("add", "/nowhere"), "adapter='/nowhere': no whole adapter"),
        (("merge", "zz", "--out", "/nowhere"), "adapter_id='zz': no adapter in"),
    ],
)
def test_what_cannot_be_done_is_one_line(refuse: Callable[..., str], asked: tuple[str, ...], said: str) -> None:
    assert said in refuse(*asked)


def test_a_channel_with_a_path_for_a_name(
    ask: Callable[..., Any], refuse: Callable[..., str], folder: Path, make_adapter: Make
) -> None:
    adapter = make_adapter("one")
    ask("add", adapter.folder)
    said = refuse("promote", adapter.adapter_id, "--channel", "../../x\x1b[2J")
    assert "cannot be a channel's name" in said
    assert "\x1b" not in said
    assert not (folder / CHANNELS).exists()


def test_a_damaged_state_is_named_by_whatever_reads_it(
    ask: Callable[..., Any], refuse: Callable[..., str], folder: Path, make_adapter: Make
) -> None:
    adapter = make_adapter("one")
    ask("add", adapter.folder)
    (folder / CHANNELS).write_text('{"format": 1, "chan')
    for asked in (("list",), ("show", adapter.adapter_id), ("promote", adapter.adapter_id), ("rollback",)):
        assert "what is live cannot be read" in refuse(*asked)
    assert (folder / CHANNELS).read_text() == '{"format": 1, "chan'


def test_info_names_what_the_next_start_serves(
    run: Run, ask: Callable[..., Any], folder: Path, make_adapter: Make, tmp_path: Path
) -> None:
    def info() -> Any:
        return json.loads(run("info", "--config", config, "--json")[1])["adapter"]

    config = tmp_path / "recommend.yaml"
    config.write_text(f"adapter: {{registry: {folder}, channel: shop}}")
    assert info().startswith("registry=")
    one, other = (make_adapter(weights) for weights in ("one", "other"))
    for adapter in (one, other):
        ask("add", adapter.folder)
        ask("promote", adapter.adapter_id, "--channel", "shop")
    assert info()["adapter_id"] == other.adapter_id
    ask("rollback", "--channel", "shop")
    assert info()["adapter_id"] == one.adapter_id
    assert f"adapter {one.adapter_id}, trained on smol" in " ".join(run("info", "--config", config)[1].split())
    config.write_text(f"adapter: {one.folder}\nprompt: {{question: Other}}")
    assert "trained with another prompt" in info()
    config.write_text("")
    assert info() is None
    assert "served no adapter" in " ".join(run("info", "--config", config)[1].split())
