"""Reasons beside the same texts with other citations."""

from eval.reasons.judged import judged
from eval.reasons.records import Answer, Asked, Reason
from retrieval.catalogue import Catalogue
from retrieval.log import InteractionLog


def reason(text: str, *cited: str, swapped_in: tuple[str, ...] = ()) -> Reason:
    return Reason(
        item_id="oat",
        llm_score=1,
        text=text,
        source="model",
        rejected="",
        refused="",
        cited=dict.fromkeys(cited, 0.5),
        against={},
        own=None,
        shuffled=None,
        opposed=None,
        swapped_in=swapped_in,
    )


def answered(read: tuple[str, ...], *reasons: Reason) -> Answer:
    return Answer(reasons=reasons, read=read, held_out_rank=None, seconds={}, processor_seconds={}, load=0)


def test_a_citation_counts_where_it_was_read_and_is_of_the_history(catalogue: Catalogue, log: InteractionLog) -> None:
    """Anna never bought tea, and of what she bought butter was not read."""
    lists = [Asked(user="anna", history=log.history("anna"))]
    reasons = [reason("It.", one) for one in ("milk", "butter", "tea")]
    found = judged(catalogue, lists, [answered(("milk", "bread", "tea"), *reasons)])
    assert [row.cited_read for row in found] == [True, False, False]
    assert [row.others_read for row in found] == [2, 3, 2]


def test_the_controls_are_judged_beside_it(catalogue: Catalogue, log: InteractionLog) -> None:
    """Milk three times is so; butter was bought once, and what Dan bought never."""
    lists = [Asked(user=user, history=log.history(user)) for user in ("anna", "anna", "dan")]
    text = "You bought Whole milk 1 l three times."
    said = [
        answered(("milk", "butter"), reason(text, "milk", swapped_in=("butter",))),
        answered((), reason("It.", "bread")),
        answered(("tea",), reason("It."), reason("It.", "tea")),
    ]
    first, *_ = judged(catalogue, lists, said)
    assert [one.true for one in first.said] == [True, True]
    assert [one.true for one in first.swapped] == [True, False]
    assert [one.true for one in first.strange] == [False, False]
    assert (first.swapped_read, first.strange_read) == (True, False)


def test_what_cites_nothing_has_no_control(catalogue: Catalogue, log: InteractionLog) -> None:
    lists = [Asked(user=user, history=log.history(user)) for user in ("anna", "dan")]
    said = [answered(("milk",), reason("It.", swapped_in=("milk",))), answered(("tea",), reason("It.", "tea"))]
    first, _ = judged(catalogue, lists, said)
    assert (first.swapped_read, first.strange_read, first.swapped, first.strange) == (None, None, (), ())
