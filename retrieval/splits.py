"""Splits: what a model may see and what it is asked for. The one place, so that training never leaks into evaluation.

The two that hold out each user's newest answer for a `part`. "test" holds out the newest; "validation" first throws
the newest away and holds out what is then the newest, so that nothing of the test part is ever in its training log.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrieval.errors import RecordError
from retrieval.log import InteractionLog

Part = Literal["validation", "test"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Split:
    """`train` is all that may be learnt from; `held_out` is what users who are also in `train` did after it."""

    train: InteractionLog
    held_out: InteractionLog
    targets: Mapping[str, tuple[str, ...]]
    """The distinct item ids of `held_out`, by user."""


def leave_one_out(log: InteractionLog, part: Part) -> Split:
    """Hold out each user's last interaction (test) or the one before it (validation)."""
    step_from_end = log.frame.groupby("user_id", sort=False).cumcount(ascending=False)
    return _hold_out(log, step_from_end, part)


def last_basket(log: InteractionLog, part: Part) -> Split:
    """Hold out each user's last basket (test) or the one before; a basket is what shares one timestamp."""
    frame = log.frame
    new_user = frame["user_id"].ne(frame["user_id"].shift())
    new_basket = new_user | frame["timestamp"].ne(frame["timestamp"].shift())
    number = new_basket.astype(np.int64).groupby(frame["user_id"], sort=False).cumsum()
    last = number.groupby(frame["user_id"], sort=False).transform("max")
    return _hold_out(log, last - number, part)


def global_time(log: InteractionLog, at: datetime) -> Split:
    """Train on everything before `at`; targets are what known users did from then on."""
    if at.tzinfo is None:
        raise RecordError("a time needs a zone", field="at", value=at, remedy="Use datetime(..., tzinfo=UTC).")
    later = (log.frame["timestamp"] >= pd.Timestamp(at)).to_numpy()
    return _split(log, kept=~later, held_out=later)


def _hold_out(log: InteractionLog, steps: "pd.Series[int]", part: Part) -> Split:
    step_from_end = steps.to_numpy()
    step = {"test": 0, "validation": 1}[part]
    return _split(log, kept=step_from_end > step, held_out=step_from_end == step)


def _split(log: InteractionLog, *, kept: NDArray[np.bool_], held_out: NDArray[np.bool_]) -> Split:
    train = log.where(kept)
    rows = log.frame[held_out]
    rows = rows[rows["user_id"].isin(train.user_ids)]
    targets = {str(user): tuple(dict.fromkeys(ids)) for user, ids in rows.groupby("user_id", sort=True)["item_id"]}
    return Split(train=train, held_out=InteractionLog(rows), targets=targets)
