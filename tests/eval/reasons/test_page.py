"""The page says what was met, and what was not."""

from collections.abc import Callable
from pathlib import Path

from eval.reasons.judged import Judged
from eval.reasons.page import DEMO, Measured, explanations_page, promises
from eval.reasons.records import Answer
from eval.report import Report

Make = Callable[..., Judged]


def measured(*rows: Judged) -> Measured:
    seconds = {"ranking": 1.0, "evidence": 2.0, "draft": 3.0, "text": 4.0}
    answer = Answer(
        reasons=(), read=("milk",), held_out_rank=None, seconds=seconds, processor_seconds=seconds, load=0.5
    )
    return Measured(name=DEMO, judged=rows, answers=[answer] * len(rows))


def verdicts(*rows: Judged) -> dict[str, str]:
    return {promise.name.removesuffix(f", {DEMO}"): promise.verdict for promise in promises(measured(*rows))}


def test_promises_are_kept_or_not(judged_of: Make) -> None:
    good = verdicts(judged_of(text="One."), judged_of(text="Two."))
    assert (good["necessity"], good["statements that are true"], good["distinct texts"]) == ("met", "met", "met")
    bad = verdicts(judged_of(-0.1), judged_of(true=False))
    assert (bad["necessity"], bad["statements that are true"], bad["distinct texts"]) == ("not met",) * 3


def test_a_control_must_do_worse(judged_of: Make) -> None:
    """And one that was not tried says so. Somebody else's citations are never true here."""
    found = verdicts(judged_of())
    assert found["control: true with somebody else's citations"] == "met"
    assert verdicts(judged_of(true=False))["control: true with somebody else's citations"] == "not met"
    assert found["control: necessity of another item's citations"] == "not measured"


def test_examples_are_of_the_demo_shop(judged_of: Make, tmp_path: Path) -> None:
    report = Report("Explanations")
    explanations_page(report, [measured(judged_of(0.4), judged_of(-0.2, true=False))], [])
    report.write(tmp_path, "explanations")
    page = (tmp_path / "explanations.md").read_text(encoding="utf-8")
    assert "| Oat milk 1 l | You bought milk. | 0.400; 0.200 |" in page
    assert page.index("0.400; 0.200") < page.index("-0.200; 0.100")
    assert "| Oat milk 1 l | You bought milk. | You bought milk |" in page
