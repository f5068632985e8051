import json
from dataclasses import replace
from pathlib import Path

import pytest

from llm_rerank.adapters import ABOUT, SETTINGS, WEIGHTS, Adapter, write_about
from llm_rerank.models import PreparedModel
from llm_rerank.prompt import PromptConfig
from retrieval.errors import BuildError, ModelError

BASE = PreparedModel(name="smol", folder=Path("smol"), fingerprint="ba5e")
PROMPT = PromptConfig(question="Buy?")


@pytest.fixture
def adapter(tmp_path: Path) -> Adapter:
    (tmp_path / WEIGHTS).write_bytes(b"weights")
    (tmp_path / SETTINGS).write_text("{}", encoding="utf-8")
    return write_about(tmp_path, BASE, PROMPT, "examples", {"steps": 3})


def test_what_is_read_is_what_was_written(adapter: Adapter) -> None:
    assert Adapter.read(adapter.folder) == adapter
    assert (adapter.base, adapter.base_fingerprint, adapter.prompt) == ("smol", "ba5e", PROMPT)
    assert (adapter.examples, adapter.metrics) == ("examples", {"steps": 3})


def test_its_id_is_that_of_its_content(adapter: Adapter) -> None:
    again = write_about(adapter.folder, BASE, PROMPT, "other examples", {})
    assert again.adapter_id == adapter.adapter_id
    other_base = write_about(adapter.folder, replace(BASE, fingerprint="0ther"), PROMPT, "examples", {})
    other_prompt = write_about(adapter.folder, BASE, PromptConfig(question="Next?"), "examples", {})
    assert len({adapter.adapter_id, other_base.adapter_id, other_prompt.adapter_id}) == 3


@pytest.mark.parametrize("name", [WEIGHTS, SETTINGS])
def test_an_adapter_that_was_changed_is_refused(adapter: Adapter, name: str) -> None:
    (adapter.folder / name).write_bytes(b"others")
    with pytest.raises(BuildError, match=f"calls itself {adapter.adapter_id}, and its content is"):
        Adapter.read(adapter.folder)


@pytest.mark.parametrize("name", [WEIGHTS, SETTINGS, ABOUT])
def test_an_adapter_that_is_not_whole_is_refused(adapter: Adapter, name: str) -> None:
    (adapter.folder / name).unlink()
    with pytest.raises(BuildError, match="no whole adapter"):
        Adapter.read(adapter.folder)


@pytest.mark.parametrize("about", ["", "[]", "{}", '{"adapter_id": 1}'])
def test_a_damaged_description_is_refused(adapter: Adapter, about: str) -> None:
    (adapter.folder / ABOUT).write_text(about, encoding="ascii")
    with pytest.raises(BuildError, match="no whole adapter"):
        Adapter.read(adapter.folder)


def test_a_prompt_that_this_version_does_not_know_is_refused(adapter: Adapter) -> None:
    about = json.loads((adapter.folder / ABOUT).read_text(encoding="ascii"))
    about["prompt"]["language"] = "Latin"
    (adapter.folder / ABOUT).write_text(json.dumps(about), encoding="ascii")
    with pytest.raises(BuildError, match="no whole adapter"):
        Adapter.read(adapter.folder)


@pytest.mark.parametrize("metrics", [{"ndcg": "high"}, [1, 2], {"ndcg": None}])
def test_metrics_that_are_no_numbers_are_refused_by_name(adapter: Adapter, metrics: object) -> None:
    about = json.loads((adapter.folder / ABOUT).read_text(encoding="ascii"))
    (adapter.folder / ABOUT).write_text(json.dumps(about | {"metrics": metrics}), encoding="ascii")
    with pytest.raises(BuildError, match=r"\(adapter\.json\.metrics[^ ]*: Input should be"):
        Adapter.read(adapter.folder)


def test_its_size_is_that_of_its_files(adapter: Adapter) -> None:
    about = (adapter.folder / ABOUT).stat().st_size
    assert adapter.size == len("weights") + len("{}") + about


def test_it_is_served_on_its_base_with_its_prompt(adapter: Adapter) -> None:
    adapter.require(BASE, PROMPT)


def test_another_base_is_refused_by_name(adapter: Adapter) -> None:
    other = PreparedModel(name="large", folder=Path("large"), fingerprint="1a49e")
    with pytest.raises(ModelError, match="model='large': the adapter was trained on smol") as refused:
        adapter.require(other, PROMPT)
    assert refused.value.field == "model"


def test_another_prompt_is_refused_with_what_differs(adapter: Adapter) -> None:
    with pytest.raises(ModelError, match=r"trained with another prompt: \{'question': 'Buy\?'\}") as refused:
        adapter.require(BASE, PromptConfig(question="Next?"))
    assert refused.value.field == "prompt"
    assert refused.value.value == {"question": "Next?"}


def test_its_method_is_its_name_too(adapter: Adapter) -> None:
    lettered = write_about(adapter.folder, BASE, PROMPT, "examples", {}, method="letters")
    assert (adapter.method, lettered.method) == ("packed", "letters")
    assert lettered.adapter_id != adapter.adapter_id


def test_another_method_is_refused_by_name(adapter: Adapter) -> None:
    adapter.require_method("packed")
    with pytest.raises(ModelError, match=r"method='letters': the adapter was trained for packed\. Set method: packed"):
        adapter.require_method("letters")


def test_what_was_trained_before_there_was_a_choice_is_packed(adapter: Adapter) -> None:
    about = json.loads((adapter.folder / ABOUT).read_text(encoding="ascii"))
    del about["method"]
    (adapter.folder / ABOUT).write_text(json.dumps(about), encoding="ascii")
    assert Adapter.read(adapter.folder) == adapter


def test_a_method_of_a_later_version_is_refused(adapter: Adapter) -> None:
    about = json.loads((adapter.folder / ABOUT).read_text(encoding="ascii"))
    (adapter.folder / ABOUT).write_text(json.dumps(about | {"method": "pairs"}), encoding="ascii")
    with pytest.raises(BuildError, match=r"adapter\.json\.method: Input should be"):
        Adapter.read(adapter.folder)
