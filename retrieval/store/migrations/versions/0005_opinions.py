"""What users said last of items."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_LAST = """
    INSERT INTO opinions (tenant, user_id, item_id, kind, at)
    SELECT said.tenant, shown.user_id, said.item_id, said.kind, said.at
    FROM feedback AS said JOIN rankings AS shown ON shown.ranking_id = said.ranking_id
    WHERE said.number IN (
        SELECT max(one.number) FROM feedback AS one JOIN rankings AS its ON its.ranking_id = one.ranking_id
        WHERE one.kind IN ('like', 'dislike', 'have', 'hide')
        GROUP BY one.tenant, its.user_id, one.item_id
    )
"""


def upgrade() -> None:
    """Makes the table, of what was said so far."""
    op.create_table(
        "opinions",
        sa.Column("tenant", sa.String(256), nullable=False),
        sa.Column("user_id", sa.String(256), nullable=False),
        sa.Column("item_id", sa.String(256), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "user_id", "item_id", name="pk_opinions"),
    )
    op.create_index("ix_opinions_tenant_user_id_at", "opinions", ["tenant", "user_id", "at"])
    op.execute(_LAST)


def downgrade() -> None:
    """Drops it."""
    op.drop_table("opinions")
