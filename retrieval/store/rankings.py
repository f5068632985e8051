"""What was shown to whom, and what they said of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update

from retrieval.errors import RecordError
from retrieval.store.database import Database
from retrieval.store.feedback import Feedback, FeedbackKind
from retrieval.store.forgotten import note_forgotten, was_forgotten
from retrieval.store.moments import microseconds, moment, now
from retrieval.store.opinions import forget_opinions, note_opinion
from retrieval.store.schema import FEEDBACK, RANKINGS
from retrieval.store.storable import require_id


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptRanking:
    """A ranking as it was answered, and what was said of it, the oldest first."""

    ranking_id: str
    user_id: str
    at: datetime
    document: Mapping[str, Any]
    feedback: tuple[Feedback, ...]


class RankingStore:
    """The rankings of all tenants."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, tenant: str, ranking_id: str, user_id: str, document: Mapping[str, Any], *, began: datetime) -> bool:
        """Keeps one, as JSON; not of a user who was forgotten since `began`, before which nothing of it was read. Says
        whether it is kept.
        """
        for name, value in (("tenant", tenant), ("ranking_id", ranking_id), ("user_id", user_id)):
            require_id(name, value)
        row = {"ranking_id": ranking_id, "tenant": tenant, "user_id": user_id, "at": microseconds(now())}
        with self._database.writing() as connection:
            if was_forgotten(self._database, connection, tenant, user_id, began):
                return False
            connection.execute(self._database.insert(RANKINGS), row | {"document": dict(document)})
        return True

    def change(self, tenant: str, ranking_id: str, document: Mapping[str, Any]) -> None:
        """Puts another document in the place of the kept one; of a ranking that was forgotten meanwhile nothing comes
        back.
        """
        this = (RANKINGS.c.tenant == tenant, RANKINGS.c.ranking_id == ranking_id)
        with self._database.writing() as connection:
            connection.execute(update(RANKINGS).where(*this).values(document=dict(document)))

    def get(self, tenant: str, ranking_id: str) -> KeptRanking | None:
        """The ranking; None for one that is not there, or another tenant's."""
        kept, said = RANKINGS.c, FEEDBACK.c
        with self._database.reading() as connection:
            wanted = select(RANKINGS).where(kept.tenant == tenant, kept.ranking_id == ranking_id)
            row = connection.execute(wanted).one_or_none()
            of_it = select(FEEDBACK).where(said.tenant == tenant, said.ranking_id == ranking_id).order_by(said.number)
            feedback = connection.execute(of_it).all() if row is not None else []
        if row is None:
            return None
        return KeptRanking(
            ranking_id=row.ranking_id,
            user_id=row.user_id,
            at=moment(row.at),
            document=row.document,
            feedback=tuple(Feedback(key=f.key, item_id=f.item_id, kind=f.kind, at=moment(f.at)) for f in feedback),
        )

    def say(
        self, tenant: str, ranking_id: str, key: str, item_id: str, kind: FeedbackKind, *, counts: bool = True
    ) -> bool | None:
        """Keeps what was said; whether it was new: under one key it is there once. None without the ranking.

        `counts` is whether its user's opinion is kept: where a request gave a history, nobody asks for them again.
        Raises RecordError for a key that is known for something else.
        """
        for name, value in (("key", key), ("item_id", item_id)):
            require_id(name, value)
        said = {"tenant": tenant, "key": key, "ranking_id": ranking_id, "item_id": item_id, "kind": kind}
        table = FEEDBACK.c
        shown = select(RANKINGS.c.user_id).where(RANKINGS.c.tenant == tenant, RANKINGS.c.ranking_id == ranking_id)
        at = now()
        with self._database.writing() as connection:
            ranking = connection.execute(shown.with_for_update(read=True)).first()  # who forgets it waits for us
            if ranking is None:
                return None
            new = (
                self._database.insert(FEEDBACK)
                .on_conflict_do_nothing(index_elements=["tenant", "key"])
                .returning(table.key)
            )
            if connection.execute(new, said | {"at": microseconds(at)}).one_or_none() is not None:
                if counts:
                    of_it = {"tenant": tenant, "user_id": ranking.user_id, "item_id": item_id}
                    note_opinion(self._database, connection, **of_it, kind=kind, at=at)
                return True
            there = connection.execute(select(FEEDBACK).where(table.tenant == tenant, table.key == key)).one()
        if any(there._asdict()[name] != value for name, value in said.items()):
            raise RecordError(
                "other feedback is known under this key",
                field="key",
                value=key,
                remedy="Send it under a key of its own.",
            )
        return False

    def forget(self, tenant: str, user_id: str) -> int:
        """Deletes the rankings of this user and what was said of them; says how many rankings it were."""
        kept = RANKINGS.c
        of_user = select(kept.ranking_id).where(kept.tenant == tenant, kept.user_id == user_id)
        with self._database.writing() as connection:
            note_forgotten(self._database, connection, tenant, user_id)
            connection.execute(of_user.with_for_update()).all()  # who says something of one has said it then
            said = delete(FEEDBACK).where(FEEDBACK.c.tenant == tenant, FEEDBACK.c.ranking_id.in_(of_user))
            connection.execute(said)
            forget_opinions(connection, tenant, user_id)
            gone = delete(RANKINGS).where(kept.tenant == tenant, kept.user_id == user_id)
            return connection.execute(gone).rowcount
