"""`llm-rerank recommend`: a user in, a ranked list with reasons out."""

from typing import Annotated

import typer

from llm_rerank.cli.answer import answer
from llm_rerank.cli.options import Also, ConfigFile, Instruction, Json, LanguageCode, ShopFolder, User
from llm_rerank.request import RankingRequest


def recommend(
    user: User,
    top_n: Annotated[int, typer.Option(min=1, help="How many items to return.")] = 10,
    explained: Annotated[int, typer.Option(min=0, help="How many of the first items get a reason.")] = 3,
    language: LanguageCode = "en",
    instruction: Instruction = None,
    also: Also = None,
    config: ConfigFile = None,
    shop: ShopFolder = None,
    json: Json = False,
) -> None:
    """Rank the shop's items for a user: retrieval proposes, the LLM scores, fusion orders, ablation explains."""
    answer(
        user,
        lambda history: RankingRequest(
            history=history, top_n=top_n, explained=explained, language=language, instruction=instruction
        ),
        also=also or (),
        config=config,
        shop=shop,
        json=json,
    )
