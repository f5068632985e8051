"""From trained arrays back to encoders that answer: all that serving needs of the training."""

import torch

from retrieval.files import Arrays
from retrieval.retrievers.sequence.config import SequenceConfig
from retrieval.retrievers.sequence.encoder import SequenceEncoder, Weights


def open_encoders(config: SequenceConfig, arrays: Arrays) -> list[SequenceEncoder]:
    """The trained members, ready to answer; none where nothing could be learnt."""
    return [
        _open(config, {name.split("/", 1)[1]: value for name, value in arrays.items() if name.startswith(f"{member}/")})
        for member in range(config.members)
        if len(arrays["items"])
    ]


def _open(config: SequenceConfig, arrays: Arrays) -> SequenceEncoder:
    items, text = arrays["items.ids.weight"].shape[0], arrays["items.text.weight"].shape[1]
    encoder = SequenceEncoder(items, text, config.encoder)
    encoder.load_state_dict(tensors(arrays))
    return encoder.eval()


def tensors(arrays: Arrays) -> Weights:
    """The same for torch."""
    return {name: torch.from_numpy(values) for name, values in arrays.items()}
