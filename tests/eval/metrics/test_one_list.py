from eval.metrics.one_list import recall


def test_recall_counts_what_was_found_among_the_first_k() -> None:
    assert recall(["a", "b", "c", "d"], {"b", "d", "x", "y"}, 3) == 1 / 4


def test_nothing_relevant_is_no_recall() -> None:
    assert recall(["a"], (), 1) == 0.0
