"""A model from its folder, the weights of an adapter added to its own."""

from pathlib import Path
from warnings import catch_warnings, filterwarnings

import torch
from transformers import AutoModelForCausalLM, PreTrainedModel

from retrieval.errors import MissingExtraError, ModelError


def read_model(folder: Path, adapter: Path | None) -> PreTrainedModel:
    """The model that lies there, in float32, so that what an adapter adds is not rounded away before it is added.

    Raises ModelError for an adapter that does not fit, and whatever the loader raises.
    """
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    return model if adapter is None else _with_adapter(model, adapter)


def _with_adapter(model: PreTrainedModel, adapter: Path) -> PreTrainedModel:
    try:
        from peft import PeftModel  # slow to import, and needed by few
    except ImportError as err:
        raise MissingExtraError(
            f"an adapter cannot be added ({err})",
            field="adapter",
            value=str(adapter),
            remedy="Run pip install 'llm-rerank[serve]'",
        ) from err
    try:
        with catch_warnings():
            filterwarnings("error", message="Found missing adapter keys")  # what is missing would be left untrained
            return PeftModel.from_pretrained(model, adapter).merge_and_unload()
    except Exception as err:  # peft raises anything from ValueError to SafetensorError
        raise ModelError(
            f"the adapter cannot be added to this model ({first_line(err)})",
            field="adapter",
            value=str(adapter),
            remedy="Get the adapter again, or name the model that it was trained on",
        ) from err


def share_what_is_equal(model: PreTrainedModel, other: PreTrainedModel) -> None:
    """Both keep one copy of the weights that are the same in both: embeddings, norms, what no adapter changed."""
    weights = dict(model.named_parameters())
    for name, own in other.named_parameters():
        if torch.equal(own, weights[name]):
            own.data = weights[name].data


def first_line(err: Exception) -> str:
    """What an error says, without what it goes on to say."""
    return next(iter(str(err).splitlines()), "")
