from collections.abc import Callable
from dataclasses import replace

import pytest

from finetune.writer.config import WriterConfig
from finetune.writer.pairs import Pairs, train_and_validation
from llm_rerank.explanations.check import problem_with
from retrieval.datasets.base import CompleteJourneyConfig
from retrieval.errors import DatasetError
from retrieval.shop import ShopData

Configure = Callable[..., WriterConfig]


def configured(**others: object) -> WriterConfig:
    return WriterConfig.model_validate({"dataset": CompleteJourneyConfig(), **others})


@pytest.fixture
def pairs(shop: ShopData) -> Pairs:
    return Pairs(configured(texts=3), shop, shop.log.user_ids)


def test_every_text_passes_the_check_of_service(pairs: Pairs) -> None:
    for pair in map(pairs.at, range(60)):
        assert pair.texts
        assert not [text for text in pair.texts if problem_with(text, pair.facts, "en")]


def test_a_pair_is_the_same_whenever_it_is_asked_for(pairs: Pairs, shop: ShopData) -> None:
    again = Pairs(configured(texts=3), shop, shop.log.user_ids)
    assert again.at(7) == pairs.at(7)
    assert Pairs(configured(texts=3, seed=1), shop, shop.log.user_ids).at(7) != pairs.at(7)


def test_facts_count_what_had_happened_before_that_moment(shop: ShopData) -> None:
    """Of `ben`, who bought milk and bread, cheddar, bread and butter, coffee: before butter, and before coffee."""
    bought = shop.log.history("ben").interactions
    drawn = [Pairs(configured(), shop, ["ben"]).at(number).facts for number in range(60)]
    assert {facts.known for facts in drawn} == {3, 5}
    for facts in drawn:
        for act in facts.acts:
            before = [i.timestamp.date() for i in bought[: facts.known] if i.item_id == act.item.item_id]
            assert (act.times, act.last) == (len(before), before[-1])


def test_there_are_all_kinds_of_facts(pairs: Pairs) -> None:
    drawn = [pairs.at(number).facts for number in range(100)]
    assert {len(facts.acts) for facts in drawn} == {0, 1, 2}
    assert any(act.item == facts.item for facts in drawn for act in facts.acts)


def test_texts_of_few_words_are_preferred(pairs: Pairs) -> None:
    words = [len(text.split()) for number in range(60) for text in pairs.at(number).texts]
    assert sum(count <= 30 for count in words) > 0.95 * len(words)


def test_another_language(shop: ShopData) -> None:
    chinese = Pairs(configured(language="zh"), shop, shop.log.user_ids)
    assert all(text.endswith("。") for number in range(20) for text in chinese.at(number).texts)


def test_nothing_is_learnt_of_those_that_weights_are_judged_by(shop: ShopData) -> None:
    train, kept = train_and_validation(configured(), shop)
    assert kept is not None
    assert len(kept._users) == len(shop.log.user_ids) // 5
    assert set(train._users) | set(kept._users) == set(shop.log.user_ids)
    assert not set(train._users) & set(kept._users)


def test_of_few_users_none_is_kept(shop: ShopData) -> None:
    """Five the shop has; weights that are judged by what they learnt from would look too good."""
    few = shop.log.frame["user_id"].isin(shop.log.user_ids[:4]).to_numpy()
    _, kept = train_and_validation(configured(), replace(shop, log=shop.log.where(few)))
    assert kept is None


def test_nobody_to_learn_from(shop: ShopData) -> None:
    with pytest.raises(DatasetError, match="nobody"):
        Pairs(configured(), shop, ())
