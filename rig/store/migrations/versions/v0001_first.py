"""The log, and the index of runs, instruments and results."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "log_entry",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String, nullable=False, index=True),
        sa.Column("subject", sa.String, nullable=False, index=True),
        sa.Column("entry", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "tree_node",
        sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("position", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "checkpoint",
        sa.Column("size", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("note", sa.String, nullable=False),
    )
    op.create_table(
        "run",
        sa.Column("run", sa.String, primary_key=True),
        sa.Column("serial", sa.String, nullable=False, index=True),
        sa.Column("uid", sa.String, index=True),
        sa.Column("mode", sa.String, nullable=False),
        sa.Column("simulated", sa.Boolean, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("operator", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("station", sa.String, nullable=False),
        sa.Column("product", sa.String, nullable=False),
        sa.Column("product_sha256", sa.String, nullable=False),
        sa.Column("started_at", sa.String, nullable=False),
        sa.Column("finished_at", sa.String, nullable=False),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("reason_codes", sa.String, nullable=False),
        sa.Column("file_sha256", sa.String),
        sa.Column("record_sha256", sa.String, nullable=False),
    )
    op.create_table(
        "instrument_use",
        sa.Column("run", sa.String, sa.ForeignKey("run.run"), primary_key=True),
        sa.Column("role", sa.String, primary_key=True),
        sa.Column("maker", sa.String, nullable=False),
        sa.Column("model", sa.String, nullable=False),
        sa.Column("serial", sa.String, nullable=False, index=True),
        sa.Column("certificate", sa.String, nullable=False),
        sa.Column("due", sa.String, nullable=False),
    )
    op.create_table(
        "result",
        sa.Column("run", sa.String, sa.ForeignKey("run.run"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("step", sa.String, nullable=False),
        sa.Column("measurand", sa.String, nullable=False),
        sa.Column("channel", sa.Integer),
        sa.Column("conditions", sa.String, nullable=False),
        sa.Column("value", sa.Float, nullable=False),
        sa.Column("expanded_uncertainty", sa.Float),
        sa.Column("unit", sa.String, nullable=False),
        sa.Column("nominal", sa.Float),
        sa.Column("lower", sa.Float),
        sa.Column("upper", sa.Float),
        sa.Column("verdict", sa.String, nullable=False),
    )
