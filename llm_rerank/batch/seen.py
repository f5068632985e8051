"""Which users a job has met already, on disk: a file may have more than memory."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from retrieval.errors import BuildError


class Seen:
    """Of one reading of the file."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def before(self, user_id: str, number: int) -> int | None:
        """The number of the row in which this user was met first, or None: it is this one."""
        row = self._database.execute("SELECT number FROM seen WHERE user_id = ?", (_bytes(user_id),)).fetchone()
        if row is not None:
            return int(row[0])
        self._database.execute("INSERT INTO seen VALUES (?, ?)", (_bytes(user_id), number))
        return None


@contextmanager
def seeing(path: Path) -> Iterator[Seen]:
    """Nobody at first; `path` is a file that is there meanwhile."""
    path.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.execute("PRAGMA journal_mode = OFF")  # what an interruption leaves is begun anew
            database.execute("PRAGMA synchronous = OFF")
            database.execute("CREATE TABLE seen (user_id BLOB PRIMARY KEY, number INTEGER) WITHOUT ROWID")
            database.execute("BEGIN")
            yield Seen(database)
    except sqlite3.Error as err:
        raise BuildError(
            f"whom a job has met cannot be kept ({err})",
            field="out",
            value=str(path),
            remedy="See that the disk has room",
        ) from err
    finally:
        path.unlink(missing_ok=True)


def _bytes(user_id: str) -> bytes:
    return user_id.encode("utf-8", "surrogatepass")
