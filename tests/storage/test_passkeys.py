"""Passkeys and challenges as rows, on both engines: each challenge taken once, each count used once."""

from datetime import timedelta
from typing import Any

from sqlmodel import select

from storage import passkeys, proofs
from storage.handles import make_handle
from storage.passkeys import Ceremony, NewPasskey
from storage.records import Challenge
from storage.states import Purpose

LARGEST_COUNT = 2**32 - 1


def visit(database, now) -> str:
    return database.write_now(
        lambda tx: make_handle(
            tx, at=now, expires_at=now + timedelta(minutes=10), purpose=Purpose.RESET, directory="staff",
            account="ada", slack_team="T1", slack_user="U1",
        ).id
    )  # fmt: skip


def challenge(database, now, handle: str, value: str = "v", *, most: int = 9) -> bool:
    return database.write_now(
        lambda tx: passkeys.new_challenge(
            tx, handle=handle, kind=Ceremony.SHOW, browser="b", value=value, user_handle="u", at=now,
            expires_at=now + timedelta(minutes=5), most=most,
        )
    )  # fmt: skip


def take(database, now, handle: str, **other: Any) -> str | None:
    wanted = {"handle": handle, "kind": Ceremony.SHOW, "browser": "b", "value": "v", "at": now, **other}
    return database.write_now(lambda tx: passkeys.take_challenge(tx, **wanted))


def kept(database, now, credential: str = "c", **other: Any) -> str | None:
    new = NewPasskey(
        **{
            "credential": credential, "public_key": "k", "user_handle": "u", "sign_count": 0, "aaguid": "a",
            "transports": ("internal",), "backup_eligible": False, "backed_up": False, "name": "", **other,
        }
    )  # fmt: skip
    return database.write_now(
        lambda tx: passkeys.keep_passkey(tx, directory="staff", account="ada", at=now, new=new, name="mine")
    )


def use(database, now, passkey: str | None, count: int) -> bool:
    return database.write_now(
        lambda tx: passkeys.use_passkey(tx, passkey or "", sign_count=count, backed_up=True, at=now)
    )


def test_a_challenge_is_taken_once_and_only_as_it_was_made(database, now):
    """P-11."""
    handle = visit(database, now)
    assert challenge(database, now, handle)
    for other in (
        {"kind": Ceremony.MAKE},
        {"browser": "x"},
        {"value": "x"},
        {"at": now + timedelta(minutes=5)},
    ):
        assert take(database, now, handle, **other) is None
    assert take(database, now, visit(database, now)) is None
    assert take(database, now, handle) == "u"
    assert take(database, now, handle) is None


def test_challenges_that_nobody_answers_are_few_and_go_with_their_time(database, now):
    handle = visit(database, now)
    assert [challenge(database, now, handle, value, most=2) for value in "abc"] == [True, True, False]
    later = now + timedelta(minutes=5)
    assert challenge(database, later, handle, "d", most=2)
    assert database.read_now(lambda tx: [row.value for row in tx.exec(select(Challenge))]) == ["d"]


def test_a_count_is_used_once_and_never_goes_back(database, now):
    """P-11: as large as an authenticator can count, which is more than an integer of PostgreSQL holds."""
    passkey = kept(database, now)
    counts = (0, 0, 1, 1, 0, LARGEST_COUNT, LARGEST_COUNT)
    used = [use(database, now, passkey, count) for count in counts]
    assert used == [True, True, True, False, False, True, False]


def test_a_stopped_passkey_is_not_used_and_not_forgotten(database, now):
    passkey = kept(database, now)
    assert [database.write_now(lambda tx: passkeys.stop_passkey(tx, passkey, now)) for _ in range(2)] == [
        True,
        False,
    ]
    assert not use(database, now, passkey, 1)
    assert database.read_now(lambda tx: passkeys.working_passkeys(tx, "staff", "ada")) == []
    assert database.read_now(lambda tx: proofs.has_proofs(tx, "staff", "ada"))


def test_one_credential_is_one_persons(database, now):
    assert kept(database, now) is not None
    assert kept(database, now) is None
    assert not database.read_now(lambda tx: passkeys.passkeys_of(tx, "elsewhere", "ada"))
