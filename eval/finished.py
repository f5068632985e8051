"""A finished run, read back from its folder: the result, and every user's figures, so that runs can be paired."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import pandas as pd
from pydantic import ValidationError

from eval.result import Difference, Result
from eval.statistics.significance import difference
from retrieval.errors import BuildError, DataError
from retrieval.files import read_json, unreadable, write_whole

RESULT: Final = "metrics.json"
USERS: Final = "users"
_ID: Final = "user_id"


@dataclass(frozen=True, kw_only=True, slots=True)
class FinishedRun:
    """What a run left behind."""

    name: str
    """The folder's."""

    result: Result
    users: Mapping[str, pd.DataFrame]
    """By system: one row a user, indexed by user id, one column a metric."""

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Reads the folder, whatever code made it; raises BuildError where a run is not finished, or was damaged."""
        result = read_result(folder)
        return cls(
            name=folder.resolve().name,
            result=result,
            users={system.name: read_users(folder, system.name) for system in result.systems},
        )

    def minus(self, other: "FinishedRun", ours: str, theirs: str, metric: str) -> Difference:
        """Our system minus one of the other run, user by user; raises DataError where the runs asked other users."""
        mine, its = self.users[ours], other.users[theirs]
        if unpaired := len(mine.index.symmetric_difference(its.index)):
            raise DataError(
                f"{unpaired:,} users were asked in one of the two runs only, so that users cannot be paired",
                field="users",
                value=len(its),
                remedy="Compare runs over the same data, with the same split, `users` and `seed` in their protocol.",
            )
        paired = its.loc[mine.index, metric]
        return difference(mine[metric].to_numpy(dtype=float), paired.to_numpy(dtype=float), metric=metric)


def read_result(folder: Path) -> Result:
    """The result alone; raises BuildError where there is none."""
    path = folder / RESULT
    if not path.exists():
        raise BuildError(
            "there is no finished run in this folder",
            field="run",
            value=str(folder),
            remedy="Finish it with `llm-rerank eval --config ... --out FOLDER`.",
        )
    try:
        return Result.model_validate(read_json(path))
    except ValidationError as err:
        raise unreadable(path) from err


def write_users(folder: Path, system: str, users: Sequence[str], table: pd.DataFrame) -> None:
    """Keeps one system's table; row i is about `users[i]`. Ids as bytes: they may be no valid text."""
    frame = table.assign(**{_ID: [user.encode("utf-8", "surrogatepass") for user in users]})
    write_whole(_path(folder, system), frame.to_parquet)


def read_users(folder: Path, system: str) -> pd.DataFrame:
    """What was written, indexed by user id; raises BuildError for a file that is missing or damaged."""
    path = _path(folder, system)
    try:
        frame = pd.read_parquet(path)
        ids = [user.decode("utf-8", "surrogatepass") for user in frame.pop(_ID)]
    except (OSError, ValueError, KeyError) as err:
        raise unreadable(path) from err
    return frame.set_index(pd.Index(ids, name=_ID))


def _path(folder: Path, system: str) -> Path:
    return folder / USERS / f"{system}.parquet"
