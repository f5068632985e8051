"""On Ray, with two workers of this machine, the files are those of one process."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from llm_rerank.batch.on_ray import rank_on_ray


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")  # Ray's of Ray
def test_two_workers_write_what_one_process_does(run: Callable[..., Any], counts: Any, tmp_path: Path) -> None:
    run(tmp_path / "here")
    counts.ranked.clear()
    run(tmp_path / "ray", rank_on_ray)
    assert sum(counts.ranked) == counts.of == 12
    of_both = [{path.name: path.read_bytes() for path in (tmp_path / name).glob("*.*")} for name in ("here", "ray")]
    assert of_both[0] == of_both[1]
