from datetime import UTC, datetime, timedelta

import pytest

from retrieval.catalogue import Catalogue
from retrieval.log import InteractionLog
from retrieval.records import Interaction, Item, UserHistory
from retrieval.retrievers.popularity import PopularityConfig, PopularityRetriever, fit_popularity

MONDAY = datetime(2024, 1, 1, tzinfo=UTC)
CATALOGUE = Catalogue([Item(item_id=item_id, title=item_id) for item_id in ("new", "old", "now")])


def test_an_interaction_counts_half_after_one_half_life_and_a_quarter_after_two() -> None:
    log = InteractionLog.of(
        Interaction(user_id="u", item_id=item_id, timestamp=MONDAY + timedelta(days=day))
        for item_id, day in [("old", 0), ("old", 7), ("now", 14)]
    )
    config = PopularityConfig(half_life_days=7)
    arrays = fit_popularity(config, CATALOGUE, log)
    assert arrays["scores"].tolist() == pytest.approx([0.01, 0.01 + 1 / 4 + 1 / 2, 0.01 + 1])
    found = PopularityRetriever(config, CATALOGUE, arrays).retrieve(UserHistory(user_id="anybody"), 3)
    assert [candidate.item.item_id for candidate in found] == ["now", "old", "new"]
