"""Two processes on the CPU: what a training on many GPUs does, in small."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from accelerate import Accelerator, DistributedType, debug_launcher
from accelerate.state import AcceleratorState, GradientState

from finetune.examples import ExampleFolder
from finetune.training.checkpoint import Checkpoint
from finetune.training.config import TrainingConfig
from finetune.training.job import new_accelerator, train
from finetune.training.loop import Training
from finetune.training.scorer import open_scorer
from llm_rerank.models import PreparedModel
from llm_rerank.prompt import Prompt

Configure = Callable[..., TrainingConfig]
