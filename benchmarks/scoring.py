"""Packed scoring against one prompt a candidate, lettered lists and one plain pass, on this machine, in one run.

python -m benchmarks.scoring --out docs/results/packed-scoring
"""

import argparse
import shlex
import sys
from dataclasses import asdict, replace
from pathlib import Path

from benchmarks.forms import Forms
from benchmarks.machine import machine
from benchmarks.measure import Plan, choose_batch_size, estimate, measure
from benchmarks.picture import draw_times
from benchmarks.report import write_report
from benchmarks.scoring_promises import scoring_promises
from benchmarks.scoring_tables import growth_table, times_table, tokens_table
from benchmarks.table import promise_table
from benchmarks.terminal import console, show, stepping
from llm_rerank.models import DEFAULT_MODEL

_PICTURE = "time-against-k.png"


def main() -> None:
    """Measures, judges, writes the report, its raw numbers and its picture."""
    options = _options()
    plan = _plan(options)
    forms = Forms.load(options.model, seed=options.seed, device="cpu", say=console.print)
    batch_size, trial = choose_batch_size(forms, plan)
    minutes = estimate(forms, plan, trial[batch_size]) / 60
    console.print(f"One prompt each is fastest {batch_size} at a time. The run takes about {minutes:.1f} minutes.")
    with stepping(plan.steps) as on_step:
        results = measure(forms, plan, batch_size, on_step)
    about = machine(
        shlex.join(["python", "-m", "benchmarks.scoring", *sys.argv[1:]]),
        forms.model.device,
        model=f"{options.model}, {forms.model.dtype}",
        seed=options.seed,
        repeats=f"{plan.repeats}, one more for K <= 20",
        one_prompt_batch=f"{batch_size}, the fastest of {', '.join(map(str, plan.batch_sizes))}",
    )
    promises = scoring_promises(results)
    tables = (
        promise_table(promises),
        times_table(results),
        tokens_table(results),
        growth_table(results),
    )
    show(tables)
    raw = {"seconds_a_prompt_by_batch": trial, "cells": [asdict(result) for result in results]}
    write_report(options.out, "Packed scoring", tables, about, raw, promises=promises, picture=_PICTURE)
    draw_times(results, options.out / _PICTURE)
    console.print(f"Written to {options.out}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scoring", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the report")
    parser.add_argument("--k", type=int, nargs="+", default=[5, 20, 50, 100, 200], help="candidates a list, ascending")
    parser.add_argument("--history", type=int, nargs="+", default=[5, 20, 50], help="items a history")
    parser.add_argument("--repeats", type=int, default=3, help="timings of each form (one more where K <= 20)")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="a prepared model's name or folder")
    parser.add_argument("--seed", type=int, default=0, help="of the made-up items")
    parser.add_argument("--quick", action="store_true", help="a smoke test of a minute: its numbers prove nothing")
    return parser.parse_args()


def _plan(options: argparse.Namespace) -> Plan:
    plan = Plan(
        ks=tuple(options.k),
        histories=tuple(options.history),
        repeats=options.repeats,
        batch_sizes=(1, 4, 8),
        most_prompts=20,
    )
    return replace(plan, ks=(5, 20), histories=(5,), repeats=1, most_prompts=5) if options.quick else plan


if __name__ == "__main__":
    main()
