"""Packed scoring on one GPU, in bfloat16: the benchmark of benchmarks.scoring, and several users a call.

bash benchmarks/gpu/run.sh OUT
"""

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from benchmarks.forms import Forms
from benchmarks.gpu.users import measure_users, users_table
from benchmarks.machine import machine
from benchmarks.measure import Plan, choose_batch_size, measure
from benchmarks.report import write_report
from benchmarks.scoring_tables import growth_table, times_table, tokens_table
from benchmarks.table import promise_table
from benchmarks.world import Cell
from eval.promise import Promise
from llm_rerank.models import DEFAULT_MODEL

_PLAN = Plan(ks=(20, 100, 200, 500), histories=(20, 50), repeats=3, batch_sizes=(1, 8, 32, 128), most_prompts=500)


def main() -> None:
    """Measures on CUDA and writes the report and its raw numbers."""
    options = _options()
    forms = Forms.load(options.model, seed=0, device="cuda", say=print)
    batch_size, trial = choose_batch_size(forms, _PLAN)
    results = measure(forms, _PLAN, batch_size, print)
    users = measure_users(forms, Cell(k=100, history=20), (1, 2, 4, 8, 16, 32), repeats=_PLAN.repeats)
    about = machine(
        "bash benchmarks/gpu/run.sh OUT",
        forms.model.device,
        model=f"{options.model}, {forms.model.dtype}",
        seed=0,
        repeats=f"{_PLAN.repeats}, one more for K <= 20",
        one_prompt_batch=f"{batch_size}, the fastest of {', '.join(map(str, _PLAN.batch_sizes))}",
    )
    equality = equality_promise(forms, _PLAN.cells)  # last: it widens the model
    tables = (
        promise_table([equality]),
        times_table(results),
        users_table(users),
        tokens_table(results),
        growth_table(results),
    )
    raw = {
        "seconds_a_prompt_by_batch": trial,
        "cells": [asdict(result) for result in results],
        "users": [asdict(result) for result in users],
        "largest_difference_float32": equality.measured,
    }
    write_report(options.out, "Packed scoring on one GPU", tables, about, raw, promises=[equality])
    print((options.out / "README.md").read_text(encoding="utf-8"))


def equality_promise(forms: Forms, cells: Sequence[Cell]) -> Promise:
    """Packed scores are those of one prompt each, in float32: in bfloat16 rounding hides what is equal.

    The model of `forms` is float32 afterwards.
    """
    forms.model.float()
    requests = [forms.case(cell).request for cell in cells]
    differences = [
        np.abs(forms.packed([request])[0] - forms.one_prompt(request, batch_size=8)).max() for request in requests
    ]
    return Promise(
        name="largest score difference in float32, packed against one prompt each",
        sense="at most",
        limit=1e-3,
        measured=float(max(differences)),
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu.scoring", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the report")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="a prepared model's name or folder")
    return parser.parse_args()


if __name__ == "__main__":
    main()
