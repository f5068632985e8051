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


def test_by_what_is_cited(judged_of: Make) -> None:
    rows = tables.by_citations([judged_of(), judged_of(-0.1)])
    assert [row[1] for row in rows] == [0, 2, 0, 0]
    assert str(rows[1][3]).startswith("50.0%")
    assert rows[0][3] == pytest.approx("-")


def test_what_speaks_against_an_item_raises_the_score_where_it_is_left_out(judged_of: Make) -> None:
    rows = [judged_of(-0.4), judged_of(0.4)]
    found = dict(tables.contrariness(rows))
    assert found["reasons that tell what speaks against the item"] == 2
    assert str(found["the score rises more without it than without the others"]).startswith("50.0%")
