"""A site's copies of its stations' logs."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0001"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "station_entry",
        sa.Column("origin", sa.String, primary_key=True),
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String, nullable=False, index=True),
        sa.Column("subject", sa.String, nullable=False, index=True),
        sa.Column("record_sha256", sa.String),
        sa.Column("entry", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "station_checkpoint",
        sa.Column("origin", sa.String, primary_key=True),
        sa.Column("size", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("note", sa.String, nullable=False),
        sa.Column("edge", sa.LargeBinary, nullable=False),
        sa.Column("station", sa.String, nullable=False, index=True),
        sa.Column("received_at", sa.String, nullable=False),
    )
