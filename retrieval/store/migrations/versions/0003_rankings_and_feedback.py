"""What was shown, and what was said of it."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "rankings",
        sa.Column("ranking_id", sa.String(256), nullable=False),
        sa.Column("tenant", sa.String(256), nullable=False),
        sa.Column("user_id", sa.String(256), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("ranking_id", name="pk_rankings"),
    )
    op.create_index("ix_rankings_tenant_user_id_at", "rankings", ["tenant", "user_id", "at"])
    op.create_table(
        "feedback",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("tenant", sa.String(256), nullable=False),
        sa.Column("key", sa.String(256), nullable=False),
        sa.Column("ranking_id", sa.String(256), nullable=False),
        sa.Column("item_id", sa.String(256), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_feedback"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_feedback_tenant_key", "feedback", ["tenant", "key"], unique=True)
    op.create_index("ix_feedback_tenant_ranking_id", "feedback", ["tenant", "ranking_id"])


def downgrade() -> None:
    """Drops them."""
    op.drop_table("feedback")
    op.drop_table("rankings")
