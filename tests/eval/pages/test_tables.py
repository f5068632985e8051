from eval.pages.tables import results_table
from eval.result import Ratings, Result


def test_rows_are_sorted_and_luck_is_named(result: Result) -> None:
    assert results_table(result).splitlines() == [
        "| system | ndcg@10 [95 %] | by seed | recall@10 | minus the best | fit, s | ms a user |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        "| blend | 0.0600 [0.0500, 0.0700] |  | 0.0900 | best | 12 | 1.5 |",
        "| knn | 0.0570 [0.0470, 0.0670] |  | 0.0855 | -0.0030 (p = 0.2, could be luck) | 12 | 1.5 |",
        "| popular | 0.0200 [0.0100, 0.0300] |  | 0.0300 | -0.0400 (p = 0.0001) | 12 | 1.5 |",
    ]


def test_the_ceiling_stands_beside_what_is_reranked(reranked: Result) -> None:
    rows = [line.split(" | ")[:3] for line in results_table(reranked).splitlines()]
    assert rows[0] == ["| system", "ndcg@10 [95 %]", "ceiling"]
    assert rows[2][2] == "0.3000 (recall@50)"
    assert rows[3][2] == ""


def test_several_seeds_show_their_range(result: Result) -> None:
    by_seed = {"0": {"ndcg@10": 0.05}, "1": {"ndcg@10": 0.07}}
    twice = result.systems[1].model_copy(update={"by_seed": by_seed})
    assert "| 2: 0.0500 to 0.0700 |" in results_table(result.model_copy(update={"systems": [twice]}))


def test_errors_of_ratings_have_columns_where_a_system_predicts_them(result: Result) -> None:
    rated = result.systems[1].model_copy(update={"ratings": Ratings(rmse=1.0, mae=0.75, predicted=9, fallbacks=0)})
    columns, _, blend, knn, _ = results_table(
        result.model_copy(update={"systems": [result.systems[0], rated, result.systems[2]]})
    ).splitlines()
    assert "| recall@10 | rmse | mae | minus the best |" in columns
    assert "| 0.0900 | 1.0000 | 0.7500 | best |" in blend
    assert "| 0.0855 |  |  | -0.0030" in knn


def test_a_name_cannot_break_the_table(result: Result) -> None:
    odd = result.systems[0].model_copy(update={"name": "a|b\n<script>"})
    assert r"| a\|b \<script\> |" in results_table(result.model_copy(update={"systems": [odd]}))
