"""Text to token ids and back. Untrusted text never becomes a control token, whatever it contains."""

import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from retrieval.errors import MissingExtraError, ModelError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

TokenIds = tuple[int, ...]

_JOINERS = "\u200c\u200d"  # format characters that emoji and Indic scripts are spelt with


class Tokenizer(Protocol):
    """What prompts need of a model's tokenizer."""

    @property
    def opening(self) -> TokenIds:
        """What stands before the user's message in the model's chat format, control tokens included."""
        ...

    @property
    def closing(self) -> TokenIds:
        """What ends the user's message and hands the word to the model."""
        ...

    @property
    def end_ids(self) -> frozenset[int]:
        """Tokens with which the model ends an answer."""
        ...

    @property
    def pad_id(self) -> int:
        """Any token: padding is masked."""
        ...

    def encode(self, text: str) -> TokenIds:
        """Ids of ordinary text. What looks like a control token in it is spelt out, never interpreted."""
        ...

    def decode(self, ids: TokenIds) -> str:
        """The text of these ids, control tokens left out."""
        ...


class ChatTokenizer:
    """A model's own tokenizer with its own chat format."""

    def __init__(self, tokenizer: "PreTrainedTokenizerBase") -> None:
        self._tokenizer = tokenizer
        self._control_ids = frozenset(tokenizer.added_tokens_decoder)
        before, after = _chat_frame(tokenizer)
        self.opening: TokenIds = tuple(tokenizer(before, add_special_tokens=False)["input_ids"])
        self.closing: TokenIds = tuple(tokenizer(after, add_special_tokens=False)["input_ids"])
        # A turn may end otherwise than a text does: with what closes the user's own message.
        ends = {tokenizer.eos_token_id, *self.closing[:1]}
        self.end_ids = frozenset(ends & {*self._control_ids, tokenizer.eos_token_id} - {None})
        self.pad_id: int = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else 0

    @classmethod
    def load(cls, folder: Path) -> "ChatTokenizer":
        """Reads the tokenizer of a prepared model."""
        try:
            from transformers import AutoTokenizer
        except ImportError as err:
            raise MissingExtraError(
                "transformers is not installed", remedy="Run pip install 'llm-rerank[serve]'"
            ) from err
        try:
            return cls(AutoTokenizer.from_pretrained(folder, local_files_only=True))
        except Exception as err:  # the loader raises anything from OSError to a bare Exception of its Rust half
            raise ModelError(
                f"the tokenizer cannot be loaded ({err})",
                field="model",
                value=str(folder),
                remedy="Delete the folder so that it is prepared again, or name another model",
            ) from err

    def encode(self, text: str) -> TokenIds:
        """See Tokenizer.encode."""
        ids = tuple(self._tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"])
        # Tokens that a model adds without calling them special are still parsed: they are dropped.
        return tuple(i for i in ids if i not in self._control_ids) if self._control_ids.intersection(ids) else ids

    def decode(self, ids: TokenIds) -> str:
        """See Tokenizer.decode."""
        return str(self._tokenizer.decode(list(ids), skip_special_tokens=True))


def one_line(text: str) -> str:
    """Untrusted text as one line of visible characters: no line of its own, no control or direction characters."""
    spaced = "".join(_visible(character) for character in unicodedata.normalize("NFC", text))
    return " ".join(spaced.split())


def _visible(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cc" or category in ("Zl", "Zp"):
        return " "
    if category in ("Cs", "Co", "Cn") or (category == "Cf" and character not in _JOINERS):
        return ""
    return character


def _chat_frame(tokenizer: "PreTrainedTokenizerBase") -> tuple[str, str]:
    """The chat format around a user's message; for a model without one, a plain question and answer."""
    if not tokenizer.chat_template:
        return tokenizer.bos_token or "", "\nAnswer:"
    marker = "@@message@@"
    chat: Iterable[dict[str, str]] = [{"role": "user", "content": marker}]
    # Models that think before they answer would put the answer behind their thoughts.
    text = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True, enable_thinking=False)
    before, _, after = str(text).partition(marker)
    return before, after
