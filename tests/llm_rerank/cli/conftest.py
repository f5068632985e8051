"""The command line in this process."""

import logging
import sys
from collections.abc import Callable

import pytest

from llm_rerank.cli import app

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command line in this process: exit code, output, errors."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["llm-rerank", *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "200")
        monkeypatch.setattr(logging.root, "handlers", logging.root.handlers)  # a service sets its own
        with pytest.raises(SystemExit) as stop:
            app.main()
        code = stop.value.code
        return (code if isinstance(code, int) else 0, *capsys.readouterr())

    return run
