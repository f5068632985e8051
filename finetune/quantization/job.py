"""The quantisation job: from a merged checkpoint to one in fewer bits, by a process in llm-compressor's environment."""

import json
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from transformers import AutoTokenizer

from finetune.examples import read_manifest
from finetune.quantization.config import Fp8, QuantizationConfig
from finetune.quantization.prompts import calibration_prompts
from llm_rerank.checkpoints import require_free
from llm_rerank.merging import MERGED
from llm_rerank.prompt import Prompt, PromptConfig
from llm_rerank.tokenizer import ChatTokenizer, TokenIds
from retrieval.errors import BuildError, MissingExtraError, ModelError
from retrieval.files import read_json, write_json

QUANTIZED: Final = "quantized.json"
"""Says what the checkpoint was made of, how, and on what it was calibrated."""

_COMPRESS: Final = Path(__file__).with_name("compress.py")


def quantize(config: QuantizationConfig, out: Path, say: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Writes the checkpoint and its tokenizer, and returns what QUANTIZED holds; `out` is there whole or not.

    Raises ConfigError where something lies in `out`, ModelError for a checkpoint that was not merged or cannot be
    compressed so, DatasetError for too few examples, and MissingExtraError without llm-compressor's environment.
    """
    require_free(out)
    python = _python(config.environment)
    merged = _merged(config.model)
    prompts, calibration = _calibration(config, merged)
    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as made:
        part = Path(made) / "model"
        say(f"Compressing {config.model} as {config.scheme.kind}, on {len(prompts):,} prompts")
        versions = _compress(python, config, part, prompts)
        for weights in part.glob("*.safetensors"):
            weights.chmod(0o644)  # whoever serves it may be another user
        AutoTokenizer.from_pretrained(config.model, local_files_only=True).save_pretrained(part)
        scheme = config.scheme.model_dump(exclude={"calibration"})
        about = {"merged": merged, "scheme": scheme, "calibration": calibration, "versions": versions}
        write_json(part / QUANTIZED, about)
        part.replace(out)
    return about


def _python(environment: Path) -> Path:
    python = environment / "bin" / "python"
    if not python.exists():
        raise MissingExtraError(
            "llm-compressor is not installed there",
            field="environment",
            value=str(environment),
            remedy="Run `make quantize-env`, or name the environment that has it.",
        )
    return python


def _merged(model: Path) -> dict[str, Any]:
    """What a merged checkpoint says of itself."""
    try:
        return dict(read_json(model / MERGED))
    except BuildError as err:
        raise ModelError(
            f"{MERGED} does not lie there: no merged checkpoint, whose prompt would be known",
            field="model",
            value=str(model),
            remedy="Name the folder that `llm-rerank adapters merge ID --out FOLDER` wrote.",
        ) from err


def _calibration(config: QuantizationConfig, merged: dict[str, Any]) -> tuple[list[TokenIds], dict[str, Any] | None]:
    """The prompts, and what they are, for whoever asks later."""
    if isinstance(config.scheme, Fp8):
        return [], None
    calibration = config.scheme.calibration
    asked = PromptConfig.model_validate(merged["prompt"])
    prompts = calibration_prompts(calibration, Prompt(ChatTokenizer.load(config.model), asked))
    return prompts, {
        "examples": str(read_manifest(calibration.examples)["made_from"]),
        "prompt_fingerprint": asked.fingerprint,
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
