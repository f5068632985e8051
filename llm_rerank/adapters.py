"""Adapters: LoRA weights that name the base, the prompt and the data they were trained with, by content."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from llm_rerank.explanations.asking import WriterPrompt
from llm_rerank.models import PreparedModel
from llm_rerank.prompt import PromptConfig
from llm_rerank.ranking import Method
from retrieval.errors import BuildError, ModelError
from retrieval.files import DAMAGES, checksum, write_json
from retrieval.settings import Settings

ABOUT: Final = "adapter.json"
WEIGHTS: Final = "adapter_model.safetensors"
SETTINGS: Final = "adapter_config.json"
FILES: Final = (WEIGHTS, SETTINGS, ABOUT)
"""All of an adapter, its name last."""


class _About(Settings):
    """What an adapter says of itself; it may come from anywhere."""

    adapter_id: str
    base: str
    base_fingerprint: str
    prompt: PromptConfig | WriterPrompt
    method: Method = "packed"  # there was no other when the first were trained
    examples: str
    metrics: dict[str, int | float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Adapter:
    """A LoRA version. It is never changed in place: other content is another adapter with another id."""

    adapter_id: str
    folder: Path
    base: str
    """The base model's name."""

    base_fingerprint: str
    prompt: PromptConfig | WriterPrompt
    """What it was trained to answer: whether an item is liked, or what to say of one."""

    method: Method
    """What it was trained to be scored by: by the other one its scores mean nothing, and nothing shows it. A writer's
    says nothing."""

    examples: str
    """What it was trained on: the examples' `made_from`."""

    metrics: Mapping[str, float]

    @classmethod
    def read(cls, folder: Path) -> "Adapter":
        """The adapter in that folder; raises BuildError for one that is unfinished, damaged or was changed in what it
        answers by: weights, settings, base, prompt or method. Its name's and its metrics' word must be taken.
        """
        try:
            about = _About.model_validate(json.loads((folder / ABOUT).read_text(encoding="ascii")))
            found = _content_id(folder, about.base_fingerprint, about.prompt, about.method)
        except DAMAGES as err:
            raise BuildError(
                f"no whole adapter of this version lies there ({_why(err)})",
                field="adapter",
                value=str(folder),
                remedy="Name an adapter's folder, or what is live as {registry: FOLDER, channel: NAME}.",
            ) from err
        if found != about.adapter_id:
            raise BuildError(
                f"this adapter calls itself {about.adapter_id}, and its content is {found}",
                field="adapter",
                value=str(folder),
                remedy="Get it again: an adapter is never changed in place.",
            )
        return cls(
            adapter_id=about.adapter_id,
            folder=folder,
            base=about.base,
            base_fingerprint=about.base_fingerprint,
            prompt=about.prompt,
            method=about.method,
            examples=about.examples,
            metrics=about.metrics,
        )

    @property
    def size(self) -> int:
        """In bytes."""
        return sum((self.folder / name).stat().st_size for name in FILES)

    def require(self, base: PreparedModel, prompt: PromptConfig | WriterPrompt) -> None:
        """Raises ModelError where the adapter was trained on another base, or with another prompt."""
        self.require_base(base)
        self.require_prompt(prompt)

    def require_base(self, base: PreparedModel) -> None:
        """Raises ModelError where the adapter was trained on another base."""
        if base.fingerprint != self.base_fingerprint:
            raise ModelError(
                f"the adapter was trained on {self.base} ({self.base_fingerprint}), not on this ({base.fingerprint})",
                field="model",
                value=base.name,
                remedy=f"Serve it on {self.base}, or train one for this model.",
            )

    def require_prompt(self, prompt: PromptConfig | WriterPrompt) -> None:
        """Raises ModelError where the adapter was trained with another prompt."""
        if prompt.fingerprint != self.prompt.fingerprint:
            ours, theirs = prompt.model_dump(), self.prompt.model_dump()
            other = {name: theirs[name] for name in theirs if ours.get(name) != theirs[name]}
            raise ModelError(
                f"the adapter was trained with another prompt: {other}",
                field="prompt",
                value={name: ours.get(name) for name in other},
                remedy="Ask as it was trained, or train an adapter for this prompt.",
            )

    def require_method(self, method: Method) -> None:
        """Raises ModelError where the adapter was trained for another method."""
        if method != self.method:
            raise ModelError(
                f"the adapter was trained for {self.method}",
                field="method",
                value=method,
                remedy=f"Set method: {self.method}, or train an adapter for {method}.",
            )


def write_about(
    folder: Path,
    base: PreparedModel,
    prompt: PromptConfig | WriterPrompt,
    examples: str,
    metrics: Mapping[str, Any],
    *,
    method: Method = "packed",
) -> Adapter:
    """Names the weights and settings that lie in `folder`, last of all: a folder without its name is unfinished."""
    about = {
        "adapter_id": _content_id(folder, base.fingerprint, prompt, method),
        "base": base.name,
        "base_fingerprint": base.fingerprint,
        "prompt": prompt.model_dump(),
        "method": method,
        "examples": examples,
        "metrics": dict(metrics),
    }
    write_json(folder / ABOUT, about)
    return Adapter.read(folder)


def _why(err: Exception) -> str:
    """In a line; of a description with several mistakes the first one."""
    if isinstance(err, ValidationError):
        first = err.errors()[0]
        return f"{'.'.join([ABOUT, *map(str, first['loc'])])}: {first['msg']}"
    return " ".join(str(err).split())


def _content_id(folder: Path, base_fingerprint: str, prompt: PromptConfig | WriterPrompt, method: Method) -> str:
    """Changes with the weights, their settings, the base, the prompt and the method, of which packed goes unnamed."""
    parts = [checksum(folder / WEIGHTS), checksum(folder / SETTINGS), base_fingerprint, prompt.fingerprint]
    if method != "packed":
        parts.append(method)
    return sha256(" ".join(parts).encode()).hexdigest()[:12]
