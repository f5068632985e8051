"""What recommend, rerank and explain share: open the shop, ask, print."""

from collections.abc import Callable
from pathlib import Path

from llm_rerank.cli.options import settings
from llm_rerank.cli.show import print_json, progress, ranking_json, show_ranking
from llm_rerank.request import RankingRequest
from retrieval.records import UserHistory


def answer(
    user: str,
    to_request: Callable[[UserHistory], RankingRequest],
    *,
    config: Path | None,
    shop: Path | None,
    json: bool,
) -> None:
    """Asks the configured recommender for this user and prints what it says."""
    with progress(visible=not json) as say:
        from llm_rerank.recommender import Recommender  # brings pandas, faiss and torch

        recommender = Recommender.open(settings(config, shop), say=say)
        history = recommender.shop.log.history(user)
        say("Scoring and explaining")
        ranking = recommender.recommend(to_request(history))
    if json:
        print_json(ranking_json(ranking))
    else:
        show_ranking(ranking, history, recommender.shop.catalogue)
