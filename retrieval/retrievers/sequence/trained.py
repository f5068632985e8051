"""A trained retriever outside any build: its items by id, so that it fits a catalogue that has changed since."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import AwareDatetime, ValidationError

from retrieval.catalogue import Catalogue
from retrieval.errors import BuildError
from retrieval.files import Arrays, read_arrays, read_json, unreadable, write_arrays, write_json
from retrieval.log import InteractionLog
from retrieval.retrievers.sequence.config import EncoderConfig, SequenceConfig
from retrieval.settings import Settings

_WEIGHTS, ABOUT = "weights.npz", "trained.json"
_BY_ITEM: Final = ("/items.ids.weight", "/items.bias")  # arrays with a row for every item


class _About(Settings):
    item_ids: tuple[str, ...]
    embedder: str
    encoder: EncoderConfig
    members: int
    until: AwareDatetime
    rows_at_until: int = 0
    made_from: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Trained:
    """What `llm-rerank train-retriever` leaves behind."""

    item_ids: tuple[str, ...]
    """Of column 0, 1, ..."""

    arrays: Arrays
    """Weights and learning curves by member, as Fitting gives them, less `items`."""

    embedder: str
    encoder: EncoderConfig
    members: int

    until: datetime
    """The newest interaction of the log it was trained on; training further learns from what is newer.

    A log of dates goes on after that within the same moment: where it now has another number of rows there than
    `rows_at_until`, training further asks all of them, those that were learnt before too.
    """

    rows_at_until: int
    """How many rows of the log had that moment; 0 in a folder of before this was counted."""

    made_from: str
    """Names data, settings and start."""

    def write(self, folder: Path) -> None:
        """Writes the folder's files, the one that says it is finished last."""
        write_arrays(folder / _WEIGHTS, self.arrays)
        about = _About(**{name: getattr(self, name) for name in _About.model_fields})
        write_json(folder / ABOUT, about.model_dump(mode="json"))

    @classmethod
    def read(cls, folder: Path) -> Self:
        """What was written; raises BuildError for a folder that is absent, unfinished or damaged, NaN weights too."""
        if not (folder / ABOUT).exists():
            raise BuildError(
                "there is no finished training in this folder",
                field="trained",
                value=str(folder),
                remedy=f"Run `llm-rerank train-retriever --out {folder}` first.",
            )
        try:
            about = _About.model_validate(read_json(folder / ABOUT))
        except ValidationError as err:
            raise unreadable(folder / ABOUT) from err
        arrays = read_arrays(folder / _WEIGHTS)
        _check_finite(arrays, folder / _WEIGHTS)
        return cls(arrays=arrays, **{name: getattr(about, name) for name in _About.model_fields})

    def check_embedder(self, embedder: str) -> None:
        """Raises BuildError for text vectors that the weights were not trained on."""
        if self.embedder != embedder:
            raise BuildError(
                f"the trained retriever read the text vectors of {self.embedder}",
                field="embedder",
                value=embedder,
                remedy="Use the same embedder, or train anew.",
            )

    def arrays_for(self, config: SequenceConfig, catalogue: Catalogue) -> Arrays:
        """The arrays that open as `config` over this catalogue, `items` among them.

        Items that are no longer sold are left out. Raises BuildError for another encoder than the trained one.
        """
        for field, mine, asked in (
            ("encoder", self.encoder, config.encoder),
            ("members", self.members, config.members),
        ):
            if mine != asked:
                raise BuildError(
                    f"the trained retriever has {mine}",
                    field=field,
                    value=asked,
                    remedy="Configure what it was trained with, or train anew.",
                )
        kept = np.array([item_id in catalogue for item_id in self.item_ids], dtype=np.bool_)
        rows = [catalogue.position(item_id) for item_id in self.item_ids if item_id in catalogue]
        order = np.argsort(rows)
        columns = np.flatnonzero(kept)[order]
        return {"items": np.array(rows, dtype=np.int64)[order]} | {
            name: values[columns] if name.endswith(_BY_ITEM) else values for name, values in self.arrays.items()
        }


def last_moment(log: InteractionLog) -> tuple[datetime, int]:
    """The newest time in a log that is not empty, and how many rows have it."""
    times = log.frame["timestamp"]
    return times.max().to_pydatetime(), int((times == times.max()).sum())


def _check_finite(arrays: Arrays, path: Path) -> None:
    for name, values in arrays.items():
        if not np.isfinite(values).all():
            raise BuildError(
                f"{path.name} holds weights that are not finite, in {name}",
                field="file",
                value=str(path),
                remedy="Train anew, in a new folder.",
            )


def spread(arrays: Arrays, rows: NDArray[np.int64], member: int) -> Arrays:
    """One member's weights of arrays fitted to a catalogue, with a column for each of its ascending `rows`.

    An item that the weights do not know starts with nothing but its text and the mean bias.
    """
    known, place = np.isin(arrays["items"], rows), np.searchsorted(rows, arrays["items"])
    own = {name.split("/", 1)[1]: values for name, values in arrays.items() if name.startswith(f"{member}/")}
    ids = np.zeros((len(rows), own["items.ids.weight"].shape[1]), dtype=np.float32)
    mean = own["items.bias"].mean() if len(own["items.bias"]) else 0.0  # none of them is sold any more
    bias = np.full(len(rows), mean, dtype=np.float32)
    ids[place[known]], bias[place[known]] = own["items.ids.weight"][known], own["items.bias"][known]
    return own | {"items.ids.weight": ids, "items.bias": bias}
