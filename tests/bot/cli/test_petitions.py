"""`wicket petitions` lists them, as a table and as JSON, and stops one on the record (P-14)."""

import json
from datetime import timedelta

from sqlmodel import Session

from handlers.petitions.outcomes import Why
from storage import petitions
from storage.audit import log
from storage.clock import utc_now
from storage.handles import make_handle
from storage.records import Attestation, Petition
from storage.states import PetitionKind, PetitionState, Purpose
from tests.bot.cli.test_cli import ADA, Install, install

__all__ = ["install"]


def asked(tx: Session) -> str:
    """Ada asked, and one person said that it is her."""
    at = utc_now()
    handle = make_handle(
        tx, at=at, expires_at=at, purpose=Purpose.REGAIN, directory="staff", account=ADA, slack_team="T0123ABCD",
        slack_user="U1",
    )  # fmt: skip
    petition = Petition(
        id=handle.id, kind=PetitionKind.PROOFS, directory="staff", account=ADA, name="Ada Lovelace", login="ada",
        team="", employment="employee", manager="", privileged=False, slack_team="T0123ABCD", slack_user="U1",
        explanation="My phone fell into the sea", state=PetitionState.ASKED, missing={"help_desk": 1}, asked_at=at,
        lapses_at=at + timedelta(hours=24), next_at=at + timedelta(hours=24),
    )  # fmt: skip
    assert petitions.add(tx, petition)
    word = Attestation(
        petition=handle.id, directory="staff", account="p-1", name="Sam Spade", slack_user="U2", role="security",
        rationale="I saw her", proof="passkey", proven_at=at, at=at,
    )  # fmt: skip
    assert petitions.attest(tx, word)
    return handle.id


def test_what_there_is_and_how_it_stands(install: Install):
    """P-14: what people typed is not listed."""
    assert "There are none." in install.run("petitions").stdout
    with install.tx() as write:
        petition = write(asked)
    listed = install.run("petitions")
    assert (listed.exit_code, petition in listed.stdout, "Sam Spade" in listed.stdout) == (0, True, True)
    (one,) = json.loads(install.run("petitions", "--json").stdout)
    assert (one["id"], one["state"], one["missing"]) == (petition, "asked", {"help_desk": 1})
    assert (one["approved_by"][0]["proof"], one["opens_at"]) == ("passkey", None)
    assert "sea" not in listed.stdout + str(one)


def test_one_is_stopped_with_name_and_reason(install: Install):
    """P-14: told as any end, and once."""
    with install.tx() as write:
        petition = write(asked)
    done = install.run("petitions", "cancel", petition, "--by", "Olga", "--why", "she called")
    assert (done.exit_code, done.stdout) == (
        0,
        "The petition of Ada Lovelace is stopped: nothing opens by it.\n",
    )
    with install.tx() as write:
        row = write(lambda tx: petitions.look(tx, petition))
        entry = write(lambda tx: log.rows(tx))[-1]
    assert row is not None
    assert (row.state, row.end_reason, row.ended_by) == (PetitionState.CANCELLED, Why.BY_OPERATOR, "Olga")
    assert (entry.action, entry.said()["actor"]["type"]) == ("petition.cancelled", "operator")
    again = install.run("petitions", "cancel", petition, "--by", "Olga", "--why", "she called")
    assert (again.exit_code, "Nothing was changed" in again.output) == (2, True)
    assert install.run("petitions", "cancel", petition, "--by", " ", "--why", "x").exit_code == 2
