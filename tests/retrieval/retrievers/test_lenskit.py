"""Our scorers read what LensKit learned; these tests ask LensKit's own scorers and compare."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from lenskit.als import ImplicitMFScorer
from lenskit.data import ItemList, RecQuery, from_interactions_df
from lenskit.knn import EASEScorer, ItemKNNScorer, UserKNNScorer
from lenskit.training import TrainingOptions

from retrieval.catalogue import Catalogue
from retrieval.log import InteractionLog
from retrieval.retrievers.base import TasteConfig
from retrieval.retrievers.model_configs import AlsConfig, EaseConfig, ItemKnnConfig, ModelConfig, UserKnnConfig
from retrieval.retrievers.models import fit_model, open_model
from retrieval.retrievers.taste import rate

ONLY_WHETHER = TasteConfig(half_life_days=None, power=0)  # LensKit's implicit scorers do not count
CASES: dict[str, tuple[ModelConfig, Any]] = {
    "item-knn": (ItemKnnConfig(taste=ONLY_WHETHER), ItemKNNScorer(feedback="implicit", save_nbrs=100, max_nbrs=100)),
    "cosine": (UserKnnConfig(taste=ONLY_WHETHER), UserKNNScorer(feedback="implicit", max_nbrs=100)),
    "pearson": (UserKnnConfig(similarity="pearson"), UserKNNScorer(feedback="explicit", max_nbrs=100)),
    "ease": (EaseConfig(regularization=1.0, taste=ONLY_WHETHER), EASEScorer(regularization=1.0)),
    "als": (
        AlsConfig(dimension=4, epochs=3, confidence=10, regularization=1, taste=ONLY_WHETHER),
        ImplicitMFScorer(embedding_size=4, epochs=3, weight=10, regularization=1),
    ),
}


def rated_pairs(log: InteractionLog, catalogue: Catalogue) -> pd.DataFrame:
    """Users and items by number, as our own fitting gives them to LensKit."""
    tastes = [rate(log.history(user_id).interactions, catalogue) for user_id in log.user_ids]
    return pd.DataFrame(
        [
            (user, row, weight)
            for user, taste in enumerate(tastes)
            for row, weight in zip(taste.positions.tolist(), taste.weights.tolist(), strict=True)
        ],
        columns=["user_id", "item_id", "rating"],
    )


@pytest.mark.filterwarnings("ignore::lenskit.diagnostics.DataWarning")  # eva bought one thing: no direction
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("is_known", [True, False])
def test_our_scores_are_lenskits(name: str, is_known: bool, catalogue: Catalogue, log: InteractionLog) -> None:
    config, scorer = CASES[name]
    history = replace(log.history("anna"), user_id="anna" if is_known else "newcomer")
    ours = open_model(config, catalogue, log.user_ids, fit_model(config, catalogue, log, seed=0)).retrieve(history, 99)
    pairs = rated_pairs(log, catalogue)
    scorer.train(from_interactions_df(pairs), TrainingOptions(rng=0))
    anna = pairs[pairs["user_id"] == 0]
    query = RecQuery(
        user_id=0 if is_known else -1, history_items=ItemList(item_ids=anna["item_id"], rating=anna["rating"])
    )
    theirs = scorer(query, ItemList([catalogue.position(candidate.item.item_id) for candidate in ours]))
    assert len(ours) > 3
    np.testing.assert_allclose([candidate.score for candidate in ours], theirs.scores(), rtol=1e-3, atol=1e-5)
