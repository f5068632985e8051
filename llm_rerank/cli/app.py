"""`llm-rerank`: the command line of the whole program."""

import os
import sys
from importlib.metadata import entry_points

import typer

from llm_rerank.cli.adapters import adapters
from llm_rerank.cli.batch import batch
from llm_rerank.cli.build import build
from llm_rerank.cli.explain import explain
from llm_rerank.cli.explained import explained
from llm_rerank.cli.info import info
from llm_rerank.cli.keys import keys
from llm_rerank.cli.recommend import recommend
from llm_rerank.cli.rerank import rerank
from llm_rerank.cli.serve import serve
from llm_rerank.cli.train_retriever import train_retriever

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
for command in (build, train_retriever, recommend, rerank, explain, batch, info, serve):
    app.command()(command)
app.add_typer(adapters, name="adapters")
app.add_typer(keys, name="keys")
for above in entry_points(group="llm_rerank.commands"):  # floors above bring theirs, so that nothing points up
    if above.dist is not None and above.dist.name == "llm-rerank":
        app.command(above.name)(above.load())


@app.callback()
def _about() -> None:
    """A user in, a ranked list out, and for each item a reason that is true."""


def main() -> None:
    """Runs a command. What we can explain is one line and exit code 1; Ctrl-C is exit code 130."""
    _quiet()
    try:
        with explained("llm-rerank"):
            app()
    except SystemExit as end:
        if end.code == 130:  # typer's answer to Ctrl-C, which it gives without a word
            print("llm-rerank: stopped; what was finished is kept", file=sys.stderr)
        raise


def _quiet() -> None:
    """Libraries' progress bars and telemetry have no place in a command's output; our own progress has."""
    for name, value in (
        ("HF_HUB_DISABLE_PROGRESS_BARS", "1"),
        ("HF_HUB_DISABLE_TELEMETRY", "1"),
        ("TRANSFORMERS_VERBOSITY", "error"),
        ("TOKENIZERS_PARALLELISM", "false"),
    ):
        os.environ.setdefault(name, value)
