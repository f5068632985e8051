"""PostgreSQL's connections, on which nobody waits for long, whatever has become of the server."""

from typing import Any, Final, TypeVar

from psycopg import Connection, OperationalError
from psycopg.abc import PQGen
from psycopg.errors import ConnectionTimeout
from psycopg.pq import TransactionStatus

STATEMENT_TIMEOUT: Final = "-c statement_timeout=3s"
"""An option of a connection: the server ends what takes longer, and says so, where it can."""
ANSWER_SECONDS: Final = 4
"""After that it is believed to hang: stopped, or behind a network that swallows what is sent."""

Answer = TypeVar("Answer")


class NoAnswerError(OperationalError):
    """The server has taken a question, and says nothing."""


UNANSWERED: Final = (NoAnswerError, ConnectionTimeout)
"""What waiting in vain raises; a server that is down refuses at once, and may be back at once."""


class Bounded(Connection[Any]):
    """A connection whose every answer comes in time, or it is closed: nobody could tell what is answered later."""

    def wait(self, gen: PQGen[Answer], interval: float = 0.1, timeout: float | None = None) -> Answer:
        """Psycopg's own, through which all of it waits; raises NoAnswerError where there is no answer."""
        try:
            return super().wait(gen, interval, ANSWER_SECONDS if timeout is None else timeout)
        except OperationalError as err:
            if self.pgconn.transaction_status != TransactionStatus.ACTIVE:  # it has answered, or is gone
                raise
            self.pgconn.finish()
            raise NoAnswerError(f"no answer within {ANSWER_SECONDS} seconds") from err
