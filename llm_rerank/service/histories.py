"""A user's history as it is now: what the shop was built from, and what came since."""

from uuid import uuid4

from llm_rerank.service.config import LimitsConfig
from retrieval.log import InteractionLog
from retrieval.records import UserHistory
from retrieval.store.interactions import InteractionStore


class Histories:
    """Of one shop. What its users did before it was built belongs to one tenant; what is stored, to whoever sent it."""

    def __init__(self, log: InteractionLog, owner: str, store: InteractionStore, limits: LimitsConfig) -> None:
        self._log, self._owner, self._store, self._most = log, owner, store, limits.history

    def of(self, tenant: str, user_id: str) -> UserHistory:
        """The newest interactions, oldest first; raises StoreError where the database does not answer."""
        stored = self._store.history(tenant, user_id, self._most).interactions
        known = self.built(tenant, user_id).interactions
        both = UserHistory.of(user_id, [*known, *stored])
        return UserHistory(user_id=self._known_as(tenant, user_id), interactions=both.interactions[-self._most :])

    def built(self, tenant: str, user_id: str) -> UserHistory:
        """What is known without the database."""
        if tenant != self._owner or user_id not in self._log:
            return UserHistory(user_id=self._known_as(tenant, user_id))
        history = self._log.history(user_id)
        return UserHistory(user_id=user_id, interactions=history.interactions[-self._most :])

    def _known_as(self, tenant: str, user_id: str) -> str:
        """Retrievers have learned the taste of the shop's users by id: no other tenant's user goes by one of those."""
        return user_id if tenant == self._owner else uuid4().hex
