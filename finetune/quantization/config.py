"""What a quantisation is told."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from retrieval.settings import Settings


class CalibrationConfig(Settings):
    """The prompts on which it is seen how large activations get: real ones, of households that were trained on."""

    examples: Path
    """The folder that `llm-rerank examples` wrote; its validation part is not read."""

    prompts: PositiveInt = 256
    """How many, drawn at random, one a list: a history and one of the items it was to be ranked against, or
    all of them, lettered, for a model that was trained for letters."""

    seed: int = Field(default=0, ge=0)
    """Of the draw."""


class W8A8(Settings):
    """Weights, activations in eight-bit integers: SmoothQuant (Xiao et al. 2023), then GPTQ (Frantar et al. 2022)."""

    kind: Literal["w8a8"] = "w8a8"

    smoothing: float = Field(default=0.8, ge=0, le=1)
    """How much of what activations vary by is moved into the weights."""

    calibration: CalibrationConfig
    """What it is fitted to."""


class W4A16(Settings):
    """Weights in four-bit integers by GPTQ, a scale a group of them; activations as they are."""

    kind: Literal["w4a16"] = "w4a16"

    group_size: PositiveInt = 128
    """Inputs that share a scale; it has to divide the inputs of every layer (SmolLM2-135M's 576: 64, not 128)."""

    calibration: CalibrationConfig
    """What it is fitted to."""


class Fp8(Settings):
    """Weights and activations in eight-bit floating point, scaled as they come: nothing is calibrated."""

    kind: Literal["fp8"] = "fp8"


class QuantizationConfig(Settings):
    """From a merged checkpoint to one in fewer bits."""

    model: Path
    """The folder that `llm-rerank adapters merge` wrote."""

    scheme: Annotated[W8A8 | W4A16 | Fp8, Field(discriminator="kind")]
    """Which bits are left, and how they are chosen."""

    environment: Path = Path(".venv-quantize")
    """Where llm-compressor is installed, by `make quantize-env`: it wants another transformers than serving does."""
