import pytest
import torch

from retrieval.retrievers.sequence.config import EncoderConfig
from retrieval.retrievers.sequence.encoder import ItemEncoder, SequenceEncoder

CONFIG = EncoderConfig(dimension=8, window=6)


@pytest.fixture
def encoder() -> SequenceEncoder:
    torch.manual_seed(0)
    made = SequenceEncoder(5, 3, CONFIG)
    with torch.no_grad():
        for block in made.blocks:
            block.distance.normal_()
    return made.eval()


def test_a_later_item_changes_no_earlier_user(encoder: SequenceEncoder) -> None:
    history = torch.randn(1, 6, 8)
    other = history.clone()
    other[0, 4] = -history[0, 4]
    before, after = encoder.users(history), encoder.users(other)
    torch.testing.assert_close(after[0, :4], before[0, :4], rtol=0, atol=1e-6)
    assert not torch.allclose(after[0, 4], before[0, 4], atol=1e-3)
    assert not torch.allclose(after[0, 5], before[0, 5], atol=1e-3)


def test_padding_at_the_end_changes_nothing(encoder: SequenceEncoder) -> None:
    history = torch.randn(1, 6, 8)
    torch.testing.assert_close(encoder.users(history[:, :2]), encoder.users(history)[:, :2], rtol=0, atol=1e-6)


def test_how_long_ago_something_was_matters_through_the_bias_by_distance() -> None:
    torch.manual_seed(0)
    encoder = SequenceEncoder(5, 3, EncoderConfig(dimension=8, window=6, blocks=1)).eval()
    history = torch.randn(1, 3, 8)
    swapped = history[:, [1, 0, 2]]
    torch.testing.assert_close(encoder.users(history)[0, -1], encoder.users(swapped)[0, -1])  # not learnt yet: a set
    with torch.no_grad():
        encoder.blocks[0].distance[:, 1] = 5.0  # what was just before counts most
    assert not torch.allclose(encoder.users(history)[0, -1], encoder.users(swapped)[0, -1], atol=1e-2)


def test_a_score_is_scale_times_cosine_plus_bias(encoder: SequenceEncoder) -> None:
    user = encoder.users(torch.randn(1, 2, 8))[0, -1]
    item = 3 * user[None, :8]  # the same direction, another length
    score = encoder.targets(item, torch.tensor([0.5])) @ user
    assert score.item() == pytest.approx(20.5, abs=1e-3)


def test_in_training_some_items_are_known_by_their_text_alone() -> None:
    torch.manual_seed(0)
    items = ItemEncoder(1000, 3, EncoderConfig(dimension=4, id_dropout=0.25, heads=1))
    text = torch.randn(1000, 3)
    by_text = (items(torch.arange(1000), text) == items.from_text(text)).all(dim=1)
    assert by_text.float().mean().item() == pytest.approx(0.25, abs=0.05)
    assert not (items.eval()(torch.arange(1000), text) == items.from_text(text)).all(dim=1).any()


def test_text_is_standardised() -> None:
    items = ItemEncoder(4, 2, CONFIG)
    items.learn_scale(torch.tensor([[0.0, 5.0], [4.0, 5.0], [0.0, 5.0], [4.0, 5.0]]))
    assert items.text_mean.tolist() == [2.0, 5.0]
    assert items.text_scale.tolist() == [2.0, 1.0]
    usual, one_more = items.from_text(torch.tensor([[2.0, 5.0], [4.0, 5.0]]))  # the mean; one deviation beyond it
    torch.testing.assert_close(usual, items.text.bias)
    torch.testing.assert_close(one_more, items.text.bias + items.text.weight[:, 0])


def test_a_text_dimension_in_which_all_items_are_alike_does_not_blow_up_a_new_item() -> None:
    items = ItemEncoder(2, 1, CONFIG)
    items.learn_scale(torch.tensor([[0.0], [0.0]]))
    assert items.from_text(torch.tensor([[0.5]])).abs().max() < 10


def test_one_item_alone_has_a_scale() -> None:
    items = ItemEncoder(1, 2, CONFIG)
    items.learn_scale(torch.tensor([[0.3, -0.2]]))
    assert torch.isfinite(items.from_text(torch.tensor([[0.3, -0.2]]))).all()
