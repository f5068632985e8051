import math

import numpy as np
import pytest
import torch

from retrieval.retrievers.sequence.config import EncoderConfig
from retrieval.retrievers.sequence.encoder import SequenceEncoder
from retrieval.retrievers.sequence.histories import NOTHING, HeldOut
from retrieval.retrievers.sequence.validation import last_users, validate

ITEMS = 15


@pytest.fixture
def by_bias() -> SequenceEncoder:
    """Ranks by bias alone: item 0 is everybody's first, item 14 everybody's last."""
    torch.manual_seed(0)
    encoder = SequenceEncoder(ITEMS, 2, EncoderConfig(dimension=4, window=3))
    with torch.no_grad():
        encoder.log_scale.fill_(math.log(1e-6))
        encoder.items.bias.copy_(-torch.arange(float(ITEMS)))
    return encoder


def ndcg(encoder: SequenceEncoder, *asked: tuple[list[int], int]) -> float:
    histories = tuple(np.array(history) for history, _ in asked)
    held_out = HeldOut(histories=histories, items=np.array([item for _, item in asked]))
    return validate(encoder, torch.zeros(ITEMS, 2), held_out, 3)


@pytest.mark.parametrize(("item", "gain"), [(0, 1.0), (2, 0.5), (9, 1 / math.log2(11)), (10, 0.0)])
def test_the_gain_of_one_rank(by_bias: SequenceEncoder, item: int, gain: float) -> None:
    assert ndcg(by_bias, ([14], item)) == pytest.approx(gain)


def test_what_was_touched_before_does_not_compete(by_bias: SequenceEncoder) -> None:
    assert ndcg(by_bias, ([0, 1], 2)) == 1.0
    assert ndcg(by_bias, ([0, 1, 14, 14, 14], 2)) == 1.0  # also what is older than the window


def test_an_item_that_was_touched_before_can_be_asked_for_again(by_bias: SequenceEncoder) -> None:
    assert ndcg(by_bias, ([0, 2], 2)) == 0.5  # items 0 and 1 are before it: all that can be bought again competes


def test_an_equal_score_is_no_win(by_bias: SequenceEncoder) -> None:
    with torch.no_grad():
        by_bias.items.bias.fill_(0.0)
        by_bias.items.ids.weight.fill_(0.0)
        by_bias.items.text.weight.fill_(0.0)
    assert ndcg(by_bias, ([14], 0)) == 0.0
    with torch.no_grad():
        by_bias.items.bias.fill_(math.nan)
    assert ndcg(by_bias, ([14], 0)) == 0.0


def test_an_item_without_a_column_is_a_miss(by_bias: SequenceEncoder) -> None:
    assert ndcg(by_bias, ([14], NOTHING)) == 0.0
    assert ndcg(by_bias, ([14], NOTHING), ([14], 0)) == 0.5


def test_users_beyond_the_first_chunk_count(by_bias: SequenceEncoder) -> None:
    assert ndcg(by_bias, *[([14], 0)] * 512, *[([14], 14)] * 512) == 0.5


def test_the_newest_of_a_history_are_read() -> None:
    torch.manual_seed(0)
    encoder, text = SequenceEncoder(ITEMS, 2, EncoderConfig(dimension=4, window=3)).eval(), torch.randn(ITEMS, 2)
    histories = [[start, start + 1, start + 2, start + 3] for start in range(8)]
    with torch.no_grad():
        table = encoder.items(torch.arange(ITEMS), text)
        users = last_users(encoder, table, [np.array(history[-3:]) for history in histories])
        scores = users @ encoder.targets(table, encoder.items.bias).T
    for row, history in enumerate(histories):
        scores[row, history] = -math.inf
    held_out = HeldOut(histories=tuple(map(np.array, histories)), items=scores.argmax(dim=1).numpy())
    assert validate(encoder, text, held_out, 3) == 1.0


def test_histories_of_other_lengths_do_not_disturb_each_other(by_bias: SequenceEncoder) -> None:
    by_bias.eval()
    table = torch.randn(ITEMS, 4)
    short, long = np.array([3]), np.array([1, 4, 2])
    together = last_users(by_bias, table, [short, long])
    torch.testing.assert_close(together[:1], last_users(by_bias, table, [short]), rtol=0, atol=1e-6)
    torch.testing.assert_close(together[1:], last_users(by_bias, table, [long]), rtol=0, atol=1e-6)
