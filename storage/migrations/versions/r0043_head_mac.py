"""A MAC of the audit log's head, so that nobody without a key adds an entry that counts.

No entry is changed, and the head has none until the first start puts it under a key (handlers.audit.taking_over). From
then on its guard lets nobody move it on and leave the MAC as it is: a replica of a version before adds nothing.
"""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

_NEXT = '(SELECT COALESCE(MAX("index") + 1, 0) FROM audit_entries)'
_SAYS = "the audit head moves on with the entries only"
_KEPT_MAC = "NEW.mac = OLD.mac AND OLD.mac <> ''"


def upgrade() -> None:
    """Add the column, and have the guard ask it. A guard that is missing stays so: the start names it."""
    op.add_column("audit_head", sa.Column("mac", sa.Text()))
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE OR REPLACE FUNCTION audit_head_follows() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$BEGIN IF NEW.size <= OLD.size OR NEW.size IS DISTINCT FROM {_NEXT} OR NEW.id <> OLD.id "
            f"OR {_KEPT_MAC} THEN RAISE EXCEPTION USING MESSAGE = '{_SAYS}', "
            "ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END$$"
        )
        return
    guard = "SELECT 1 FROM sqlite_master WHERE type = 'trigger' AND name = 'audit_head_update'"
    if op.get_bind().exec_driver_sql(guard).scalar():
        op.execute("DROP TRIGGER audit_head_update")
        op.execute(
            "CREATE TRIGGER audit_head_update BEFORE UPDATE ON audit_head WHEN NEW.size <= OLD.size "
            f"OR NEW.size IS NOT {_NEXT} OR {_KEPT_MAC} BEGIN SELECT RAISE(ABORT, '{_SAYS}'); END"
        )


def downgrade() -> None:
    """Refused, as before every revision of the audit tables."""
    raise NotImplementedError("There is no way back before this revision.")
