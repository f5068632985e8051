"""No opinions of users that nobody asks for again: a ranking whose request gave a history has a new one each time."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_OPINIONS = sa.table("opinions", sa.column("tenant"), sa.column("user_id"))
_RANKINGS = sa.table("rankings", sa.column("tenant"), sa.column("user_id"), sa.column("document", sa.JSON))


def upgrade() -> None:
    """Removes them; of a user whom a request has named as well, nothing."""
    given = _RANKINGS.c.document["request"]["history"].as_string().is_not(None)
    op.execute(sa.delete(_OPINIONS).where(_has_rankings(given), ~_has_rankings(~given)))


def downgrade() -> None:
    """Nothing: nobody could ask for what was removed."""


def _has_rankings(which: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    same = (_RANKINGS.c.tenant == _OPINIONS.c.tenant, _RANKINGS.c.user_id == _OPINIONS.c.user_id)
    return sa.exists().where(*same, which)
