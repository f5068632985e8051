"""The command line: one module a command, and one that draws."""

import sys


def main() -> None:
    """The `llm-rerank` command. Without the extra that it needs it says which one."""
    try:
        from llm_rerank.cli.app import main as run
    except ImportError as err:
        sys.exit(f"llm-rerank: {err}. Run pip install 'llm-rerank[serve]'.")
    run()
