"""What Alembic runs for every command: it migrates on the connection it is given, inside that transaction.

It opens no connection of its own, and never renders in batch: copying an audit table would drop its triggers.
"""

from alembic import context
from sqlmodel import SQLModel

from storage import records  # noqa: F401  its tables join the metadata
from storage.audit import tables  # noqa: F401  as above

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    transactional_ddl=True,
    render_as_batch=False,
)
with context.begin_transaction():
    context.run_migrations()
