from eval.pages.tables import results_table
from eval.result import Result


def test_rows_are_sorted_and_luck_is_named(result: Result) -> None:
    assert results_table(result).splitlines() == [
        "| system | ndcg@10 [95 %] | recall@10 | minus the best |",
        "| --- | --- | --- | --- |",
        "| blend | 0.0600 [0.0500, 0.0700] | 0.0900 | best |",
        "| knn | 0.0570 [0.0470, 0.0670] | 0.0855 | -0.0030 (p = 0.2, could be luck) |",
        "| popular | 0.0200 [0.0100, 0.0300] | 0.0300 | -0.0400 (p = 0.0001) |",
    ]


def test_a_name_cannot_break_the_table(result: Result) -> None:
    odd = result.systems[0].model_copy(update={"name": "a|b\n<script>"})
    assert r"| a\|b \<script\> |" in results_table(result.model_copy(update={"systems": [odd]}))
