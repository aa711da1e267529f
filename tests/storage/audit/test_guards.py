"""The triggers of the audit tables are looked for: a tool that restores a database may leave them out."""

from contextlib import nullcontext, suppress

import pytest
from sqlalchemy import Connection, Engine, insert, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import Session

from storage.audit import log
from storage.audit.entry import BESIDE, written
from storage.audit.guards import missing_guards, not_tables, put_back, strangers, told_of_strangers
from storage.audit.merkle import Frontier, leaf_hash, root_of
from storage.audit.ranges import verify_part
from storage.audit.salted import fresh_salts
from storage.audit.tables import ENTRIES, HEAD, TABLES
from storage.audit.verification import verify_log
from storage.faults import AuditFault

from .conftest import START, MakeEntry
from .test_log import fill

SWITCH_OFF = {
    "sqlite": "DROP TRIGGER audit_texts_update",
    "postgresql": "ALTER TABLE audit_texts DISABLE TRIGGER audit_texts_update",
}


def test_a_whole_store_misses_nothing(engine: Engine) -> None:
    with engine.begin() as connection:
        assert missing_guards(connection) == []
        assert put_back(connection) == []


def test_one_that_is_gone_or_switched_off_is_named_and_put_back(
    engine: Engine, make_entry: MakeEntry
) -> None:
    fill(engine, make_entry, 1)
    with engine.begin() as connection:
        connection.execute(text(SWITCH_OFF[engine.dialect.name]))
        assert missing_guards(connection) == ["audit_texts_update"]
        assert put_back(connection) == ["audit_texts_update"]
        assert missing_guards(connection) == []
        with pytest.raises(Exception, match="erased, never changed"):
            connection.execute(text("UPDATE audit_texts SET text = 'kinder'"))


HOLLOW = {
    "sqlite": (
        "DROP TRIGGER audit_texts_update",
        "CREATE TRIGGER audit_texts_update BEFORE UPDATE ON audit_texts WHEN 0 BEGIN SELECT 1; END",
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " $$BEGIN RETURN NEW; END$$",
    ),
}


def test_one_that_does_something_else_is_named_and_put_back(engine: Engine, make_entry: MakeEntry) -> None:
    """A name guards nothing."""
    fill(engine, make_entry, 1)
    with engine.begin() as connection:
        for each in HOLLOW[engine.dialect.name]:
            connection.execute(text(each))
        missing = missing_guards(connection)
        assert "audit_texts_update" in missing
        assert put_back(connection) == missing
        assert missing_guards(connection) == []
        with pytest.raises(Exception, match="erased, never changed"):
            connection.execute(text("UPDATE audit_texts SET text = 'kinder'"))


DELETED = "audit entries are never deleted before they are archived"
REFUSES = "audit_refuse('audit texts are erased, never changed')"
BODY = "$$BEGIN RAISE EXCEPTION USING MESSAGE = TG_ARGV[0], ERRCODE = 'integrity_constraint_violation'; END$$"
IN_VAIN = {
    "when nothing": f"BEFORE UPDATE ON audit_texts FOR EACH ROW WHEN (false) EXECUTE FUNCTION {REFUSES}",
    "on another table": f"BEFORE UPDATE ON audit_head FOR EACH ROW EXECUTE FUNCTION {REFUSES}",
    "at another event": f"BEFORE INSERT ON audit_texts FOR EACH ROW EXECUTE FUNCTION {REFUSES}",
    "once a statement": f"BEFORE UPDATE ON audit_texts FOR EACH STATEMENT EXECUTE FUNCTION {REFUSES}",
    "afterwards": f"AFTER UPDATE ON audit_texts FOR EACH ROW EXECUTE FUNCTION {REFUSES}",
    "for one column": f"BEFORE UPDATE OF erased_by ON audit_texts FOR EACH ROW EXECUTE FUNCTION {REFUSES}",
    "with other words": "BEFORE UPDATE ON audit_texts FOR EACH ROW EXECUTE FUNCTION audit_refuse('never')",
    "with a function elsewhere": "BEFORE UPDATE ON audit_texts FOR EACH ROW EXECUTE FUNCTION "
    f"elsewhere.{REFUSES}",
}


@pytest.mark.parametrize("made", IN_VAIN.values(), ids=IN_VAIN)
def test_one_that_was_made_anew_to_refuse_less_is_named_and_put_back(
    postgresql_engine: Engine, make_entry: MakeEntry, made: str
) -> None:
    """A-7: its name and what its function does are not all that makes it."""
    fill(postgresql_engine, make_entry, 1)
    with postgresql_engine.connect() as connection:
        connection.execute(text("CREATE SCHEMA elsewhere"))
        connection.execute(
            text(f"CREATE FUNCTION elsewhere.audit_refuse() RETURNS trigger LANGUAGE plpgsql AS {BODY}")
        )
        connection.execute(text("DROP TRIGGER audit_texts_update ON audit_texts"))
        connection.execute(text(f"CREATE TRIGGER audit_texts_update {made}"))
        table = made.split(" ON ")[1].split()[0]
        connection.execute(text(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER audit_texts_update"))
        assert missing_guards(connection) == ["audit_texts_update"]
        assert put_back(connection) == ["audit_texts_update"]
        assert missing_guards(connection) == []
        with pytest.raises(Exception, match="erased, never changed"):
            connection.execute(text("UPDATE audit_texts SET text = 'kinder'"))


@pytest.mark.parametrize(
    "change",
    [
        "ALTER FUNCTION audit_kept_until_archived() SET search_path = elsewhere, public",
        "ALTER FUNCTION audit_kept_until_archived() SECURITY DEFINER",
        "ALTER FUNCTION audit_kept_until_archived() STABLE",
        "ALTER FUNCTION audit_kept_until_archived() SET SCHEMA elsewhere",
        "CREATE OR REPLACE FUNCTION audit_kept_until_archived() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN END$$",
    ],
)
def test_a_guard_whose_function_was_changed_is_named_and_put_back(
    postgresql_engine: Engine, make_entry: MakeEntry, change: str
) -> None:
    """A-7: with another search_path it asks another table whether an entry is archived."""
    fill(postgresql_engine, make_entry, 1)
    with postgresql_engine.connect() as connection:
        connection.execute(text("CREATE SCHEMA elsewhere"))
        connection.execute(text("CREATE TABLE elsewhere.audit_archives AS SELECT 0 AS first, 9 AS size"))
        connection.execute(text(change))
        assert missing_guards(connection) == ["audit_entries_delete", "audit_texts_delete"]
        assert put_back(connection) == ["audit_entries_delete", "audit_texts_delete"]
        assert missing_guards(connection) == []
        with pytest.raises(Exception, match=DELETED):
            connection.execute(text("DELETE FROM audit_entries"))


def test_guards_of_tables_in_another_schema_ask_the_tables_there(
    postgresql_engine: Engine, make_entry: MakeEntry
) -> None:
    """T-2: whatever it is called, and whatever stands in the usual one."""
    fill(postgresql_engine, make_entry, 1)
    with postgresql_engine.connect() as connection:
        connection.execute(text("""CREATE SCHEMA "Olga's" """))
        for table in TABLES:
            connection.execute(text(f"""ALTER TABLE {table.name} SET SCHEMA "Olga's" """))
        connection.execute(text("""SET LOCAL search_path = "Olga's", public"""))
        everything = missing_guards(connection)
        assert "audit_entries_delete" in everything
        assert put_back(connection) == everything
        assert missing_guards(connection) == []
        connection.execute(text("CREATE TABLE public.audit_archives AS SELECT 0 AS first, 9 AS size"))
        connection.execute(text("CREATE TEMPORARY TABLE audit_archives AS SELECT 0 AS first, 9 AS size"))
        with pytest.raises(Exception, match=DELETED):
            connection.execute(text("DELETE FROM audit_entries"))


LOST = {
    "DROP CONSTRAINT audit_entries_id_key": "UNIQUE (id) on audit_entries",
    "DROP CONSTRAINT audit_entries_pkey": "PRIMARY KEY (index) on audit_entries",
    "DROP CONSTRAINT audit_entries_pkey, ADD PRIMARY KEY (index) DEFERRABLE": "PRIMARY KEY (index) on audit_entries",
    "ALTER leaf DROP NOT NULL": "NOT NULL (leaf) on audit_entries",
}


@pytest.mark.parametrize(("change", "called"), LOST.items(), ids=LOST)
def test_a_key_that_is_gone_or_put_off_is_named_and_put_back(
    postgresql_engine: Engine, make_entry: MakeEntry, change: str, called: str
) -> None:
    """A-7: the guards leave it to the keys that nothing is written twice."""
    fill(postgresql_engine, make_entry, 1)
    with postgresql_engine.connect() as connection:
        connection.execute(text(f"ALTER TABLE audit_entries {change}"))
        assert missing_guards(connection) == [called]
        if "DEFERRABLE" in change:
            with pytest.raises(AuditFault, match="cannot be put back: multiple primary keys"):
                put_back(connection)
            return
        assert put_back(connection) == [called]
        assert missing_guards(connection) == []


def test_a_key_that_does_not_fit_any_more_is_put_back_by_nobody(postgresql_engine: Engine) -> None:
    with postgresql_engine.connect() as connection:
        connection.execute(text("ALTER TABLE audit_head DROP CONSTRAINT audit_head_pkey"))
        for _ in range(2):
            connection.execute(text("INSERT INTO audit_head (id, size, frontier) VALUES (1, 0, '')"))
        with pytest.raises(
            AuditFault, match=r"PRIMARY KEY \(id\) on audit_head cannot be put back: could not"
        ):
            put_back(connection)


def test_a_table_of_sqlite_that_was_made_anew_without_its_keys_is_named(sqlite_engine: Engine) -> None:
    with sqlite_engine.connect() as connection:
        for each in (
            "ALTER TABLE audit_texts RENAME TO before",
            'CREATE TABLE audit_texts ("index" INTEGER, name TEXT NOT NULL, text TEXT, salt BLOB, erased_by TEXT)',
            "DROP TABLE before",
        ):
            connection.execute(text(each))
        lost = ["NOT NULL (index) on audit_texts", "PRIMARY KEY (index, name) on audit_texts"]
        missing = missing_guards(connection)
        assert [each for each in missing if each in lost] == lost
        with pytest.raises(AuditFault, match="go back to a copy of before"):
            put_back(connection)


STRANGE = {
    "sqlite": {
        "trigger zz on audit_texts": (
            "CREATE TRIGGER zz BEFORE INSERT ON audit_texts BEGIN SELECT RAISE(IGNORE); END",
        ),
        "trigger zz on AUDIT_HEAD": (
            'CREATE TRIGGER zz AFTER UPDATE ON "AUDIT_HEAD" BEGIN UPDATE audit_head SET marks = 0; END',
        ),
    },
    "postgresql": {
        "trigger zz on audit_texts": (
            "CREATE FUNCTION zz() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.text = 'kinder'; RETURN NEW; END$$",
            "CREATE TRIGGER zz BEFORE UPDATE ON audit_texts FOR EACH ROW EXECUTE FUNCTION zz()",
        ),
        "rule zz on audit_entries": ("CREATE RULE zz AS ON INSERT TO audit_entries DO INSTEAD NOTHING",),
        "trigger audit_texts_update on audit_head": (
            f"CREATE TRIGGER audit_texts_update BEFORE UPDATE ON audit_head FOR EACH ROW EXECUTE FUNCTION {REFUSES}",
        ),
    },
}


@pytest.mark.parametrize(
    ("engine", "called", "statements"),
    [(engine, *each) for engine, cases in STRANGE.items() for each in cases.items()],
    indirect=["engine"],
)
def test_what_else_acts_when_the_record_is_written_is_named(
    engine: Engine, called: str, statements: tuple[str, ...]
) -> None:
    """A-7: one that comes after a guard writes what the guard did not see, and each can have nothing written."""
    with engine.connect() as connection:
        assert strangers(connection) == []
        for each in statements:
            connection.execute(text(each))
        assert strangers(connection) == [called]
        assert missing_guards(connection) == []
        assert told_of_strangers(strangers(connection)).startswith(f"{called} is none of Wicket's")


def test_a_text_is_erased_once(engine: Engine, make_entry: MakeEntry) -> None:
    """T-5: whoever erased it first stays named."""
    fill(engine, make_entry, 1)
    erase = "UPDATE audit_texts SET text = NULL, salt = NULL, erased_by = '{}'"
    with engine.connect() as connection:
        connection.execute(text(erase.format("e-1")))
        with pytest.raises(Exception, match="erased, never changed"):
            connection.execute(text(erase.format("e-2")))


def test_all_of_them_can_be_put_back(unguarded: Engine) -> None:
    with unguarded.begin() as connection:
        missing = missing_guards(connection)
        assert len(missing) > 10
        assert put_back(connection) == missing
        assert missing_guards(connection) == []


def test_a_guard_that_sleeps_while_another_server_is_copied_is_no_guard(postgresql_engine: Engine) -> None:
    with postgresql_engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_entries ENABLE TRIGGER audit_entries_delete"))
        assert missing_guards(connection) == ["audit_entries_delete"]


def behind_a_view(engine: Engine, table: str) -> None:
    """As whoever wants to answer otherwise now and then puts it: all that is read is as it was."""
    with engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE {table} RENAME TO elsewhere"))
        connection.execute(text(f"CREATE VIEW {table} AS SELECT * FROM elsewhere"))


@pytest.mark.parametrize("table", [table.name for table in TABLES])
def test_a_view_in_the_place_of_a_table_is_named_and_no_log_is_sound_with_it(
    engine: Engine, make_entry: MakeEntry, table: str
) -> None:
    """T-1: a guard of rows on a view refuses nothing, and what it shows can change without anybody's writing."""
    fill(engine, make_entry, 2)
    with Session(engine) as tx:
        assert not_tables(tx) == []
        assert verify_log(tx).sound
    behind_a_view(engine, table)
    with Session(engine) as tx:
        assert not_tables(tx) == [table]
        for report in (verify_log(tx), verify_part(tx, 0, 2)):
            assert report.conclusion.startswith(f"Not sound. {table} is no plain table any more")
        with pytest.raises(AuditFault, match=f"{table} is no plain table any more"):
            put_back(tx)


def test_a_foreign_or_virtual_table_is_none_of_ours(sqlite_engine: Engine) -> None:
    """What it answers with is made up by a program."""
    with sqlite_engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_tiles RENAME TO elsewhere"))
        connection.execute(text("CREATE VIRTUAL TABLE audit_tiles USING fts5(level)"))
        assert not_tables(connection) == ["audit_tiles"]
        connection.execute(text("PRAGMA writable_schema = ON"))
        connection.execute(text("UPDATE sqlite_master SET rootpage = 2 WHERE name = 'audit_tiles'"))
        assert not_tables(connection) == ["audit_tiles"]


@pytest.mark.parametrize(
    "statements",
    [
        ("CREATE TABLE below () INHERITS (audit_texts)",),
        ("CREATE TABLE above (LIKE audit_texts)", "ALTER TABLE audit_texts INHERIT above"),
        (
            "CREATE POLICY chosen ON audit_texts USING (now() < '2030-01-01')",
            "ALTER TABLE audit_texts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
            "CREATE ROLE plain",
            "GRANT SELECT ON ALL TABLES IN SCHEMA public TO plain",
            "SET LOCAL ROLE plain",
        ),
    ],
    ids=["a table below it", "a table above it", "rows chosen for who looks"],
)
def test_a_table_that_shows_other_rows_than_its_own_is_none_of_ours(
    postgresql_engine: Engine, make_entry: MakeEntry, statements: tuple[str, ...]
) -> None:
    """T-1: no guard stands over what is in a table below, and what is chosen may be chosen otherwise tomorrow."""
    fill(postgresql_engine, make_entry, 2)
    with Session(postgresql_engine) as tx:
        for each in statements:
            tx.connection().execute(text(each))
        assert not_tables(tx) == ["audit_texts"]
        assert verify_log(tx).conclusion.startswith("Not sound. audit_texts is no plain table any more")


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE audit_head SET size = size + 1", "moves on with the entries only"),
        ("UPDATE audit_head SET frontier = frontier", "moves on with the entries only"),
        ("UPDATE audit_head SET size = size - 1", "moves on with the entries only"),
        (
            "INSERT INTO audit_entries SELECT \"index\" + 2, id || 'x', at, actor, subject, resource, action, outcome,"
            ' correlation, leaf, leaf_hash, root FROM audit_entries WHERE "index" = 1',
            "added at the end only",
        ),
        (
            'INSERT INTO audit_entries SELECT e."index" + n.n, e.id || n.n, at, actor, subject, resource, action,'
            " outcome, correlation, leaf, leaf_hash, root FROM audit_entries AS e, (SELECT 1 AS n UNION ALL SELECT 3)"
            ' AS n WHERE e."index" = 1',
            "added at the end only",
        ),
        (
            "INSERT INTO audit_entries SELECT NULL, id || 'x', at, actor, subject, resource, action, outcome,"
            ' correlation, leaf, leaf_hash, root FROM audit_entries WHERE "index" = 1',
            "added at the end only",
        ),
    ],
)
def test_no_entry_is_left_out_and_the_head_never_moves_without_one(
    engine: Engine, make_entry: MakeEntry, statement: str, said: str
) -> None:
    """T-2: many entries may be added at once, and only where they end does the head go."""
    fill(engine, make_entry, 2)
    with engine.begin() as connection, pytest.raises(Exception, match=said):
        connection.execute(text(statement))


@pytest.mark.parametrize("told", [True, False])
def test_of_entries_of_which_one_is_refused_none_stays(
    engine: Engine, make_entry: MakeEntry, told: bool
) -> None:
    """Also where somebody took that for no failure: SQLite keeps what a statement did before the refused row."""
    (used,) = fill(engine, make_entry, 1)
    refused = pytest.raises(IntegrityError) if told else suppress(IntegrityError)
    with refused, engine.begin() as connection, nullcontext() if told else refused:
        log.append_each(connection, [make_entry(), make_entry(), make_entry(id=used, at=START), make_entry()])
    with Session(engine) as tx:
        assert [row.id for row in log.every(tx)] == [used]
        assert verify_log(tx).sound
        assert (log.strays(tx), log.loose_text(tx)) == ([], None)


def append_as_before(connection: Connection, make_entry: MakeEntry) -> None:
    """As the version before added an entry: the head moved with each."""
    beside, leaf = written(entry := make_entry(texts={}), fresh_salts({}))
    before = log.head(connection)
    grown = before.append(leaf_hash(leaf))
    stored = {
        "at": entry.at,
        "index": before.size,
        "leaf": leaf,
        "leaf_hash": leaf_hash(leaf),
        "root": grown.root,
    }
    connection.execute(insert(ENTRIES), dict(zip(BESIDE, beside, strict=True)) | stored)
    moved = update(HEAD).where(HEAD.c.id == 1, HEAD.c.size == before.size)
    connection.execute(moved.values(size=grown.size, frontier=grown.to_bytes()))


def test_a_version_that_moves_the_head_with_each_entry_goes_on_beside_this_one(
    postgresql_engine: Engine, make_entry: MakeEntry
) -> None:
    """While replicas of two versions run, each adds where the other left off, and both find the roots that it knows."""
    with postgresql_engine.begin() as connection:
        connection.execute(insert(HEAD), {"id": 1, "size": 0, "frontier": Frontier().to_bytes()})
        log.append(connection, make_entry())
        append_as_before(connection, make_entry)
        log.append_each(connection, [make_entry() for _ in range(3)])
        append_as_before(connection, make_entry)
        log.append(connection, make_entry())
    with Session(postgresql_engine) as tx:
        assert (log.head(tx).size, verify_log(tx).sound) == (7, True)
        stored = list(log.every(tx))
    hashes = [row.leaf_hash for row in stored]
    assert [row.root for row in stored] == [root_of(hashes[: size + 1]) for size in range(7)]


ADD_BESIDE = (
    "INSERT INTO audit_entries SELECT \"index\" + 1, id || 'x', at, actor, subject, resource, action, outcome,"
    ' correlation, leaf, leaf_hash, root FROM audit_entries ORDER BY "index" DESC LIMIT 1'
)


def test_an_entry_that_the_head_does_not_count_is_found_and_stops_what_follows(
    engine: Engine, make_entry: MakeEntry
) -> None:
    """Whoever adds one by hand leaves no room for another under the head as it was."""
    fill(engine, make_entry, 2)
    with engine.begin() as connection:
        connection.execute(text(ADD_BESIDE))
    with Session(engine) as tx:
        assert [row.index for row in log.strays(tx)] == [2]
        with pytest.raises(DBAPIError):
            log.append(tx, make_entry())
