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
        from llm_rerank.recommender import Recommender  # these two bring pandas, faiss and torch
        from retrieval.folder import load_folder

        read = settings(config, shop)
        built = load_folder(read.shop)
        history = built.log.history(user)
        request = to_request(history)
        for item_id in request.item_ids or ():
            built.catalogue.position(item_id)  # nobody should wait for the model to hear that an id is unknown
        recommender = Recommender.for_shop(built, read, say=say)
        say("Scoring and explaining")
        ranking = recommender.recommend(request)
    if json:
        print_json(ranking_json(ranking))
    else:
        show_ranking(
            ranking, history, built.catalogue, recommender.reranker.prompt.shown_items(history, built.catalogue)
        )
