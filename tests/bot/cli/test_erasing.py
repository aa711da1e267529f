"""`wicket audit erase`: it says what it is about, asks, erases, and says what it cannot (A-16)."""

import json

import pytest
from sqlalchemy import update
from sqlmodel import Session, col, select

from handlers.intents import Where
from handlers.recording import record
from storage.audit import entry as audit
from storage.audit import log
from storage.clock import utc_now
from storage.exceptions import decide_exceptions, raise_exception
from storage.grants import add
from storage.records import ExceptionRecord, Grant, RestoreWord
from storage.states import GrantState
from tests.bot.cli.test_cli import ADA, GRACE, Install, granted, install

__all__ = ["install"]

DONE_BY = ("--by", "Olga", "--why", "PRIV-12")
WORDS = "my mother is ill, CANARY-4711"


def typed(tx: Session, state: GrantState, words: str = WORDS, who: str = ADA) -> str:
    """A request that somebody made with these words; the entry."""
    grant = granted(state, account=who)
    grant.justification = words
    add(tx, grant)
    return record(
        tx, at=utc_now(), action="grant.requested", outcome="done", actor=audit.Actor(type="person", id=who),
        where=Where(transport="slack"), correlation=grant.id, subject=who, texts={"justification": words},
    )  # fmt: skip


def wrote(install: Install, state: GrantState = GrantState.ENDED, words: str = WORDS, who: str = ADA) -> str:
    with install.tx() as write:
        return str(write(lambda tx: typed(tx, state, words, who)))


def test_what_somebody_typed_goes_from_every_file_and_the_log_stays_sound(install: Install) -> None:
    wrote(install)
    wrote(install, GrantState.DENIED)
    wrote(install, words="what Grace said", who=GRACE)
    done = install.run("audit", "erase", "--person", "ada", *DONE_BY, "--yes")
    assert done.exit_code == 0, done.output
    first, time, beside, result, elsewhere = done.stdout.splitlines()
    assert first == "2 texts of the record: justification 2."
    assert time.startswith("Typed between ")
    assert beside == "The same words stand in 2 places beside it."
    assert result == "2 texts erased from the record, and from 2 places beside it."
    assert "messages in Slack, mails, what a SIEM took, backups, evidence folders" in elsewhere
    assert not any(b"CANARY" in file.read_bytes() for file in install.folder.iterdir() if file.is_file())
    assert install.run("audit", "verify").exit_code == 0
    shown = install.run("audit", "show").stdout
    assert ("justification erased" in shown, "what Grace said" in shown, "PRIV-12" in shown) == (
        True,
        True,
        True,
    )
    again = install.run("audit", "erase", "--person", "ada", *DONE_BY, "--yes")
    assert (again.exit_code, again.stdout) == (0, "There is nothing to erase.\n")


def test_beside_a_running_bot_nothing_stays_in_what_was_written_ahead(install: Install) -> None:
    """SQLite keeps what was written last beside its file, for as long as somebody has it open."""
    with install.tx() as write:
        write(lambda tx: typed(tx, GrantState.ENDED))
        ahead = install.store.with_name("wicket.db-wal")
        assert b"CANARY" in ahead.read_bytes()
        assert install.run("audit", "erase", "--person", "ada", *DONE_BY, "--yes").exit_code == 0
        assert b"CANARY" not in ahead.read_bytes() + install.store.read_bytes()


@pytest.mark.parametrize("where", ["a word", "an alert"])
def test_without_the_keys_by_which_a_row_is_signed_nothing_begins(install: Install, where: str) -> None:
    """T-9: a row that was changed without them would count no more."""

    def work(tx: Session) -> None:
        typed(tx, GrantState.ENDED)
        at = utc_now()
        if where == "a word":
            tx.add(
                RestoreWord(
                    emergency="b-1", directory="staff", account=ADA, name="Ada", rationale=WORDS, settles=True, at=at,
                    mac="k.m",
                )
            )  # fmt: skip
        else:
            raise_exception(
                tx, at=at, kind="access-stopped", cause="z-1", severity="high", who="Ada",
                correlation=tx.exec(select(Grant.id)).one(), facts={"why": WORDS},
            )  # fmt: skip
            decide_exceptions(tx, at=at, cause="z-1", facts={"decided_by": "Ada"})
            tx.execute(update(ExceptionRecord).values(mac="k.m"))

    with install.tx() as write:
        write(work)
    done = install.run("audit", "erase", "--person", "ada", *DONE_BY, "--yes")
    assert (done.exit_code, "WICKET_SECRET_KEYS" in done.stderr) == (2, True)
    assert "CANARY" in install.run("audit", "show").stdout


def test_it_asks_first_and_a_no_erases_nothing(install: Install) -> None:
    entry = wrote(install)
    done = install.run("audit", "erase", "--entry", entry, *DONE_BY)
    assert (done.exit_code, "Erase them for good?" in done.output) == (2, True)
    with install.tx() as write:
        kept = write(lambda tx: log.row(tx, entry))
    assert isinstance(kept, log.Row)
    assert kept.texts["justification"].text == WORDS


def test_what_belongs_to_access_that_is_held_is_left_and_told(install: Install) -> None:
    wrote(install, GrantState.ACTIVE)
    wrote(install, GrantState.PENDING)
    done = install.run("audit", "erase", "--person", ADA, *DONE_BY, "--yes")
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        "There is nothing to erase.",
        "Left for now: 1 text of access that is still held.",
        "Left for now: 1 text of a request, a petition, an emergency or a word for somebody that is still open.",
        "Run it again once that is over.",
    ]
    assert json.loads(install.run("audit", "show", "--json").stdout)[-1]["action"] == "grant.requested"


def test_somebody_who_left_is_found_by_the_login_that_they_had(install: Install) -> None:
    def gone(tx: Session, account: str) -> None:
        typed(tx, GrantState.ENDED, who=account)
        tx.execute(
            update(Grant).where(col(Grant.requester_account) == account).values(requester_login="emmy")
        )

    with install.tx() as write:
        write(lambda tx: gone(tx, "p-8"))
    done = install.run("audit", "erase", "--person", "emmy", *DONE_BY, "--yes")
    assert (done.exit_code, "1 text erased from the record" in done.stdout) == (0, True)
    with install.tx() as write:
        write(lambda tx: gone(tx, "p-9"))
    several = install.run("audit", "erase", "--person", "emmy", *DONE_BY, "--yes")
    assert several.stderr == "'emmy' was the login of several: p-8, p-9. Give an id. Nothing was erased.\n"
    assert several.exit_code == 2


def test_one_text_of_one_entry_is_erased(install: Install) -> None:
    entry = wrote(install)
    done = install.run("audit", "erase", "--entry", entry, "--text", "justification", *DONE_BY, "--yes")
    assert (done.exit_code, "1 text erased from the record, and from 1 place beside it." in done.stdout) == (
        0,
        True,
    )
    with install.tx() as write:
        (row,) = write(lambda tx: [tx.get(Grant, one.correlation) for one in log.rows(tx)[:1]])  # type: ignore[misc]
    assert row.justification == "(erased)"


@pytest.mark.parametrize(
    ("typed_", "said"),
    [
        (("--entry", "e-none"), "There is no entry 'e-none'. Nothing was erased."),
        (
            ("--person", "nobody"),
            "The record knows nobody with the login or id 'nobody'. Nothing was erased.",
        ),
        ((), "Give either --person, perhaps with --about, or --entry, perhaps with --text."),
        (("--entry", "e-1", "--about"), "Give either --person"),
        (("--person", "ada", "--text", "justification"), "Give either --person"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_a_sentence(
    install: Install, typed_: tuple[str, ...], said: str
) -> None:
    done = install.run("audit", "erase", *typed_, *DONE_BY, "--yes")
    assert (done.exit_code, said in done.stderr, "Traceback" in done.output) == (2, True, False)


def test_a_text_of_another_name_is_refused_with_those_that_there_are(install: Install) -> None:
    entry = wrote(install)
    done = install.run("audit", "erase", "--entry", entry, "--text", "rationale", *DONE_BY, "--yes")
    assert (
        done.stderr
        == f"The entry '{entry}' has no text 'rationale'. It has justification. Nothing was erased.\n"
    )
    assert done.exit_code == 2
    assert install.run("audit", "erase", "--entry", entry, "--by", " ", "--why", "x").exit_code == 2
