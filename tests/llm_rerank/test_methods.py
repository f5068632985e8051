from collections.abc import Callable
from pathlib import Path

import pytest

from llm_rerank.adapters import WEIGHTS, Adapter
from llm_rerank.config import RecommendConfig, RerankerConfig
from llm_rerank.methods import method_of, require_method, settled
from llm_rerank.recommender import Recommender
from llm_rerank.registry import Registry
from retrieval.errors import BuildError, ModelError
from retrieval.folder import BuiltShop

Make = Callable[..., Adapter]
SHIPPED = Path(__file__).parents[2] / "llm_rerank" / "shipped" / "complete-journey"


def test_an_adapter_says_what_it_was_trained_for_and_its_id_changes_with_it(make_adapter: Make) -> None:
    packed, lettered = make_adapter("one"), make_adapter("one", method="letters")
    assert (method_of(packed), method_of(lettered)) == ("packed", "letters")
    assert packed.adapter_id != lettered.adapter_id


@pytest.mark.parametrize(("name", "adapter_id"), [("adapter", "178a90619d1a"), ("writer", "5a5ae126ef83")])
def test_what_was_trained_before_there_was_a_choice_is_packed(name: str, adapter_id: str) -> None:
    adapter = Adapter.read(SHIPPED / name)
    assert (adapter.adapter_id, method_of(adapter)) == (adapter_id, "packed")


def test_it_is_served_by_no_other_method(make_adapter: Make) -> None:
    require_method(make_adapter("one", method="letters"), "letters")
    with pytest.raises(ModelError, match=r"method='letters': the adapter was trained for packed\. Set method: packed"):
        require_method(make_adapter("two"), "letters")


def test_weights_that_cannot_be_read_are_damaged(make_adapter: Make) -> None:
    adapter = make_adapter("one")
    (adapter.folder / WEIGHTS).write_bytes(b"weights")
    with pytest.raises(BuildError, match="weights cannot be read"):
        method_of(adapter)


def test_a_recommender_refuses_it_before_the_model_is_loaded(make_adapter: Make, built: BuiltShop) -> None:
    config = RecommendConfig(model="nowhere", adapter=make_adapter("one", method="letters").folder)
    with pytest.raises(ModelError, match="the adapter was trained for letters"):
        Recommender.for_shop(built, config)


def test_what_is_settled_stays_when_another_one_is_promoted(make_adapter: Make, tmp_path: Path) -> None:
    registry = Registry(tmp_path / "kept")
    one, other = (registry.add(make_adapter(weights).folder)[0] for weights in ("one", "other"))
    registry.promote(one.adapter_id, "default")
    config = settled(RerankerConfig.model_validate({"adapter": {"registry": registry.folder}}))
    registry.promote(other.adapter_id, "default")
    assert config.adapter == one.folder
    assert settled(RerankerConfig()) == RerankerConfig()
