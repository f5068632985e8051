"""What a request for a ranking may ask, and what the recommender is asked for it: whose history, under which salt."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from llm_rerank.given import given_history
from llm_rerank.request import RankingRequest
from llm_rerank.service.config import LimitsConfig
from llm_rerank.service.conversion import ranking_request
from llm_rerank.service.errors import ApiError, database_away
from llm_rerank.service.obeying import hidden_by, likes_of, with_likes
from llm_rerank.service.service import Service
from llm_rerank.supposed import require_touched, with_purchases, without_items
from llm_rerank.wire.interactions import InteractionIn
from llm_rerank.wire.rankings import RecommendIn, WhoIn
from retrieval.records import UserHistory
from retrieval.store.errors import StoreError
from retrieval.store.feedback import Opinion
from retrieval.store.keys import ApiKey


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What is read of whoever a request is about."""

    history: UserHistory
    salt: str
    missing: str
    """What could not be read, where the database does not answer."""
    hidden: frozenset[str]
    """What they do not want to be proposed."""
    liked: tuple[str, ...]
    """What the history has since they said that they like it."""


def require_limits(asked: WhoIn, limits: LimitsConfig) -> None:
    """Raises ApiError for more than the service does in one go."""
    counted = [(name, len(getattr(asked, name) or ()), limits.history) for name in ("history", "without", "added")]
    if isinstance(asked, RecommendIn):
        counted += [
            ("item_ids", len(asked.item_ids or ()), limits.items),
            ("top_n", asked.top_n, limits.items),
            ("explained", asked.explained, limits.explained),
        ]
    for name, count, most in counted:
        if count > most:
            raise ApiError(422, f"{name}: {count} is more than {most}", param=name, code="too_many")


def request_of(service: Service, asked: RecommendIn, caller: ApiKey) -> tuple[RankingRequest, Reading]:
    """What the recommender is asked, and what was read for it."""
    read = read_for(service, asked, caller)
    return ranking_request(asked, read.history, salt=read.salt, hidden=read.hidden), read


def read_for(service: Service, asked: WhoIn, caller: ApiKey) -> Reading:
    """The history as the request would have it, and what is to be obeyed."""
    with service.stages.timed("history"):
        known, said, missing = _known(service, asked, caller)
        likes = likes_of(said, known)
        history = _newest(service, _supposed(service, asked, with_likes(known, likes), whole=not missing))
    counted = {one.item_id for one in set(likes).intersection(history.interactions)}
    return Reading(
        history=history,
        salt=service.salts.of(caller.tenant, asked.user_id, [one.item_id for one in history.interactions]),
        missing=missing,
        hidden=hidden_by(said),
        liked=tuple(one.item_id for one in said if one.item_id in counted),
    )


def _known(service: Service, asked: WhoIn, caller: ApiKey) -> tuple[UserHistory, tuple[Opinion, ...], str]:
    """What was done, what was said, and what is missing of both."""
    if asked.history is not None:
        return _given(asked.history), (), ""
    assert asked.user_id is not None
    try:
        history = service.histories.of(caller.tenant, asked.user_id)
        return history, service.opinions.of(caller.tenant, asked.user_id, service.config.limits.feedback), ""
    except StoreError as err:
        built = service.histories.built(caller.tenant, asked.user_id)
        ends = "no feedback is obeyed, and the history ends where the shop was built"
        return built, (), f"{ends}: {database_away(err)}"


def _supposed(service: Service, asked: WhoIn, known: UserHistory, *, whole: bool) -> UserHistory:
    """As the request would have it. Of a history that is not `whole` nobody knows what it does not have."""
    without = asked.without or ()
    if whole:
        require_touched(known, without)
    return with_purchases(without_items(known, without), asked.added or (), service.recommender.shop.catalogue)


def _newest(service: Service, history: UserHistory) -> UserHistory:
    """No more than is read of anybody, likes and what is added included."""
    most = service.config.limits.history
    return UserHistory(user_id=history.user_id, interactions=history.interactions[-most:])


def _given(history: list[InteractionIn]) -> UserHistory:
    """Those without a time are in the order given, and older than now. Whose it is is not known: nobody else's."""
    return given_history(uuid4().hex, history, datetime.now(UTC))
