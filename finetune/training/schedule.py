"""How fast is learnt at which step."""

import math

from finetune.training.config import AdapterTraining


def learning_rate(config: AdapterTraining, step: int, last: int) -> float:
    """Of step number `step`, from 0, of `last`: up in a line, down in half a cosine."""
    up = min(1.0, (step + 1) / (config.warmup_steps + 1))
    return config.learning_rate * up * (1 + math.cos(math.pi * step / last)) / 2
