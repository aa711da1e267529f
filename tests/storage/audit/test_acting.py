"""What acts by itself on a table of Wicket's and is none of its own is named, on both engines."""

import pytest
from sqlalchemy import text

from storage.audit.acting import acting, told_of_acting
from storage.database import Database

NOTHING = "CREATE FUNCTION zz() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$"
STRANGE = {
    "sqlite": {
        "trigger zz on exceptions": (
            "CREATE TRIGGER zz BEFORE INSERT ON exceptions BEGIN SELECT RAISE(IGNORE); END",
        ),
        "trigger zz on grants": ('CREATE TRIGGER zz AFTER UPDATE ON "GRANTS" BEGIN SELECT 1; END',),
        "view outbox": (
            "ALTER TABLE outbox RENAME TO elsewhere",
            "CREATE VIEW outbox AS SELECT * FROM elsewhere",
        ),
        "trigger zz on audit_head": ("CREATE TRIGGER zz AFTER UPDATE ON audit_head BEGIN SELECT 1; END",),
    },
    "postgresql": {
        "trigger zz on exceptions": (
            NOTHING,
            "CREATE TRIGGER zz BEFORE INSERT ON exceptions FOR EACH ROW EXECUTE FUNCTION zz()",
        ),
        "rule zz on outbox": ("CREATE RULE zz AS ON INSERT TO outbox DO INSTEAD NOTHING",),
        "rule _RETURN on outbox": (
            "ALTER TABLE outbox RENAME TO elsewhere",
            "CREATE VIEW outbox AS SELECT * FROM elsewhere",
        ),
        "row security on grants": (
            "ALTER TABLE grants ENABLE ROW LEVEL SECURITY",
            "CREATE ROLE zz",
            "SET LOCAL ROLE zz",
        ),
        "table elsewhere below grants": ("CREATE TABLE elsewhere () INHERITS (grants)",),
        "trigger zz on audit_head": (
            NOTHING,
            "CREATE TRIGGER zz AFTER UPDATE ON audit_head FOR EACH ROW EXECUTE FUNCTION zz()",
        ),
    },
}


def test_what_acts_on_the_tables_and_is_none_of_wickets_is_named(database: Database) -> None:
    """Promise 1: each of these can keep an end from happening, or security from hearing of it."""
    assert database.read_now(acting) == []
    engine = database.read_now(lambda tx: tx.connection().dialect.name)
    for called, statements in STRANGE[engine].items():
        seen = list[str]()

        def act(tx, statements=statements, seen=seen):
            for each in statements:
                tx.connection().execute(text(each))
            seen += acting(tx)
            raise _Undone

        with pytest.raises(_Undone):
            database.write_now(act)
        assert seen == [called]
    assert told_of_acting(["a", "b"]).startswith("a, b are none of Wicket's")


class _Undone(Exception):
    pass
