"""`llm-rerank explain`: the reasons for any items of the catalogue, proposed or not."""

from llm_rerank.cli.answer import answer
from llm_rerank.cli.options import ConfigFile, Instruction, Items, Json, LanguageCode, ShopFolder, User
from llm_rerank.request import RankingRequest


def explain(
    user: User,
    item: Items,
    language: LanguageCode = "en",
    instruction: Instruction = None,
    config: ConfigFile = None,
    shop: ShopFolder = None,
    json: Json = False,
) -> None:
    """Score given items of the catalogue for a user and say which of the user's own acts raised each score."""
    answer(
        user,
        lambda history: RankingRequest(
            history=history,
            item_ids=tuple(item),
            top_n=len(item),
            explained=len(item),
            language=language,
            instruction=instruction,
        ),
        config=config,
        shop=shop,
        json=json,
    )
