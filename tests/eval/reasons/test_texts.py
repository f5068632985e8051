"""What reasons read like, by hand."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from eval.reasons import texts
from eval.reasons.judged import Judged

Make = Callable[..., Judged]


def counts(*rows: Judged) -> dict[str, object]:
    return {str(row[0]): row[1] for row in texts.table([rows])}


def test_forms_are_told_apart_from_titles_and_numbers(judged_of: Make) -> None:
    rows = [judged_of(text=f"You bought Whole milk 1 l {number} times.") for number in (2, 3)]
    counts = {str(row[0]): row[1] for row in texts.table([rows])}
    assert counts["distinct texts"] == "100.0%"
    assert counts["distinct texts, titles, numbers and months aside"] == 1
    assert counts["lists in which two texts are alike"] == 0


def test_two_texts_of_one_list_that_are_alike_are_seen(judged_of: Make) -> None:
    counts = {str(row[0]): row[1] for row in texts.table([[judged_of(), judged_of()]])}
    assert counts["lists in which two texts are alike"] == 1


def test_nothing_said_is_no_text(judged_of: Make) -> None:
    found = counts(judged_of(text=""), judged_of(text=""), judged_of())
    assert (found["of which nothing is said"], found["texts"]) == (2, 1)
    assert found["lists in which two texts are alike"] == 0


@pytest.mark.parametrize(("words", "long"), [(30, 0), (31, 1)])
def test_more_than_thirty_words_are_too_many(judged_of: Make, words: int, long: int) -> None:
    assert texts.too_long([judged_of(text=" ".join(["word"] * words))]) == long


def test_chinese_is_counted_in_characters(judged_of: Make) -> None:
    row = replace(judged_of(text="买" * 61), language="zh")
    assert texts.too_long([row, replace(row, language="en")]) == 1


def test_persuasion_is_seen_unless_it_is_a_title(judged_of: Make) -> None:
    rows = [judged_of(text=text) for text in ("It is perfect.", "You'll love it.", "A 98 % match.", "这是您的必备。")]
    assert texts.persuading(rows) == 4
    title = replace(judged_of(text="You bought Best of Mozart."), titles=("Best of Mozart",))
    assert texts.persuading([title, judged_of()]) == 0


def test_a_brand_and_a_title_that_was_cut_persuade_nobody(judged_of: Make) -> None:
    row = judged_of(text="You bought The Best Loved… once. This item is of the brand Great Value.")
    assert texts.persuading([replace(row, titles=("The Best Loved Cookies of Mama",))]) == 0


def test_where_nothing_is_said_there_is_no_share(judged_of: Make) -> None:
    rows = [judged_of(text="")]
    assert (texts.template_share(rows), texts.distinct_share(rows)) == (None, None)
    assert counts(*rows)["texts"] == 0


def test_sentences_are_counted_without_the_full_stops_of_titles(judged_of: Make) -> None:
    row = replace(judged_of(text="You bought Crisps 5.5 oz. Salted. It is cheap."), titles=("Crisps 5.5 oz. Salted",))
    assert counts(row)["texts with more than two sentences"] == 0
    assert counts(row)["texts with a second sentence, or more"] == "100.0%"
