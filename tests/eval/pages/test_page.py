import re
from pathlib import Path

from eval.pages.page import write_page
from eval.result import Goal, Ratings, Result


def written(result: Result, tmp_path: Path) -> str:
    write_page(result, tmp_path / "new" / "page.html")
    return (tmp_path / "new" / "page.html").read_text(encoding="utf-8")


def test_at_a_glance_who_is_better_and_whether_it_is_luck(result: Result, tmp_path: Path) -> None:
    text = written(result, tmp_path)
    assert '<p class="verdict doubt">blend is best by ndcg@10' in text
    assert '<td class="doubt">-0.0030 (p = 0.2, could be luck)</td>' in text
    assert "<td>-0.0400 (p = 0.0001)</td>" in text


def test_a_blend_shows_what_it_was_kept_for(result: Result, tmp_path: Path) -> None:
    popular, blend, knn = result.systems
    worse = knn.model_copy(update={"checks": {"blend": 0.3, "fusion": 0.3}})
    text = written(result.model_copy(update={"systems": [popular, blend, worse]}), tmp_path)
    assert ">blend</th><td>0.3100</td><td>0.3000</td><td>blend</td>" in text
    assert ">knn</th><td>0.3000</td><td>0.3000</td><td>fusion</td>" in text


def test_what_reranking_did_and_could_do_at_most(result: Result, reranked: Result, tmp_path: Path) -> None:
    assert "<h2>Reranking</h2>" not in written(result, tmp_path)
    text = written(reranked, tmp_path)
    cells = ["knn", "50", "0.3000 [0.2900, 0.3100]", "0.250", "1.5", "12.5%", "0.4000", "0.5"]
    assert "".join(f"<td>{cell}</td>" for cell in cells) in text
    assert '<th scope="row">0.5</th><td>0.0600</td>' in text


def test_a_model_that_was_not_asked_has_no_figures(reranked: Result, tmp_path: Path) -> None:
    bare = {"churn": None, "calibration_error": None, "weight_curve": {}, "chosen_weight": None}
    found = reranked.system("blend").reranking
    assert found is not None
    system = reranked.system("blend").model_copy(update={"reranking": found.model_copy(update=bare)})
    text = written(reranked.model_copy(update={"systems": [system]}), tmp_path)
    assert "<td>0.250</td>" + "<td>–</td>" * 4 in text


def test_goals_are_met_or_missed(result: Result, tmp_path: Path) -> None:
    text = written(result, tmp_path)
    assert '<td>0.0600</td><td class="good">✓ met, could be luck</td><td class="text">a paper</td>' in text
    assert '<td>0.0300</td><td class="bad">✗ missed</td><td class="text">a dream</td>' in text


def test_a_goal_of_a_system_that_did_not_run(result: Result, tmp_path: Path) -> None:
    goal = Goal(system="nobody", metric="ndcg@10", at_least=0.1, source="a paper")
    assert '<td class="doubt">not measured</td>' in written(result.model_copy(update={"goals": [goal]}), tmp_path)


def test_errors_of_predicted_ratings_lowest_first(result: Result, tmp_path: Path) -> None:
    assert "Rating prediction" not in written(result, tmp_path)
    errors = (None, 1.5, 0.5)
    found = [error and Ratings(rmse=error, mae=0.4, predicted=1000, fallbacks=7) for error in errors]
    rated = [s.model_copy(update={"ratings": r}) for s, r in zip(result.systems, found, strict=True)]
    text = written(result.model_copy(update={"systems": rated}), tmp_path)
    cells = "<td>{}</td><td>0.4000</td><td>1,000</td><td>7</td>"
    assert "<h2>Rating prediction</h2>" in text
    assert text.index(cells.format("0.5000")) < text.index(cells.format("1.5000"))


def test_the_protocol_and_all_that_is_needed_to_run_it_again(result: Result, tmp_path: Path) -> None:
    text = written(result, tmp_path)
    assert "<li>The whole catalogue is ranked.</li>" in text
    assert "<dt>items</dt><dd>12,101</dd>" in text
    assert "<code>python -m eval.run --config configs/eval/beauty.yaml</code>" in text
    assert "<dt>lenskit</dt><dd>2025.8.1</dd>" in text


def test_nothing_is_loaded_or_run_and_hostile_text_stays_text(result: Result, tmp_path: Path) -> None:
    bad = '"><script>alert(1)</script><img src="//evil">'
    systems = [
        s.model_copy(update={"name": bad, "importances": {bad: 1.0}, "curves": {bad: [1.0]}}) for s in result.systems
    ]
    hostile = {"title": bad, "command": bad, "protocol": [bad], "counts": {bad: 1}, "config": {bad: bad}, "date": bad}
    text = written(result.model_copy(update={"systems": systems[:1], **hostile}), tmp_path)
    assert "<script" not in text
    assert "<img" not in text
    assert not re.findall(r"""<[^>]*(?:src|href)=["'](?!#)""", text)  # a picture refers to its own parts only


def test_every_picture_has_words_and_every_id_is_its_own(result: Result, tmp_path: Path) -> None:
    text = written(result, tmp_path)
    assert text.count("<svg") == text.count('role="img" aria-label=') == 9
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids))


def test_a_run_of_one_bare_system(result: Result, tmp_path: Path) -> None:
    bare = {"slices": {}, "versus": {}, "curves": {}, "importances": {}, "checks": {}, "beyond": {}, "by_seed": {}}
    systems = [result.systems[0].model_copy(update=bare)]
    text = written(result.model_copy(update={"systems": systems, "goals": []}), tmp_path)
    assert "popular is best by ndcg@10" in text
    assert "<h2>Goals</h2>" not in text
