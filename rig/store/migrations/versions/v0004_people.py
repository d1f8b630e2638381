"""The accounts of people."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "account",
        sa.Column("entry", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("name", sa.String, nullable=False, index=True),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("badge", sa.String, nullable=False),
        sa.Column("pin", sa.String, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
    )
