"""What llm-compressor makes of a tiny model, and what is refused. Nothing is skipped: `make test` sets it up."""

from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from benchmarks.simulated import simulated
from finetune.quantization.config import QuantizationConfig
from finetune.quantization.job import QUANTIZED, quantize
from llm_rerank.explanations.asking import writer_prompt
from llm_rerank.merging import MERGED
from llm_rerank.tokenizer import ChatTokenizer
from retrieval.errors import ConfigError, MissingExtraError, ModelError
from retrieval.files import read_json, write_json

Configure = Callable[..., QuantizationConfig]
LAYER = "model.layers.0.mlp.down_proj"


def environment_that(folder: Path, does: str) -> Path:
    """One whose python is a shell script."""
    python = folder / "environment" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\n{does}\n")
    python.chmod(0o755)
    return folder / "environment"


@pytest.fixture(scope="module")
def compressed(configure: Configure, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """In four bits; treat as read-only."""
    out = tmp_path_factory.mktemp("compressed") / "new" / "w4a16"
    quantize(configure(), out)
    return out


def test_its_layers_are_in_four_bits_and_its_embedding_is_not(compressed: Path) -> None:
    weights = load_file(compressed / "model.safetensors")
    assert weights[f"{LAYER}.weight_packed"].shape == (16, 32 * 4 // 32)  # eight weights an int32
    assert weights[f"{LAYER}.weight_scale"].shape == (16, 32 // 8)
    assert weights["model.embed_tokens.weight"].dtype == torch.float32


def test_it_answers_much_as_full_precision_does(compressed: Path, merged: Path) -> None:
    ids = torch.tensor([[1, 5, 9, 7, 8]])
    with torch.inference_mode():
        ours = simulated(compressed)(ids).logits
        theirs = AutoModelForCausalLM.from_pretrained(merged, dtype=torch.float32)(ids).logits
    assert torch.corrcoef(torch.stack([ours.flatten(), theirs.flatten()]))[0, 1] > 0.9
    assert (ours - theirs).abs().max() > 1e-3


def test_its_tokenizer_is_that_of_the_model(compressed: Path, merged: Path) -> None:
    text = "good door 1 Yes"
    assert ChatTokenizer.load(compressed).encode(text) == ChatTokenizer.load(merged).encode(text)


def test_it_says_what_it_was_made_of(compressed: Path, merged: Path) -> None:
    about = read_json(compressed / QUANTIZED)
    assert about["merged"] == read_json(merged / MERGED)
    assert about["scheme"] == {"kind": "w4a16", "group_size": 8}
    assert about["calibration"]["examples"] == "doors"
    assert about["calibration"]["prompts"] == 4
    assert about["versions"]["llmcompressor"] == "0.14.0.1"
    assert "+cpu" in about["versions"]["torch"]


def test_whoever_serves_it_may_be_another_user(compressed: Path) -> None:
    assert all(path.stat().st_mode & 0o044 == 0o044 for path in compressed.iterdir())


def test_a_group_that_does_not_divide_a_layer_is_refused_and_leaves_nothing(
    configure: Configure, rows: Path, tmp_path: Path
) -> None:
    scheme = {"kind": "w4a16", "group_size": 12, "calibration": {"examples": rows, "prompts": 1}}
    with pytest.raises(ModelError, match=r"scheme='w4a16'.*not divisible by group_size.*Choose a group size"):
        quantize(configure(scheme=scheme), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_the_system_ends_is_not_blamed_on_the_scheme(configure: Configure, tmp_path: Path) -> None:
    killed = environment_that(tmp_path, "kill -9 $$")
    with pytest.raises(ModelError, match=r"it said nothing; it ended with -9\)\. Free memory"):
        quantize(configure(scheme={"kind": "fp8"}, environment=killed), tmp_path / "out")


def test_what_lies_there_is_kept(configure: Configure, tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("theirs")
    with pytest.raises(ConfigError, match=r"out=.*something lies there already"):
        quantize(configure(), tmp_path)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["theirs"]


def test_without_its_environment_it_names_the_word_that_makes_it(configure: Configure, tmp_path: Path) -> None:
    with pytest.raises(MissingExtraError, match=r"environment=.*make quantize-env"):
        quantize(configure(environment=tmp_path / "none"), tmp_path / "out")


@pytest.mark.parametrize("said", [None, [["prompt", {}]]])
def test_a_model_that_was_not_merged_is_refused(said: object, configure: Configure, tmp_path: Path) -> None:
    if said is not None:
        write_json(tmp_path / MERGED, said)
    with pytest.raises(ModelError, match=r"model=.*no merged checkpoint.*llm-rerank adapters merge"):
        quantize(configure(model=tmp_path, environment=environment_that(tmp_path, "exit")), tmp_path / "out")


def test_a_writer_is_not_calibrated_on_what_a_ranker_is_asked(configure: Configure, tmp_path: Path) -> None:
    write_json(tmp_path / MERGED, {"adapter_id": "0ne", "prompt": writer_prompt().model_dump(), "method": "packed"})
    with pytest.raises(ModelError, match=r"model=.*no ranker's prompt.*`kind: fp8`"):
        quantize(configure(model=tmp_path, environment=environment_that(tmp_path, "exit")), tmp_path / "out")


def test_a_model_of_letters_is_calibrated_on_letters(configure: Configure, merged: Path, tmp_path: Path) -> None:
    copytree(merged, tmp_path / "letters")
    write_json(tmp_path / "letters" / MERGED, read_json(merged / MERGED) | {"method": "letters"})
    told, environment = tmp_path / "told.json", environment_that(tmp_path, f"cat > {tmp_path}/told.json\necho '{{}}'")
    quantize(configure(model=tmp_path / "letters", environment=environment), tmp_path / "out")
    (letter,) = ChatTokenizer.load(merged).encode("(F)")
    assert all(letter in prompt for prompt in read_json(told)["prompts"])  # of six candidates


def test_a_place_that_cannot_be_written_is_named(configure: Configure, tmp_path: Path) -> None:
    """Somebody writes there while it is compressed."""
    meanwhile = f"mkdir {tmp_path}/out\ntouch {tmp_path}/out/theirs\necho '{{}}'"
    told = configure(scheme={"kind": "fp8"}, environment=environment_that(tmp_path, meanwhile))
    with pytest.raises(ModelError, match=r"out=.*cannot be written.*Directory not empty.*has room"):
        quantize(told, tmp_path / "out")
