"""Which adapters are let in. The engine is a stand-in: what its weights do is tested with the engines."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from llm_rerank.adapters import SETTINGS, WEIGHTS, write_about
from llm_rerank.config import EngineConfig, RecommendConfig
from llm_rerank.explanations.asking import WriterPrompt, writer_prompt
from llm_rerank.models import PreparedModel
from llm_rerank.opening import open_for_shop
from llm_rerank.prompt import PromptConfig
from retrieval.errors import ModelError
from retrieval.folder import BuiltShop

CONFIG = RecommendConfig(engine=EngineConfig(kind="fake"))
Make = Callable[..., Path]


@pytest.fixture
def made(tmp_path: Path, prepared: PreparedModel) -> Make:
    """An adapter's folder, of the house's model."""

    def make(prompt: PromptConfig | WriterPrompt, *, fingerprint: str = prepared.fingerprint) -> Path:
        (tmp_path / WEIGHTS).write_bytes(b"weights")
        (tmp_path / SETTINGS).write_text("{}", encoding="utf-8")
        return write_about(tmp_path, replace(prepared, fingerprint=fingerprint), prompt, "examples", {}).folder

    return make


def silent(_: str) -> None:
    pass


def test_a_writers_adapter_is_let_in(made: Make, built: BuiltShop) -> None:
    config = CONFIG.model_copy(update={"writer_adapter": made(writer_prompt())})
    assert open_for_shop(config, built, say=silent).engine.name == "fake"


def test_one_of_another_base_is_refused(made: Make, built: BuiltShop) -> None:
    config = CONFIG.model_copy(update={"writer_adapter": made(writer_prompt(), fingerprint="0ther")})
    with pytest.raises(ModelError, match="was trained on smollm2"):
        open_for_shop(config, built, say=silent)


@pytest.mark.parametrize("prompt", [PromptConfig(), WriterPrompt(example=("Sell!",))])
def test_one_that_was_asked_otherwise_is_refused(
    made: Make, built: BuiltShop, prompt: PromptConfig | WriterPrompt
) -> None:
    config = CONFIG.model_copy(update={"writer_adapter": made(prompt)})
    with pytest.raises(ModelError, match="trained with another prompt"):
        open_for_shop(config, built, say=silent)


def test_a_writer_does_not_score(made: Make, built: BuiltShop) -> None:
    scoring = CONFIG.model_copy(update={"adapter": made(writer_prompt())})
    with pytest.raises(ModelError, match="trained with another prompt"):
        open_for_shop(scoring, built, say=silent)
