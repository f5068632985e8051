"""What users did, and what changed in the catalogue."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "interactions",
        sa.Column("number", _NUMBER, nullable=False),
        sa.Column("tenant", sa.String(256), nullable=False),
        sa.Column("key", sa.String(256), nullable=False),
        sa.Column("user_id", sa.String(256), nullable=False),
        sa.Column("item_id", sa.String(256), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("rating", sa.Float()),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_interactions"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_interactions_tenant_key", "interactions", ["tenant", "key"], unique=True)
    op.create_index("ix_interactions_tenant_user_id_at", "interactions", ["tenant", "user_id", "at"])
    op.create_table(
        "items",
        sa.Column("number", _NUMBER, nullable=False),
        sa.Column("tenant", sa.String(256), nullable=False),
        sa.Column("item_id", sa.String(256), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("brand", sa.Text(), nullable=False),
        sa.Column("price", sa.Float()),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.Column("available", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_items"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_items_tenant_item_id", "items", ["tenant", "item_id"], unique=True)
    op.create_index("ix_items_tenant_number", "items", ["tenant", "number"])


def downgrade() -> None:
    """Drops them."""
    op.drop_table("items")
    op.drop_table("interactions")
