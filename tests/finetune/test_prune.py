from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import typer
import yaml
from numpy.typing import NDArray
from rich.progress import Progress
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM
from typer.testing import CliRunner

from finetune import commands
from finetune.prune import PRUNED, prune, without
from finetune.prune_config import PruneConfig
from llm_rerank.checkpoints import write_checkpoint
from llm_rerank.engines.base import ScoringRequest
from llm_rerank.engines.transformers import TransformersEngine
from llm_rerank.models import PreparedModel, prepare_model
from llm_rerank.tokenizer import ChatTokenizer
from retrieval.errors import ConfigError
from retrieval.files import read_json

REQUEST = ScoringRequest(prefix=(1, 5, 9), continuations=((7, 8), (11,), (7, 8, 12)), labels=(3, 4))
Configure = Callable[..., PruneConfig]


@pytest.fixture(scope="module")
def idle(
    tiny: PreparedModel, tiny_llama: Callable[..., LlamaForCausalLM], tmp_path_factory: pytest.TempPathFactory
) -> PreparedModel:
    """Six layers, of which the third and the fourth pass on what they are given."""
    folder = tmp_path_factory.mktemp("models") / "idle"
    model = tiny_llama(
        vocab_size=64, hidden_size=16, intermediate_size=32, num_hidden_layers=6, max_position_embeddings=256
    )
    with torch.no_grad():
        for layer in (2, 3):
            model.model.layers[layer].self_attn.o_proj.weight.zero_()
            model.model.layers[layer].mlp.down_proj.weight.zero_()
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(tiny.folder).save_pretrained(folder)
    return prepare_model(str(folder))


@pytest.fixture
def configure(finished: Path, idle: PreparedModel) -> Configure:
    usual = {
        "examples": finished,
        "model": str(idle.folder),
        "keep_layers": 4,
        "lists": 5,
        "prompt": {"history_items": 3},
    }
    return lambda **others: PruneConfig.model_validate(usual | others)


def scores(folder: Path) -> NDArray[np.float32]:
    return TransformersEngine.load(folder, ChatTokenizer.load(folder), device="cpu").score([REQUEST])[0]


def test_layers_that_do_nothing_go_and_nothing_changes(
    configure: Configure, idle: PreparedModel, tmp_path: Path
) -> None:
    assert prune(configure(), tmp_path / "pruned", Progress(disable=True)) == (0, 1, 4, 5)
    np.testing.assert_allclose(scores(tmp_path / "pruned"), scores(idle.folder), atol=1e-5)


def test_neighbours_go_together(configure: Configure, idle: PreparedModel, tmp_path: Path) -> None:
    kept = prune(configure(keep_layers=3), tmp_path / "pruned", Progress(disable=True))
    gone = sorted(set(range(6)) - set(kept))
    assert gone == list(range(gone[0], gone[0] + 3))
    assert {2, 3} <= set(gone)
    assert 5 in kept  # what the head reads


def test_what_is_left_is_a_model_by_itself(configure: Configure, idle: PreparedModel, tmp_path: Path) -> None:
    prune(configure(), tmp_path / "pruned", Progress(disable=True))
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "pruned")
    assert model.config.num_hidden_layers == len(model.model.layers) == 4
    ids = torch.tensor([[1, 5, 9, 7, 8]])
    with torch.inference_mode():
        after = model(ids, use_cache=True).past_key_values
        assert len(after) == 4
    about = read_json(tmp_path / "pruned" / PRUNED)
    assert (about["layers"], about["base_fingerprint"]) == ([0, 1, 4, 5], idle.fingerprint)


def test_two_prunings_of_one_model_are_two_models(
    tiny_llama: Callable[..., LlamaForCausalLM], tiny: PreparedModel, tmp_path: Path
) -> None:
    """Of weights so large that a fingerprint reads their ends alone, which are the same."""
    found = set()
    for kept in ((0, 1, 5), (0, 4, 5)):
        large = tiny_llama(hidden_size=256, intermediate_size=512, num_hidden_layers=6, vocab_size=1200)
        folder = tmp_path / str(kept)
        write_checkpoint(folder, without(large, kept), tiny, PRUNED, {})
        assert (folder / "model.safetensors").stat().st_size > 3 << 20
        found.add(prepare_model(str(folder)).fingerprint)
    assert len(found) == 2


def test_of_two_prunings_in_a_row_the_first_is_remembered(tiny_llama: Callable[..., LlamaForCausalLM]) -> None:
    """By the numbers that the layers had at first."""
    twice = without(without(tiny_llama(num_hidden_layers=6), (0, 2, 4, 5)), (0, 2, 3))
    assert twice.config.kept_layers == [0, 4, 5]


def test_nothing_is_overwritten(configure: Configure, tmp_path: Path) -> None:
    (tmp_path / "pruned").mkdir()
    (tmp_path / "pruned" / "mine").touch()
    with pytest.raises(ConfigError, match="something lies there"):
        prune(configure(), tmp_path / "pruned", Progress(disable=True))


@pytest.mark.parametrize("layers", [6, 7])
def test_to_keep_all_layers_is_a_mistake(configure: Configure, tmp_path: Path, layers: int) -> None:
    with pytest.raises(ConfigError, match=rf"keep_layers={layers}: the model has 6 layers"):
        prune(configure(keep_layers=layers), tmp_path / "pruned", Progress(disable=True))


def test_the_command_says_what_is_left(configure: Configure, tmp_path: Path) -> None:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(commands.prune)
    (tmp_path / "prune.yaml").write_text(yaml.safe_dump(configure().model_dump(mode="json")))
    words = ["--config", str(tmp_path / "prune.yaml"), "--out", str(tmp_path / "pruned")]
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.exit_code == 0
    assert "layers 0, 1, 4, 5 are left" in " ".join(done.stdout.split())
