import xml.etree.ElementTree as ET

import pytest

from eval.pages import plots
from eval.pages.markup import Markup
from eval.result import Result


def texts(svg: Markup) -> list[str]:
    return [text for node in ET.fromstring(svg).iter() if node.tag.endswith("text") and (text := node.text)]


def test_the_best_system_is_on_top(result: Result) -> None:
    assert [text for text in texts(plots.forest(result)) if text.isalpha()] == ["blend", "knn", "popular"]


def test_a_curve_needs_two_cutoffs(result: Result) -> None:
    assert {"5", "10", "recall@k"} <= set(texts(plots.cutoff_curves(result, "recall")))
    assert plots.cutoff_curves(result, "ndcg") == ""


def test_every_slice_says_how_many_users_it_has(result: Result) -> None:
    assert {"short, 1-4", "600 users"} <= set(texts(plots.slice_plot(result, "history length")))


def test_a_trade_off_needs_the_measure(result: Result) -> None:
    assert {"blend", "coverage@10"} <= set(texts(plots.trade_off(result, "coverage@10")))
    assert plots.trade_off(result, "novelty@10") == ""


def test_learning_has_a_picture_a_curve(result: Result) -> None:
    assert "epoch" in texts(plots.learning_curves(result)["loss"])


def test_the_strongest_feature_is_on_top(result: Result) -> None:
    found = texts(plots.importances(result.systems[0]))
    assert found.index("bm25") < found.index("price")


@pytest.mark.parametrize(
    ("name", "drawn"),
    [("<b>$x_1$ \\frac{", "<b>$x_1$ \\frac{"), ("咖啡", "咖啡"), ("two\nlines", "two lines"), ("bell\a", "bell ")],
    ids=["markup", "Chinese", "line break", "control character"],
)
def test_any_name_can_be_drawn(result: Result, name: str, drawn: str) -> None:
    systems = [s.model_copy(update={"name": name}) for s in result.systems[:1]]
    assert drawn in texts(plots.forest(result.model_copy(update={"systems": systems})))


def test_colours_follow_the_page_and_the_size_is_free(result: Result) -> None:
    found = plots.forest(result)
    assert "currentColor" in found
    assert "width=" not in found[: found.index(">")]


def test_the_same_result_gives_the_same_picture(result: Result) -> None:
    assert plots.forest(result) == plots.forest(result)
