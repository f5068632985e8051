from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from retrieval.catalogue import Catalogue
from retrieval.files import Arrays
from retrieval.item_vectors import ItemVectors
from retrieval.log import InteractionLog
from retrieval.records import Interaction, Item, UserHistory
from retrieval.retrievers.sequence.config import SequenceConfig
from retrieval.retrievers.sequence.fitting import CURVE, Fitting
from retrieval.retrievers.sequence.retriever import SequenceRetriever
from retrieval.retrievers.sequence.trained import Trained


def in_silence(done: int, steps: int, text: str) -> None:
    pass


@pytest.fixture(scope="module")
def fitted(
    settings: SequenceConfig,
    street: Catalogue,
    walks: InteractionLog,
    texts: ItemVectors,
    tmp_path_factory: pytest.TempPathFactory,
) -> Arrays:
    return Fitting(settings, street, walks, texts, 0).run(tmp_path_factory.mktemp("work"), in_silence)


@pytest.fixture(scope="module")
def retriever(settings: SequenceConfig, street: Catalogue, texts: ItemVectors, fitted: Arrays) -> SequenceRetriever:
    return SequenceRetriever(settings, street, texts, fitted)


def ids(retriever: SequenceRetriever, history: UserHistory, top_n: int = 20) -> list[str]:
    return [candidate.item.item_id for candidate in retriever.retrieve(history, top_n)]


def after(history: UserHistory, item_id: str) -> UserHistory:
    last = history.interactions[-1]
    one_more = replace(last, item_id=item_id, timestamp=last.timestamp + timedelta(days=1))
    return UserHistory.of(history.user_id, [*history.interactions, one_more])


def test_the_next_door_comes_first_for_most_walkers(retriever: SequenceRetriever, walks: InteractionLog) -> None:
    right = 0
    for user_id in walks.user_ids:
        history = walks.history(user_id)
        here = int(history.item_ids[-1].removeprefix("door"))
        right += ids(retriever, history, 1) == [f"door{(here + 1) % 20:02}"]
    assert right >= 30  # of 40; by chance 2


def test_one_more_interaction_gives_other_candidates_at_once(
    retriever: SequenceRetriever, walks: InteractionLog
) -> None:
    history = walks.history("walker00")  # at door 6
    assert ids(retriever, history, 1) == ["door07"]
    assert ids(retriever, after(history, "door07"), 1) == ["door08"]


def test_interactions_with_items_that_are_not_sold_are_ignored(
    retriever: SequenceRetriever, walks: InteractionLog
) -> None:
    history = walks.history("walker00")
    assert retriever.retrieve(after(history, "gone"), 5) == retriever.retrieve(history, 5)


def test_only_the_window_is_read(retriever: SequenceRetriever, walks: InteractionLog) -> None:
    history = walks.history("walker00")  # seven doors; the window is six
    other_first = replace(history.interactions[0], item_id="door19")
    longer = UserHistory.of("walker00", [other_first, *history.interactions[1:]])
    assert retriever.retrieve(longer, 5) == retriever.retrieve(history, 5)


def test_a_new_item_is_placed_by_its_text(
    settings: SequenceConfig, street: Catalogue, texts: ItemVectors, fitted: Arrays, walks: InteractionLog
) -> None:
    with_new = Catalogue([*street, Item(item_id="annex", title="Door 7 a")])
    vectors = ItemVectors(distinct=texts.distinct, place=np.append(texts.place, 7))  # reads like door 7
    retriever = SequenceRetriever(settings, with_new, vectors, fitted)
    found = ids(retriever, walks.history("walker00"), 21)  # goes to door 7 next
    assert len(found) == 21
    assert found.index("annex") < 10


def test_an_item_that_nobody_touched_has_the_mean_bias(
    settings: SequenceConfig, street: Catalogue, texts: ItemVectors, fitted: Arrays
) -> None:
    with_new = Catalogue([*street, Item(item_id="annex", title="Annex")])
    vectors = ItemVectors(distinct=texts.distinct, place=np.append(texts.place, 0))
    (member,) = SequenceRetriever(settings, with_new, vectors, fitted)._members
    assert member.targets[20, -1] == pytest.approx(fitted["0/items.bias"].mean(), abs=1e-6)
    assert member.targets[3, -1] == fitted["0/items.bias"][3]


def test_it_trains_one_encoder_a_member_and_adds_their_scores(
    settings: SequenceConfig, street: Catalogue, walks: InteractionLog, texts: ItemVectors, tmp_path: Path
) -> None:
    quick = settings.model_copy(update={"training": settings.training.model_copy(update={"epochs": 1})})
    arrays = [
        Fitting(quick, street, walks, texts, seed).run(tmp_path / str(seed), in_silence) for seed in (0, 1)
    ]  # member 1 is seeded with seed + 1, but validated on other users than seed 1 alone would be
    both_config = quick.model_copy(update={"members": 2})
    both = Fitting(both_config, street, walks, texts, 0).run(tmp_path / "both", in_silence)
    assert np.array_equal(both["0/log_scale"], arrays[0]["0/log_scale"])
    assert not np.array_equal(both["0/items.ids.weight"], both["1/items.ids.weight"])

    def scores(config: SequenceConfig, of: Arrays) -> dict[str, float]:
        found = SequenceRetriever(config, street, texts, of).retrieve(walks.history("walker03"), 20)
        return {candidate.item.item_id: candidate.score for candidate in found}

    second = {name.replace("1/", "0/"): values for name, values in both.items() if not name.startswith("0/")}
    one, other = scores(quick, both), scores(quick, second)
    assert scores(both_config, both) == pytest.approx({item: one[item] + other[item] for item in one}, abs=1e-3)


def test_every_member_goes_on_from_its_own_weights(
    settings: SequenceConfig, street: Catalogue, walks: InteractionLog, texts: ItemVectors, tmp_path: Path
) -> None:
    slow = settings.training.model_copy(update={"epochs": 1, "learning_rate": 1e-9})
    both = settings.model_copy(update={"members": 2, "training": slow})
    arrays = Fitting(both, street, walks, texts, 0).run(tmp_path / "first", in_silence)
    start = Trained(
        item_ids=tuple(item.item_id for item in street),
        arrays={name: values for name, values in arrays.items() if name != "items"},
        embedder="",
        encoder=both.encoder,
        members=2,
        until=walks.frame["timestamp"].max().to_pydatetime() - timedelta(days=1),
        rows_at_until=0,
        made_from="",
    )
    further = Fitting(both, street, walks, texts, 7, start).run(tmp_path / "further", in_silence)
    for name in ("0/items.text.weight", "1/items.text.weight", "1/items.ids.weight"):
        np.testing.assert_allclose(further[name], arrays[name], atol=1e-5)


def test_a_learning_curve_is_kept_for_every_member(fitted: Arrays) -> None:
    curve = fitted[f"{CURVE}1: validation NDCG@10"]
    assert len(curve) == len(fitted[f"{CURVE}1: training loss"]) == 16
    assert curve.max() > 0.6


def test_with_nobody_to_hold_out_all_is_trained_on(
    settings: SequenceConfig, street: Catalogue, walks: InteractionLog, texts: ItemVectors, tmp_path: Path
) -> None:
    first_two = InteractionLog(walks.frame.groupby("user_id").head(2))
    quick = settings.model_copy(update={"training": settings.training.model_copy(update={"epochs": 2})})
    arrays = Fitting(quick, street, first_two, texts, 0).run(tmp_path, in_silence)
    assert len(arrays["items"]) == 20
    assert len(arrays[f"{CURVE}1: validation NDCG@10"]) == 0


def test_who_did_one_thing_only_teaches_nothing(
    settings: SequenceConfig, street: Catalogue, walks: InteractionLog, texts: ItemVectors, tmp_path: Path
) -> None:
    firsts = InteractionLog(walks.frame.groupby("user_id").head(1))
    arrays = Fitting(settings, street, firsts, texts, 0).run(tmp_path, in_silence)
    assert len(arrays["items"]) == 0
    assert SequenceRetriever(settings, street, texts, arrays).retrieve(walks.history("walker00"), 3) == ()


def test_one_item_bought_again_and_again_can_be_learnt(
    settings: SequenceConfig, street: Catalogue, walks: InteractionLog, texts: ItemVectors, tmp_path: Path
) -> None:
    first = walks.history("walker00").interactions[0]
    log = InteractionLog.of(replace(first, timestamp=first.timestamp + timedelta(days=day)) for day in range(4))
    arrays = Fitting(settings, street, log, texts, 0).run(tmp_path, in_silence)
    found = SequenceRetriever(settings, street, texts, arrays).retrieve(log.history("walker00"), 20)
    assert len(found) == 20
    assert all(np.isfinite(candidate.score) for candidate in found)


def test_items_that_only_held_out_users_touched_last_have_no_column(
    settings: SequenceConfig, street: Catalogue, walks: InteractionLog, texts: ItemVectors, tmp_path: Path
) -> None:
    short = InteractionLog.of(
        Interaction(user_id="u", item_id=f"door{door:02}", timestamp=i.timestamp)
        for door, i in zip((1, 2, 3), walks.history("walker00").interactions, strict=False)
    )
    quick = settings.model_copy(update={"training": settings.training.model_copy(update={"epochs": 1})})
    assert Fitting(quick, street, short, texts, 0).run(tmp_path, in_silence)["items"].tolist() == [1, 2]
