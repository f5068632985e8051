from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from llm_rerank.adapters import Adapter
from llm_rerank.config import RerankerConfig
from llm_rerank.opening import open_reranker
from llm_rerank.prompt import PromptConfig
from llm_rerank.registry import Registry
from llm_rerank.served import LiveAdapter, served_adapter
from retrieval.catalogue import Catalogue
from retrieval.config import read_config
from retrieval.errors import BuildError, ConfigError, ModelError
from retrieval.records import Item

Make = Callable[..., Adapter]


@pytest.fixture
def read(tmp_path: Path) -> Callable[[str], RerankerConfig]:
    def read(yaml: str) -> RerankerConfig:
        (tmp_path / "recommend.yaml").write_text(yaml)
        return read_config(tmp_path / "recommend.yaml", RerankerConfig)

    return read


@pytest.mark.parametrize(
    ("yaml", "setting"),
    [
        ("method: packed", None),
        ("adapter:", None),
        ("adapter: var/trained", Path("var/trained")),
        ("adapter: {}", LiveAdapter(registry=Path("var/adapters"), channel="default")),
        ("adapter: {registry: kept, channel: my-shop}", LiveAdapter(registry=Path("kept"), channel="my-shop")),
    ],
)
def test_a_path_is_a_folder_and_a_mapping_a_registry(
    read: Callable[[str], RerankerConfig], yaml: str, setting: Path | LiveAdapter | None
) -> None:
    assert read(yaml).adapter == setting


@pytest.mark.parametrize(
    ("adapter", "message"),
    [
        ("{chanel: shop}", "chanel='shop': .*Did you mean `channel`?"),
        ("{channel: ../shop}", r"channel='\.\./shop': "),
        ("[a]", r"adapter.*=\['a'\]: "),
    ],
)
def test_what_is_neither_is_refused(read: Callable[[str], RerankerConfig], adapter: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read(f"adapter: {adapter}")


def test_without_a_setting_none_is_served() -> None:
    assert served_adapter(None) is None


def test_a_folder_serves_what_lies_in_it(make_adapter: Make, tmp_path: Path) -> None:
    adapter = make_adapter("one")
    assert served_adapter(adapter.folder) == adapter
    with pytest.raises(BuildError, match="adapter="):
        served_adapter(tmp_path)


def test_promotion_and_rollback_decide_what_a_registry_serves(make_adapter: Make, tmp_path: Path) -> None:
    registry, setting = Registry(tmp_path / "kept"), LiveAdapter(registry=tmp_path / "kept", channel="shop")
    one, other = (registry.add(make_adapter(weights).folder)[0] for weights in ("one", "other"))
    with pytest.raises(ConfigError, match="channel='shop': no adapter is live in this channel"):
        served_adapter(setting)
    registry.promote(one.adapter_id, "shop")
    registry.promote(other.adapter_id, "shop")
    assert served_adapter(setting) == other
    registry.rollback("shop")
    assert served_adapter(setting) == one


@pytest.mark.parametrize(
    ("other", "because"),
    [({"prompt": PromptConfig(question="Next?")}, "with another prompt"), ({"method": "letters"}, "for letters")],
)
def test_a_configuration_serves_what_was_trained_for_it(
    make_adapter: Make, other: dict[str, Any], because: str
) -> None:
    fitting = make_adapter("one")
    assert RerankerConfig(adapter=fitting.folder).served() == fitting
    with pytest.raises(ModelError, match=f"was trained {because}"):
        RerankerConfig(adapter=make_adapter("other", **other).folder).served()


def test_what_is_settled_stays_when_another_one_is_promoted(make_adapter: Make, tmp_path: Path) -> None:
    registry = Registry(tmp_path / "kept")
    one, other = (registry.add(make_adapter(weights).folder)[0] for weights in ("one", "other"))
    registry.promote(one.adapter_id, "default")
    config = RerankerConfig(adapter=LiveAdapter(registry=registry.folder)).settled()
    registry.promote(other.adapter_id, "default")
    assert config.adapter == one.folder
    assert RerankerConfig().settled() == RerankerConfig()


def test_another_method_is_refused_before_the_model_is_looked_for(make_adapter: Make) -> None:
    config = RerankerConfig(model="nowhere", adapter=make_adapter("one", method="letters").folder)
    with pytest.raises(ModelError, match="the adapter was trained for letters"):
        open_reranker(config, Catalogue([Item(item_id="milk", title="Milk")]), say=print)
