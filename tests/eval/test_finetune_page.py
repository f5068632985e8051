from pathlib import Path

from eval.finetune_page import finetune_page

LINE = ("order", "", "", "a score changes by", "0", "", "at most 0", "met", "python -m order", "a_machine")
OTHER = ("movies", "test", "best", "ndcg@10", "0.1", "", "", "reported", "python -m eval.run", "a_machine")


def test_reports_of_fine_tuning_are_told_with_their_promises(tmp_path: Path) -> None:
    (tmp_path / "order").mkdir()
    (tmp_path / "order" / "README.md").write_text("# Order\n\n## A table\n\n![curve](curve.png)\n", encoding="utf-8")
    (tmp_path / "movies").mkdir()
    page = finetune_page(tmp_path, [LINE, OTHER])
    assert "| order |  | a score changes by | 0 |  | at most 0 | met | `python -m order` | a\\_machine |" in page
    assert page.endswith("## Order\n\n### A table\n\n![curve](order/curve.png)\n")
    assert "movies" not in page
