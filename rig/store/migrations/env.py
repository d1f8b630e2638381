"""What Alembic runs: the steps that are missing, in one transaction, then the guards."""

from alembic import context
from sqlalchemy import Connection

from ledcal.rig.store.schema import METADATA
from ledcal.rig.store.triggers import make_triggers

connection: Connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=METADATA, render_as_batch=True)
context.run_migrations()
make_triggers(connection)
