"""Figures of reasons, by hand."""

from collections.abc import Callable

import pytest

from eval.reasons import tables
from eval.reasons.judged import Judged

Make = Callable[..., Judged]


def test_a_citation_is_necessary_where_the_score_falls_further_than_without_others(judged_of: Make) -> None:
    """Where it rises, or falls as far, it is not."""
    rows = [judged_of(0.4), judged_of(0.2), judged_of(-0.2), judged_of(0.0)]
    found = tables.necessity(rows, tables.own)
    assert found is not None
    assert found.mean == 0.5


def test_it_suffices_where_the_score_is_higher_than_with_others_alone(judged_of: Make) -> None:
    found = tables.sufficiency([judged_of(0.4), judged_of(-0.1)], tables.own)
    assert found is not None
    assert found.mean == 0.5


def test_falls_are_told_with_their_difference(judged_of: Make) -> None:
    rows = {str(row[0]): row[1] for row in tables.faithfulness([judged_of(0.4), judged_of(0.2)])[:5]}
    assert str(rows["it falls without them by"]).startswith("+0.300 ")
    assert str(rows["it falls without the others by"]).startswith("+0.150 ")


def test_what_was_not_compared_is_no_zero(judged_of: Make) -> None:
    """The control was never tried."""
    assert tables.necessity([judged_of()], tables.shuffled) is None
    assert tables.faithfulness([judged_of()])[1][2] == "-"


def test_precision_is_of_statements(judged_of: Make) -> None:
    rows = [judged_of(), judged_of(true=False), judged_of(), judged_of()]
    found = tables.precision(rows, lambda row: row.said)
    assert found is not None
    assert found.mean == 0.75
    assert tables.precision(rows, lambda row: row.swapped) is None


def test_forms_are_told_apart_from_titles_and_numbers(judged_of: Make) -> None:
    rows = [judged_of(text=f"You bought Whole milk 1 l {number} times.") for number in (2, 3)]
    counts = {str(row[0]): row[1] for row in tables.texts([rows])}
    assert counts["distinct texts"] == "100.0%"
    assert counts["distinct texts, titles, numbers and months aside"] == 1
    assert counts["lists in which two texts are alike"] == 0


def test_two_texts_of_one_list_that_are_alike_are_seen(judged_of: Make) -> None:
    counts = {str(row[0]): row[1] for row in tables.texts([[judged_of(), judged_of()]])}
    assert counts["lists in which two texts are alike"] == 1


def test_by_what_is_cited(judged_of: Make) -> None:
    rows = tables.by_citations([judged_of(), judged_of(-0.1)])
    assert [row[1] for row in rows] == [0, 2, 0, 0]
    assert str(rows[1][3]).startswith("50.0%")
    assert rows[0][3] == pytest.approx("-")
