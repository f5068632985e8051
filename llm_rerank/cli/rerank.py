"""`llm-rerank rerank`: the caller's own items, in the LLM's order."""

from typing import Annotated

import typer

from llm_rerank.cli.answer import answer
from llm_rerank.cli.options import ConfigFile, Instruction, Items, Json, ShopFolder, User
from llm_rerank.request import RankingRequest


def rerank(
    user: User,
    item: Items,
    top_n: Annotated[int | None, typer.Option(min=1, help="How many items to return; all by default.")] = None,
    instruction: Instruction = None,
    config: ConfigFile = None,
    shop: ShopFolder = None,
    json: Json = False,
) -> None:
    """Put given items of the catalogue in the order that the LLM prefers for a user."""
    answer(
        user,
        lambda history: RankingRequest(
            history=history,
            item_ids=tuple(item),
            top_n=len(item) if top_n is None else top_n,
            instruction=instruction,
        ),
        config=config,
        shop=shop,
        json=json,
    )
