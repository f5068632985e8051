"""Which words a reason shares with a review."""

import pytest

from eval.reasons.praise import Told, overlaps


def told(reason: str, review: str, *, stars: float = 5, user: str = "", category: str = "kitchen") -> Told:
    return Told(reason=reason, title="Blue kettle", review=review, stars=stars, category=category, user=user or review)


CROWD = [told("You rated it", f"great and {number}", category="garden") for number in range(100)]
"""Others, of another category, whose words are so common that they count for nothing."""

ONE = told("You rated Steel teapot with filter, blue.", "A great teapot of steel.")


def test_content_words_of_the_own_review_count_beside_those_of_others() -> None:
    """steel, teapot, with, filter: the others are common, short, or the item's own."""
    (found,) = overlaps([ONE, told("", "Any teapot."), told("", "Nothing."), *CROWD])
    assert (found.own, found.others) == (2 / 4, pytest.approx(1 / 8))


def test_only_praise_counts_and_only_where_there_are_words() -> None:
    angry = told("You rated Steel teapot.", "A bad teapot", stars=3)
    wordless = told("You rated it.", "Steel")
    assert [one.user for one in overlaps([ONE, angry, wordless, *CROWD])] == [ONE.user]


def test_another_review_of_the_same_reader_is_no_baseline() -> None:
    again = told("", "Steel teapot with filter", user=ONE.user)
    (found,) = overlaps([ONE, again, told("", "Nothing."), *CROWD])
    assert found.others == 0
