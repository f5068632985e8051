"""A user's history as it is now: what the shop was built from, and what came since."""

from datetime import datetime
from uuid import uuid4

from llm_rerank.service.config import LimitsConfig
from retrieval.log import InteractionLog
from retrieval.records import Interaction, UserHistory
from retrieval.store.interactions import InteractionStore


class Histories:
    """Of one shop. What its users did before it was built belongs to one tenant; what is stored, to whoever sent it."""

    def __init__(self, log: InteractionLog, owner: str, store: InteractionStore, limits: LimitsConfig) -> None:
        self._log, self._owner, self._store, self._most = log, owner, store, limits.history

    def of(self, tenant: str, user_id: str, newest: int | None = None) -> UserHistory:
        """The newest interactions, as many as a request reads where nothing is said, oldest first.

        What is stored and was built from since (the same item, kind and moment) is there once. Raises StoreError where
        the database does not answer.
        """
        most = newest or self._most
        stored, known = self._store.history(tenant, user_id, most).interactions, self._all_built(tenant, user_id)
        there = {_what(one) for one in known}
        both = UserHistory.of(user_id, [*known, *(one for one in stored if _what(one) not in there)])
        return UserHistory(user_id=self._known_as(tenant, user_id), interactions=both.interactions[-most:])

    def built(self, tenant: str, user_id: str) -> UserHistory:
        """What is known without the database, as much as a request reads."""
        known = self._all_built(tenant, user_id)
        return UserHistory(user_id=self._known_as(tenant, user_id), interactions=known[-self._most :])

    def count_built(self, tenant: str, user_id: str) -> int:
        """How much the shop was built from, whatever a request reads of it."""
        return len(self._all_built(tenant, user_id))

    def _all_built(self, tenant: str, user_id: str) -> tuple[Interaction, ...]:
        return self._log.history(user_id).interactions if tenant == self._owner and user_id in self._log else ()

    def _known_as(self, tenant: str, user_id: str) -> str:
        """Retrievers have learned the taste of the shop's users by id: no other tenant's user goes by one of those."""
        return user_id if tenant == self._owner else uuid4().hex


def _what(done: Interaction) -> tuple[str, str, datetime]:
    """By which a build, too, tells what one user did apart."""
    return done.item_id, done.kind, done.timestamp
