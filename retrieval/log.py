"""The interaction log: everything all users did, in columns, and one user's history from it."""

from collections.abc import Iterable
from functools import cached_property
from hashlib import sha256
from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrieval.errors import DatasetError, UnknownUserError
from retrieval.records import Interaction, UserHistory

COLUMNS: Final = ("user_id", "item_id", "timestamp", "kind", "rating", "text")


class InteractionLog:
    """All interactions, sorted by user and then by time; interactions of one moment keep the order they came in.

    Columns rather than objects: a shop has millions of rows, and one user's history is a slice of a few.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        """`frame` has the columns COLUMNS; timestamps carry a time zone, rating is NaN where there is none."""
        missing = [name for name in COLUMNS if name not in frame.columns]
        if missing:
            raise DatasetError("the log lacks columns", field="columns", value=missing, remedy=f"It needs {COLUMNS}.")
        ordered = frame.loc[:, list(COLUMNS)].sort_values(["user_id", "timestamp"], kind="stable", ignore_index=True)
        self._frame = ordered
        users = ordered["user_id"].to_numpy(dtype=object)
        starts = np.flatnonzero(np.append(True, users[1:] != users[:-1])) if len(users) else np.empty(0, dtype=np.int64)
        bounds = np.append(starts, len(users))
        self._rows = {str(users[a]): slice(int(a), int(b)) for a, b in pairwise(bounds)}

    @classmethod
    def of(cls, interactions: Iterable[Interaction]) -> "InteractionLog":
        """A log from a handful of records, for tests and small shops."""
        rows = [(i.user_id, i.item_id, i.timestamp, i.kind, i.rating, i.text) for i in interactions]
        frame = pd.DataFrame(rows, columns=list(COLUMNS))
        return cls(
            frame.assign(timestamp=pd.to_datetime(frame["timestamp"], utc=True), rating=frame["rating"].astype(float))
        )

    def __len__(self) -> int:
        return len(self._frame)

    def __contains__(self, user_id: object) -> bool:
        return user_id in self._rows

    @property
    def frame(self) -> pd.DataFrame:
        """The rows themselves, sorted. Treat as read-only."""
        return self._frame

    @property
    def user_ids(self) -> tuple[str, ...]:
        """Every user with at least one interaction, sorted."""
        return tuple(self._rows)

    def history(self, user_id: str) -> UserHistory:
        """One user's history, oldest first; raises UnknownUserError for a user without one."""
        if user_id not in self._rows:
            raise UnknownUserError(
                "no history is known for this user",
                field="user_id",
                value=user_id,
                remedy="Check the id. For a new user, Python callers pass an empty UserHistory.",
            )
        rows = self._frame.iloc[self._rows[user_id]]
        times = pd.DatetimeIndex(rows["timestamp"]).to_pydatetime()
        columns = (rows[name].tolist() for name in ("item_id", "kind", "rating", "text"))
        return UserHistory(
            user_id=user_id,
            interactions=tuple(
                Interaction(
                    user_id=user_id, item_id=item_id, timestamp=time, kind=kind, rating=_known(rating), text=text
                )
                for time, item_id, kind, rating, text in zip(times, *columns, strict=True)
            ),
        )

    def where(self, mask: NDArray[np.bool_]) -> "InteractionLog":
        """The log of the rows that `mask` (one flag per row of `frame`) keeps."""
        return InteractionLog(self._frame[mask])

    @cached_property
    def fingerprint(self) -> str:
        """Changes with any field of any row; names what a build was fitted on."""
        digest = sha256()
        for name in ("user_id", "item_id", "kind", "text"):
            codes, texts = self._frame[name].factorize()  # a log repeats its users and items a thousand times
            digest.update(codes.tobytes() + repr(list(texts)).encode())
        digest.update(self._frame["timestamp"].dt.as_unit("ns").astype("int64").to_numpy().tobytes())
        digest.update(self._frame["rating"].to_numpy(dtype=float).tobytes())
        return digest.hexdigest()[:16]


def _known(rating: float) -> float | None:
    return None if rating != rating else rating
