"""Guards of PostgreSQL that ask the real tables: what a function names is looked for beside the tables that it guards.

No row is touched. Before, a temporary table by the name of one of them was asked instead.
"""

from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

# Those that are there; one that is missing stays so: the start names it.
_THERE = (
    "SELECT CAST(CAST(pg_proc.oid AS regprocedure) AS text), quote_ident(nspname) FROM pg_class"
    " JOIN pg_namespace ON pg_namespace.oid = relnamespace JOIN pg_proc ON pronamespace = relnamespace"
    " WHERE pg_class.oid = to_regclass('audit_entries') AND pronargs = 0 AND proname IN ('audit_at_end_only',"
    " 'audit_head_follows', 'audit_kept_until_archived', 'audit_refuse', 'audit_tile_at_end_only')"
)


def upgrade() -> None:
    """Have each function look in the schema of the tables, whatever that is called, and for temporary ones last."""
    if op.get_bind().dialect.name == "postgresql":
        for function, schema in op.get_bind().exec_driver_sql(_THERE).all():
            op.execute(f"ALTER FUNCTION {function} SET search_path = pg_catalog, {schema}, pg_temp")


def downgrade() -> None:
    """Refused, as before every revision of the audit tables."""
    raise NotImplementedError("There is no way back before this revision.")
