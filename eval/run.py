"""One benchmark, from its configuration to its run folder.

    python -m eval.run --config configs/eval/beauty.yaml

The folder holds the configuration, every system's rankings and per-user figures as Parquet, metrics.json and a report.
A finished run is only shown; an interrupted one goes on with the first system that has no rankings yet.
"""

import sys
from pathlib import Path
from typing import Final

from rich.progress import Progress

from eval.code import NO_FIGURES, code_behind, engines_not_asked, one_digest
from eval.config import EvalConfig, RerankedConfig
from eval.environment import versions
from eval.finished import RESULT, read_result
from eval.inputs import at_a_glance, digests
from eval.kept import KEPT
from eval.result import Result
from eval.run_folder import INPUTS, check_code, claim, same
from retrieval.alone import alone
from retrieval.files import read_json, write_json

_OF_THE_LLM: Final = frozenset({"eval/llm_scores.py", "eval/reranking.py"})


class Run:
    """One configuration and the folder that its results fill."""

    def __init__(self, config: EvalConfig, folder: Path, command: str, kept: Path = KEPT) -> None:
        """Raises BuildError for a folder of another configuration, of other code, or with something else in it."""
        self._config, self._folder, self._command, self._kept = config, folder, command, kept
        self._code: dict[str, str] = {}
        if not (folder / RESULT).exists():
            self._code = _figures_code(config)  # as it is now: whoever edits it meanwhile has not made this run
            plan = {"config": config.model_dump(mode="json"), "code": one_digest(self._code), "versions": versions()}
            claim(folder, plan)

    def result(self, progress: Progress) -> Result:
        """What was found: read where the run is finished, measured where it is not.

        Raises BuildError where it was found with other settings, in other data or by other code.
        """
        if not (self._folder / RESULT).exists():
            from eval.filling import Filling  # brings all that fits and measures: a finished run needs none of it

            with alone(self._folder):
                Filling(self._config, self._folder, self._kept, progress).run(self._command, self._code)
        result = read_result(self._folder)
        same({"config": result.config}, {"config": self._config.model_dump(mode="json")}, self._folder)
        check_code(result, self._folder)
        self._check_inputs(result)
        return result

    def _check_inputs(self, result: Result) -> None:
        """Reads the data only where a file of it looks unlike what the run read."""
        seen, known = at_a_glance(self._config), self._folder / INPUTS
        if known.exists() and read_json(known) == seen:
            return
        from eval.data import load_benchmark  # brings pandas

        read = digests(self._config, load_benchmark(self._config.data, None))
        same({"read": result.read}, {"read": read}, self._folder)
        write_json(known, seen)


def _figures_code(config: EvalConfig) -> dict[str, str]:
    """What figures depend on: reading data, fitting, asking and measuring; not how it is shown."""
    roots = ("data/__init__", "protocol", "systems", "answers", "measuring")
    asked = {system.answers.engine.kind for system in config.systems if isinstance(system.answers, RerankedConfig)}
    without = NO_FIGURES | (engines_not_asked(*asked) if asked else _OF_THE_LLM)
    return code_behind(*(f"eval/{root}.py" for root in roots), without=without)


if __name__ == "__main__":
    from llm_rerank.cli import main

    sys.argv.insert(1, "eval")
    main()
