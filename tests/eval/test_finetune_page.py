from pathlib import Path

from eval.finetune_page import finetune_page
from eval.lift.result import LiftResult
from retrieval.files import read_json

LINE = ("order", "", "", "a score changes by", "0", "", "at most 0", "met", "python -m order", "a_machine")
OTHER = ("movies", "test", "best", "ndcg@10", "0.1", "", "", "reported", "python -m eval.run", "a_machine")


def test_reports_of_fine_tuning_are_told_with_their_promises(tmp_path: Path) -> None:
    (tmp_path / "order").mkdir()
    (tmp_path / "order" / "README.md").write_text("# Order\n\n## A table\n\n![curve](curve.png)\n", encoding="utf-8")
    (tmp_path / "movies").mkdir()
    page = finetune_page(tmp_path, [LINE, OTHER], [])
    assert "| order |  | a score changes by | 0 |  | at most 0 | met | `python -m order` | a\\_machine |" in page
    assert page.endswith("## Order\n\n### A table\n\n![curve](order/curve.png)\n")
    assert "movies" not in page


def test_what_the_llm_is_worth_stands_first() -> None:
    (lift,) = [LiftResult.model_validate(read_json(Path("docs/results/lift-beauty/metrics.json")))]
    table = finetune_page(Path("nowhere"), [], [lift]).split("\n\n")[3].splitlines()
    cells = dict(zip(*(line.strip("| ").split(" | ") for line in (table[0], table[2])), strict=True))
    retrieval, added = lift.row("retrieval"), lift.llm_adds.difference
    assert retrieval is not None
    assert (cells["data"], cells["retrieval"]) == ("beauty", f"{retrieval.held['ndcg@10'].mean:.4f}")
    assert cells["the LLM adds"].startswith(f"{added.mean:+.4f} ")
    assert cells["used"] == lift.chosen
