"""What recommend, rerank and explain share: open the shop, ask, print."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from llm_rerank.cli.options import settings
from llm_rerank.cli.show import print_json, progress, ranking_json, show_ranking
from llm_rerank.request import RankingRequest
from retrieval.records import Interaction, UserHistory


def answer(
    user: str,
    to_request: Callable[[UserHistory], RankingRequest],
    *,
    also: Sequence[str] = (),
    config: Path | None,
    shop: Path | None,
    json: bool,
) -> None:
    """Asks the configured recommender for this user, who also takes `also` just now, and prints what it says."""
    with progress(visible=not json) as say:
        from llm_rerank.recommender import Recommender  # these two bring pandas, faiss and torch
        from retrieval.folder import load_folder

        read = settings(config, shop)
        built = load_folder(read.shop)
        history = _with(built.log.history(user), also)
        request = to_request(history)
        for item_id in (*also, *(request.item_ids or ())):
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


def _with(history: UserHistory, also: Sequence[str]) -> UserHistory:
    """The history and, newest of all, purchases of these items."""
    now = max([datetime.now(UTC), *(interaction.timestamp for interaction in history.interactions[-1:])])
    taken = (Interaction(user_id=history.user_id, item_id=item_id, timestamp=now) for item_id in also)
    return UserHistory(user_id=history.user_id, interactions=(*history.interactions, *taken))
