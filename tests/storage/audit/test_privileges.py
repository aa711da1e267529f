"""Two roles on a real PostgreSQL: one owns the tables and brings them up, the bot runs as the other (A-7, T-2)."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege, IntegrityConstraintViolation
from sqlalchemy import Engine
from sqlalchemy.exc import ProgrammingError

from handlers.audit import archiving
from handlers.audit.archivable import YOUNGEST
from handlers.audit.archiving import NotSound, Plan
from handlers.audit.tiling import Tiling
from storage.audit import entry as audit
from storage.audit import log
from storage.audit.checkpoint import Signer
from storage.audit.guards import missing_guards
from storage.audit.privileges import statements, too_wide
from storage.audit.sealing import take_checkpoint
from storage.audit.tables import TABLES
from storage.audit.verification import walk_unless_bound
from storage.database import Database
from storage.engine.migrating import migrate
from storage.engine.stores import Server
from storage.identifiers import new_id
from storage.states import GrantState
from tests.handlers.access_ground import world
from tests.storage.postgres import postgres
from tests.storage.rows import erase_text

_NUMBERS = count()
NOW = datetime(2026, 11, 23, 14, 2, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Roles:
    """One database as its owner reaches it, as the bot does, and as the server's administrator does.

    names: of both roles and of the database.
    """

    owner: Server
    runs: Server
    admin: Engine
    names: Mapping[str, str]


@pytest.fixture(scope="module")
def roles() -> Iterator[Roles]:
    running, number = postgres(), next(_NUMBERS)
    owner, bot = f"owner_{number}", f"bot_{number}"
    for role in (owner, bot):
        running.run(f"CREATE ROLE {role} LOGIN")
    with running.database() as name:
        running.run(f"ALTER DATABASE {name} OWNER TO {owner}")
        found = {role: running.server(name).url.replace("//wicket@", f"//{role}@") for role in (owner, bot)}
        migrate(Server(url=found[owner]))
        with closing(psycopg.connect(found[owner], autocommit=True)) as connection:
            for each in statements(bot=bot):
                connection.execute(each)
        admin = running.engine(running.server(name))
        yield Roles(
            owner=Server(url=found[owner]), runs=Server(url=found[bot]), admin=admin,
            names={"owner": owner, "bot": bot, "database": name},
        )  # fmt: skip
        admin.dispose()
    for role in (owner, bot):
        running.run(f"DROP ROLE {role}")


@pytest.fixture
def entry(roles: Roles) -> str:
    """An entry with a text, written by the bot's role."""
    database, entry = Database(roles.runs), new_id("e", NOW)
    made = audit.Entry(
        id=entry, at=NOW, action="grant.requested", outcome="done", actor=audit.Actor(type="wicket", id="wicket"),
        subject=None, resource=None, correlation="g-1", where=audit.Where(transport="cli", replica="main"),
        facts={}, texts={"justification": "INC-1"},
    )  # fmt: skip
    database.write_now(lambda tx: log.append(tx, made))
    database.close()
    return entry


def _refused(roles: Roles, statement: str) -> bool:
    with closing(psycopg.connect(roles.runs.url, autocommit=True)) as connection:
        try:
            connection.execute(statement)
        except InsufficientPrivilege:
            return True
    return False


@pytest.mark.parametrize("table", [table.name for table in TABLES])
def test_the_bots_role_takes_no_guard_away(roles: Roles, entry: str, table: str):
    """T-2: rights come before triggers, so it is the role that is refused."""
    assert _refused(roles, f"DELETE FROM {table}")
    assert _refused(roles, f"TRUNCATE {table} CASCADE")
    assert _refused(roles, f"ALTER TABLE {table} DISABLE TRIGGER ALL")
    assert _refused(roles, f"DROP TRIGGER {table}_delete ON {table}")
    assert _refused(roles, f"DROP TABLE {table} CASCADE")
    assert _refused(roles, "SET session_replication_role = replica")


@pytest.mark.parametrize(
    "change",
    [
        "audit_entries SET action = 'x'",
        "audit_checkpoints SET note = 'x'",
        "audit_tiles SET root = ''",
        "audit_texts SET name = 'x'",
        "alembic_version SET version_num = '0'",
    ],
)
def test_the_bots_role_changes_no_record(roles: Roles, entry: str, change: str):
    assert _refused(roles, f"UPDATE {change}")


_COPIED = "id || 'x', at, actor, subject, resource, action, outcome, correlation, leaf, leaf_hash, root"
SHADOWS = {
    "audit_archives": (
        "SELECT 0::bigint AS first, 999::bigint AS size",
        f"INSERT INTO public.audit_entries SELECT 900, {_COPIED} FROM public.audit_entries WHERE index = 0",
    ),
    "audit_entries": (
        "SELECT 899::bigint AS index",
        f"INSERT INTO public.audit_entries SELECT 900, {_COPIED} FROM public.audit_entries WHERE index = 0",
        "UPDATE public.audit_head SET size = 900",
    ),
    "audit_tiles": (
        "SELECT 0 AS level, 8::bigint AS index",
        "INSERT INTO public.audit_tiles VALUES (0, 9, repeat('x', 32)::bytea, repeat('x', 8192)::bytea)",
    ),
}


@pytest.mark.parametrize(
    ("table", "change"), [(table, each) for table, (_, *changes) in SHADOWS.items() for each in changes]
)
def test_no_guard_asks_a_table_that_the_bots_role_puts_before_the_real_one(
    roles: Roles, entry: str, table: str, change: str
):
    """T-2: anybody may make a temporary table, and its name comes before all others."""
    with closing(psycopg.connect(roles.runs.url)) as connection:
        connection.execute(f"CREATE TEMPORARY TABLE {table} AS {SHADOWS[table][0]}")
        with pytest.raises(IntegrityConstraintViolation):
            connection.execute(change)


def test_the_bots_role_seals_erases_and_reads(roles: Roles, entry: str):
    """T-2, T-5: what sealing and erasing need, it may."""
    database, signer = Database(roles.runs), Signer.generate("wicket")
    assert database.read_now(missing_guards) == []
    database.write_now(lambda tx: take_checkpoint(tx, signer, at=NOW))
    record = audit.Entry(
        id=new_id("e", NOW), at=NOW, action="text.erased", outcome="done",
        actor=audit.Actor(type="operator", id="cli"), subject=None, resource=None, correlation="g-1",
        where=audit.Where(transport="cli", replica="main"), facts={}, texts={},
    )  # fmt: skip
    assert database.write_now(lambda tx: erase_text(tx, entry, "justification", record=record))
    row = database.read_now(lambda tx: log.row(tx, entry))
    assert row is not None
    assert row.texts["justification"].text is None
    database.close()


def test_the_bots_role_archives_nothing_and_hears_who_may(roles: Roles, entry: str):
    """A-17: before any file is written."""
    database, now = Database(roles.runs), datetime.now(UTC)
    look = partial(archiving.look, verifier=Signer.generate("wicket").verifier, before=now - YOUNGEST, at=now)
    found = database.read_now(look)
    assert isinstance(found, NotSound)
    assert "Run it as the role that owns the tables" in found.detail
    assert _refused(
        roles, "INSERT INTO audit_archives (first, size, note, frontier, stay) VALUES (0, 256, '', '', '')"
    )
    database.close()
    database = Database(roles.owner)
    assert isinstance(database.read_now(look), Plan)
    database.close()


async def test_a_grant_is_asked_for_given_and_taken_back_under_the_bots_role(roles: Roles, tmp_path: Path):
    """A-7: the whole way, and its tiles."""
    async with world(tmp_path, server=roles.runs) as made:
        made.ground.database.read_now(lambda tx: walk_unless_bound(tx, verifier=None))  # as a start does
        grant = await made.asked("ada", "prod-db")
        await made.decide("grace", grant)
        await made.settle()
        assert await made.state(grant) == GrantState.ACTIVE
        made.clock.forward(hours=9)
        await made.tick()
        assert await made.state(grant) == GrantState.ENDED
        await Tiling(made.ground.database).seal_due()


def test_a_role_that_may_too_much_is_named_with_what_it_may(roles: Roles):
    """T-2: the owner of the tables, and a role that was given one right too many."""
    for server, expected in (
        (roles.owner, [f"owns {name}" for name in sorted(table.name for table in TABLES)]),
        (roles.runs, []),
    ):
        database = Database(server)
        assert database.read_now(too_wide) == expected
        database.close()


OWNS_ALL = [f"owns {name}" for name in sorted(table.name for table in TABLES)]
TOO_MUCH = [
    (["GRANT DELETE ON audit_entries TO {bot}"], ["DELETE on audit_entries"]),
    (["GRANT UPDATE (leaf) ON audit_entries TO {bot}"], ["UPDATE (leaf) on audit_entries"]),
    (["GRANT UPDATE ON audit_texts TO {bot}"], ["UPDATE (index, name) on audit_texts"]),
    (["GRANT UPDATE (text, name) ON audit_texts TO {bot}"], ["UPDATE (name) on audit_texts"]),
    (["GRANT INSERT (note, stay) ON audit_archives TO {bot}"], ["INSERT (note, stay) on audit_archives"]),
    (["GRANT INSERT ON audit_archives TO {bot}"], ["INSERT on audit_archives"]),
    (
        ["GRANT REFERENCES (id), TRIGGER ON audit_entries TO {bot}"],
        ["REFERENCES (id) on audit_entries", "TRIGGER on audit_entries"],
    ),
    (["GRANT UPDATE ON audit_tiles TO PUBLIC"], ["UPDATE on audit_tiles"]),
    (
        ["CREATE ROLE other", "GRANT UPDATE (at) ON audit_entries TO other", "GRANT other TO {bot}"],
        ["UPDATE (at) on audit_entries"],
    ),
    (["GRANT {owner} TO {bot}"], OWNS_ALL),
    (["GRANT wicket TO {bot}"], OWNS_ALL),
    (["ALTER ROLE {bot} SUPERUSER"], OWNS_ALL),
    (["ALTER FUNCTION audit_refuse() OWNER TO {bot}"], ["owns function audit_refuse"]),
    (["ALTER SCHEMA public OWNER TO {bot}"], ["owns schema public"]),
    (
        ["ALTER SCHEMA public OWNER TO {owner}", "ALTER DATABASE {database} OWNER TO {bot}"],
        ["owns database {database}"],
    ),
]


@pytest.mark.parametrize(("given", "expected"), TOO_MUCH, ids=[given[-1] for given, _ in TOO_MUCH])
def test_each_way_to_more_is_named(roles: Roles, given: Sequence[str], expected: Sequence[str]):
    """T-2: column by column, and what comes of a role that it can become though it inherits nothing."""
    with roles.admin.connect() as connection:
        for each in ("ALTER ROLE {bot} NOINHERIT", *given, "SET LOCAL SESSION AUTHORIZATION {bot}"):
            connection.exec_driver_sql(each.format_map(roles.names))
        assert too_wide(connection) == [each.format_map(roles.names) for each in expected]


def test_a_role_that_makes_roles_makes_itself_the_owner_before_version_16(roles: Roles):
    """But no superuser, as whom it would own the head too."""
    with roles.admin.connect() as connection:
        (version,) = connection.exec_driver_sql("SELECT current_setting('server_version_num')::int").one()
        for each in (
            "ALTER TABLE audit_head OWNER TO wicket",
            "ALTER ROLE {bot} CREATEROLE",
            "SET LOCAL SESSION AUTHORIZATION {bot}",
        ):
            connection.exec_driver_sql(each.format_map(roles.names))
        becomes = [*(each for each in OWNS_ALL if each != "owns audit_head"), "DELETE on audit_head"]
        assert too_wide(connection) == (becomes if version < 16_00_00 else [])
        with nullcontext() if version < 16_00_00 else pytest.raises(ProgrammingError):
            connection.exec_driver_sql("GRANT {owner} TO {bot}".format_map(roles.names))


def test_all_rights_that_this_server_knows_are_looked_for(roles: Roles):
    """MAINTAIN, for one, came with version 17."""
    with roles.admin.connect() as connection:
        connection.exec_driver_sql("GRANT ALL ON audit_tiles TO {bot}".format_map(roles.names))
        connection.exec_driver_sql("SET LOCAL SESSION AUTHORIZATION {bot}".format_map(roles.names))
        known = connection.exec_driver_sql(
            "SELECT privilege_type FROM aclexplode(acldefault('r', 10))"
        ).scalars()
        assert too_wide(connection) == sorted(
            f"{right} on audit_tiles" for right in {*known} - {"SELECT", "INSERT"}
        )


def test_a_role_is_named_plainly():
    with pytest.raises(ValueError, match="letters"):
        list(statements(bot='x"; DROP TABLE grants'))
