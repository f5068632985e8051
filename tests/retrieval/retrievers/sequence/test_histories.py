from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.catalogue import Catalogue
from retrieval.log import InteractionLog
from retrieval.retrievers.sequence.histories import (
    NOTHING,
    Histories,
    batches,
    hold_out,
    read_histories,
    windows,
)


def histories(*lengths: int, asked: str = "") -> Histories:
    """Items are numbered 0, 1, ... through all users; `asked` is a 1 for each that is asked."""
    flags = np.array([c == "1" for c in asked]) if asked else np.ones(sum(lengths), dtype=np.bool_)
    return Histories(items=np.arange(sum(lengths)), bounds=np.cumsum([0, *lengths]), asked=flags)


def asked_for(of: Histories, length: int, size: int = 2) -> list[int]:
    """Every answer that the batches ask for."""
    rng = np.random.default_rng(0)
    found = [batch.next_items for batch in batches(of, windows(of, length), size, rng)]
    return sorted(item for answers in found for item in answers[answers != NOTHING].tolist())


def test_a_log_is_read_user_by_user(catalogue: Catalogue, log: InteractionLog) -> None:
    read = read_histories(log, catalogue)
    assert read.lengths.tolist() == [7, 6, 6, 6, 1]
    assert [catalogue.at(row).item_id for row in read.of(3)] == ["coffee", "tea", "biscuits", "tea", "brie", "tea"]
    assert read.asked.all()


def test_an_empty_log_is_no_history(catalogue: Catalogue) -> None:
    read = read_histories(InteractionLog.of([]), catalogue)
    assert len(read.lengths) == len(windows(read, 5)) == 0


def test_windows_are_counted_from_the_newest() -> None:
    assert windows(histories(8), 3).tolist() == [[4, 8], [1, 5], [0, 2]]


def test_a_user_who_did_one_thing_has_no_window() -> None:
    assert windows(histories(1, 2), 3).tolist() == [[1, 3]]


@given(st.lists(st.integers(1, 30), min_size=1, max_size=5), st.integers(1, 7))
def test_every_interaction_after_a_users_first_is_asked_once(lengths: list[int], length: int) -> None:
    of = histories(*lengths)
    firsts = set(of.bounds[:-1].tolist())
    assert asked_for(of, length) == [item for item in range(sum(lengths)) if item not in firsts]


@given(st.lists(st.integers(1, 12), min_size=1, max_size=4), st.integers(1, 5), st.data())
def test_only_what_is_new_is_asked(lengths: list[int], length: int, data: st.DataObject) -> None:
    flags = data.draw(st.text("01", min_size=sum(lengths), max_size=sum(lengths)))
    of = histories(*lengths, asked=flags)
    firsts = set(of.bounds[:-1].tolist())
    assert asked_for(of, length) == [i for i in range(sum(lengths)) if flags[i] == "1" and i not in firsts]
    pieces = windows(of, length)
    assert all(of.asked[start + 1 : end].any() for start, end in pieces.tolist())  # none is read for nothing


def test_a_batch_holds_what_came_next_at_each_place() -> None:
    of = histories(4, 3, asked="0001" + "011")
    (batch,) = batches(of, windows(of, 5), 2, np.random.default_rng(0))
    rows = sorted(zip(batch.items.tolist(), batch.next_items.tolist(), strict=True))
    assert rows == [([0, 1, 2], [NOTHING, NOTHING, 3]), ([4, 5, NOTHING], [5, 6, NOTHING])]


def test_batches_are_the_same_under_a_seed_and_others_under_another() -> None:
    of = histories(*range(2, 20))

    def drawn(seed: int) -> list[list[list[int]]]:
        return [b.items.tolist() for b in batches(of, windows(of, 4), 3, np.random.default_rng(seed))]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_pieces_of_like_length_share_a_batch() -> None:
    of = histories(2, 9, 2, 9, 2, 9)
    drawn = batches(of, windows(of, 10), 3, np.random.default_rng(0))
    assert sorted(batch.items.shape for batch in drawn) == [(3, 1), (3, 8)]


def test_which_pieces_of_one_length_share_a_batch_is_drawn() -> None:
    of = histories(*[2] * 12)

    def together(seed: int) -> set[frozenset[int]]:
        drawn = batches(of, windows(of, 4), 3, np.random.default_rng(seed))
        return {frozenset(batch.items.ravel().tolist()) for batch in drawn}

    assert together(1) != together(2)


def test_the_last_interaction_is_held_out() -> None:
    rest, held = hold_out(histories(2, 4), 10, np.random.default_rng(0))  # the first keeps too little
    assert held.items.tolist() == [5]
    assert [before.tolist() for before in held.histories] == [[2, 3, 4]]
    assert [rest.of(user).tolist() for user in range(2)] == [[0, 1], [2, 3, 4]]


@pytest.mark.parametrize(("users", "held_out"), [(1, 1), (5, 1), (6, 2), (50, 10)])
def test_at_most_every_fifth_user_is_held_out(users: int, held_out: int) -> None:
    _, held = hold_out(histories(*[3] * users), 100, np.random.default_rng(0))
    assert len(held.items) == held_out


def test_no_more_users_are_held_out_than_allowed() -> None:
    of = histories(*[3] * 50)
    rest, held = hold_out(of, 7, np.random.default_rng(0))
    assert len(held.items) == 7
    assert sorted([*rest.items.tolist(), *held.items.tolist()]) == list(range(150))
    assert len(hold_out(of, 0, np.random.default_rng(0))[1].items) == 0


def test_only_what_is_new_is_held_out() -> None:
    of = histories(*[3] * 10, asked="010" * 9 + "001")  # the last of one user alone is new
    rest, held = hold_out(of, 10, np.random.default_rng(0))
    assert held.items.tolist() == [29]
    assert rest.asked.tolist() == [False, True, False] * 9 + [False, False]


def test_columns_are_numbered_by_row() -> None:
    of = Histories(items=np.array([7, 3, 7]), bounds=np.array([0, 3]), asked=np.ones(3, dtype=np.bool_))
    assert of.renumbered(np.array([3, 7])).items.tolist() == [1, 0, 1]


@pytest.mark.parametrize("item", [0, 5, 9])
def test_a_held_out_item_that_nobody_else_touched_has_no_column(item: int) -> None:
    of = Histories(items=np.array([3, 7, item]), bounds=np.array([0, 3]), asked=np.ones(3, dtype=np.bool_))
    rest, held = hold_out(of, 1, np.random.default_rng(0))
    columns = held.renumbered(np.unique(rest.items))
    assert columns.items.tolist() == [NOTHING]
    assert columns.histories[0].tolist() == [0, 1]


def test_windows_never_cross_from_one_user_to_the_next() -> None:
    of = histories(9, 4, 6)
    users = list(pairwise(of.bounds.tolist()))
    assert all(any(a <= start and end <= b for a, b in users) for start, end in windows(of, 3).tolist())
