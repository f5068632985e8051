"""The quantisation job: from a merged checkpoint to one in fewer bits, by a process in llm-compressor's environment."""

import json
import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from transformers import AutoTokenizer

from finetune.examples import read_manifest
from finetune.quantization.config import Fp8, QuantizationConfig
from finetune.quantization.prompts import calibration_prompts
from llm_rerank.checkpoints import require_free
from llm_rerank.merging import MERGED
from llm_rerank.prompt import Prompt, PromptConfig
from llm_rerank.ranking import Method
from llm_rerank.tokenizer import ChatTokenizer, TokenIds
from retrieval.errors import BuildError, MissingExtraError, ModelError
from retrieval.files import read_json, unreadable, write_json

QUANTIZED: Final = "quantized.json"
"""Says what the checkpoint was made of, how, and on what it was calibrated."""

_COMPRESS: Final = Path(__file__).with_name("compress.py")


class _Asked(BaseModel):
    """Of what a merged checkpoint says of itself, how it is asked in service."""

    prompt: PromptConfig
    method: Method = "packed"  # there was no other when the first were merged


def quantize(config: QuantizationConfig, out: Path, say: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Writes the checkpoint and its tokenizer, and returns what QUANTIZED holds; `out` is there whole or not.

    Raises ConfigError where something lies in `out`, ModelError for a checkpoint that was not merged, cannot be
    compressed so or written, DatasetError for too few examples or histories that are too short, and MissingExtraError
    without llm-compressor's environment.
    """
    require_free(out)
    python = _python(config.environment)
    merged = _merged(config.model)
    prompts, calibration = _calibration(config, merged)
    about = {"merged": merged, "scheme": config.scheme.model_dump(exclude={"calibration"}), "calibration": calibration}
    say(f"Compressing {config.model} as {config.scheme.kind}, on {len(prompts):,} prompts")
    try:
        return _write(out, python, config, prompts, about)
    except OSError as err:
        raise ModelError(
            f"the checkpoint cannot be written ({err})",
            field="out",
            value=str(out),
            remedy="Give a place that is writable and has room for its weights.",
        ) from err


def _write(
    out: Path, python: Path, config: QuantizationConfig, prompts: Sequence[TokenIds], about: dict[str, Any]
) -> dict[str, Any]:
    """What `about` says, and the versions by which it was done."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as made:
        part = Path(made) / "model"
        said = {**about, "versions": _compress(python, config, part, prompts)}
        for weights in part.glob("*.safetensors"):
            weights.chmod(0o644)  # whoever serves it may be another user
        AutoTokenizer.from_pretrained(config.model, local_files_only=True).save_pretrained(part)
        write_json(part / QUANTIZED, said)
        part.replace(out)
    return said


def _python(environment: Path) -> Path:
    python = environment / "bin" / "python"
    if not os.access(python, os.X_OK):
        raise MissingExtraError(
            "llm-compressor is not installed there",
            field="environment",
            value=str(environment),
            remedy="Run `make quantize-env`, or name the environment that has it.",
        )
    return python


def _merged(model: Path) -> dict[str, Any]:
    """What a merged checkpoint says of itself."""
    path = model / MERGED
    try:
        said = read_json(path)
        if not isinstance(said, dict):
            raise unreadable(path)
    except BuildError as err:
        raise ModelError(
            f"{MERGED} does not lie there whole: no merged checkpoint, whose prompt would be known",
            field="model",
            value=str(model),
            remedy="Name the folder that `llm-rerank adapters merge ID --out FOLDER` wrote.",
        ) from err
    return said


def _asked(model: Path, merged: dict[str, Any]) -> _Asked:
    """How the checkpoint is asked; raises ModelError for a writer, whose prompts no examples hold."""
    try:
        return _Asked.model_validate(merged)
    except ValidationError as err:
        raise ModelError(
            f"{MERGED} names no ranker's prompt and method, and calibration writes a ranker's prompts",
            field="model",
            value=str(model),
            remedy="Name a merged ranker, or choose `kind: fp8`, which calibrates nothing.",
        ) from err


def _calibration(config: QuantizationConfig, merged: dict[str, Any]) -> tuple[list[TokenIds], dict[str, Any] | None]:
    """The prompts, and what they are, for whoever asks later."""
    if isinstance(config.scheme, Fp8):
        return [], None
    calibration = config.scheme.calibration
    asked = _asked(config.model, merged)
    prompt = Prompt(ChatTokenizer.load(config.model), asked.prompt)
    prompts = calibration_prompts(calibration, prompt, asked.method)
    return prompts, {
        "examples": str(read_manifest(calibration.examples)["made_from"]),
        "prompt_fingerprint": asked.prompt.fingerprint,
        "prompts": len(prompts),
        "tokens": sum(map(len, prompts)),
        "seed": calibration.seed,
    }


def _compress(python: Path, config: QuantizationConfig, out: Path, prompts: Sequence[TokenIds]) -> dict[str, str]:
    """Has the other environment write `out`, and returns its versions."""
    told = {"model": str(config.model), "out": str(out), "scheme": config.scheme.model_dump(mode="json")}
    done = subprocess.run(
        [python, "-I", _COMPRESS],  # isolated: the files beside it are no modules there, nor is the project
        input=json.dumps({**told, "prompts": prompts}),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        why = _why(done.stderr)
        raise ModelError(
            f"llm-compressor cannot write it ({why}; it ended with {done.returncode})",
            field="scheme",
            value=config.scheme.kind,
            remedy="Choose a group size that divides the inputs of every layer."
            if "group_size" in why
            else "Free memory (-9: the system ended it for want of some) or disk, or choose another scheme.",
        )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _why(stderr: str) -> str:
    """The error of a traceback, in a line: its last line that is not indented, and what follows."""
    lines = stderr.splitlines() or ["it said nothing"]
    first = max((number for number, line in enumerate(lines) if "Error" in line and line[:1].isalpha()), default=-1)
    return " ".join(" ".join(lines[first:]).split())[:300]
