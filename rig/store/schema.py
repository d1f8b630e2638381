"""The tables of the record store, one schema for SQLite and PostgreSQL; rows are only added.

A run's folder is the original; `run`, `instrument_use` and `result` are an index of it that can be
made again. `log_entry`, `tree_node` and `checkpoint` are the log. `station_entry` and
`station_checkpoint` are a site's copies of the logs of its stations; a station's own are empty.
`account` are the people who may sign on.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
)

METADATA = MetaData()

# SQLite takes no other type than INTEGER for a key that is the row's own number.
_NUMBER = BigInteger().with_variant(Integer(), "sqlite")

LOG_ENTRY = Table(
    "log_entry",
    METADATA,
    Column("number", _NUMBER, primary_key=True, autoincrement=False),
    Column("kind", String, nullable=False, index=True),
    Column("subject", String, nullable=False, index=True),
    Column("entry", LargeBinary, nullable=False),
)
"""`number` from 0; `entry` is canonical JSON (RFC 8785), the others are copied from it."""

TREE_NODE = Table(
    "tree_node",
    METADATA,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("position", _NUMBER, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
)
"""Roots of the whole subtrees: `level` 0 are the leaves."""

CHECKPOINT = Table(
    "checkpoint",
    METADATA,
    Column("size", _NUMBER, primary_key=True, autoincrement=False),
    Column("note", String, nullable=False),
)

RUN = Table(
    "run",
    METADATA,
    Column("run", String, primary_key=True),
    Column("serial", String, nullable=False, index=True),
    Column("uid", String, index=True),
    Column("mode", String, nullable=False),
    Column("simulated", Boolean, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("operator", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("station", String, nullable=False),
    Column("product", String, nullable=False),
    Column("product_sha256", String, nullable=False),
    Column("started_at", String, nullable=False),
    Column("finished_at", String, nullable=False),
    Column("outcome", String, nullable=False),
    Column("reason_codes", String, nullable=False),
    Column("file_sha256", String),
    Column("record_sha256", String, nullable=False),
)

INSTRUMENT_USE = Table(
    "instrument_use",
    METADATA,
    Column("run", String, ForeignKey("run.run"), primary_key=True),
    Column("role", String, primary_key=True),
    Column("maker", String, nullable=False),
    Column("model", String, nullable=False),
    Column("serial", String, nullable=False, index=True),
    Column("certificate", String, nullable=False),
    Column("due", String, nullable=False),
)

RESULT = Table(
    "result",
    METADATA,
    Column("run", String, ForeignKey("run.run"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("step", String, nullable=False),
    Column("measurand", String, nullable=False),
    Column("channel", Integer),
    Column("conditions", String, nullable=False),
    Column("value", Float, nullable=False),
    Column("expanded_uncertainty", Float),
    Column("unit", String, nullable=False),
    Column("nominal", Float),
    Column("lower", Float),
    Column("upper", Float),
    Column("verdict", String, nullable=False),
)
"""`conditions` is JSON: what the record has under `where`."""

STATION_ENTRY = Table(
    "station_entry",
    METADATA,
    Column("origin", String, primary_key=True),
    Column("number", _NUMBER, primary_key=True, autoincrement=False),
    Column("kind", String, nullable=False, index=True),
    Column("subject", String, nullable=False, index=True),
    Column("record_sha256", String),
    Column("entry", LargeBinary, nullable=False),
)
"""`origin` is the name of the station's log; `record_sha256` is there where a run was closed."""

STATION_CHECKPOINT = Table(
    "station_checkpoint",
    METADATA,
    Column("origin", String, primary_key=True),
    Column("size", _NUMBER, primary_key=True, autoincrement=False),
    Column("note", String, nullable=False),
    Column("edge", LargeBinary, nullable=False),
    Column("station", String, nullable=False, index=True),
    Column("received_at", String, nullable=False),
)
"""`edge` is the tree's right edge, from which it goes on; `station` is by whose token it came."""

ACCOUNT = Table(
    "account",
    METADATA,
    Column("entry", _NUMBER, primary_key=True, autoincrement=False),
    Column("name", String, nullable=False, index=True),
    Column("role", String, nullable=False),
    Column("badge", String, nullable=False),
    Column("pin", String, nullable=False),
    Column("active", Boolean, nullable=False),
)
"""One row for each change, the newest of a name counts; `entry` is the log's, which holds the
row's hash. `badge` and `pin` are argon2id hashes."""
