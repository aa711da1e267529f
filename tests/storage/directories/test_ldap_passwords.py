"""Passwords, lockouts and expiry in a real OpenLDAP server: what its password policy says is what counts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from storage.directories.base import PasswordRejected
from storage.directories.ldap_policy import FOR_GOOD, Policy, read_policy, read_time, reason, standing
from storage.directories.ldap_session import Answer, Entry
from storage.faults import DirectoryUnavailable
from tests.storage.directories.ldap_stage import PASSWORD, LdapStage
from tests.storage.directories.slapd import account as named_in_full

NEW = "a wholly different sentence 7"


async def with_policy(corp: LdapStage, account: str, **values: str) -> None:
    """Give the account a policy of its own."""
    dn = f"cn=own,{corp.branch}"
    own = {"pwdAttribute": "userPassword", "pwdCheckQuality": "2", "pwdLockout": "TRUE", **values}
    corp.root.add(dn, ["organizationalRole", "pwdPolicy"], own)
    corp.set(account, pwdPolicySubentry=dn)


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("short", "Password fails quality checking policy."),
        (PASSWORD, "Password is in history of old passwords."),
    ],
)
async def test_a_refused_password_is_told_in_the_directorys_own_sentence(
    password: str, said: str, corp: LdapStage
) -> None:
    ada = await corp.person("ada")
    assert await corp.directory.set_password(ada, NEW) is None
    assert await corp.directory.set_password(ada, password) == PasswordRejected(reason=said)
    assert await corp.directory.verify_password(ada, NEW)


async def test_a_password_too_young_to_change_is_told_too(corp: LdapStage) -> None:
    ada = await corp.person("ada")
    await with_policy(corp, ada, pwdMinAge="86400")
    refused = await corp.directory.set_password(ada, NEW)
    assert isinstance(refused, PasswordRejected)
    assert "too young" in refused.reason


async def test_a_password_expires_when_the_policy_says(corp: LdapStage) -> None:
    ada, bob = await corp.person("ada"), await corp.person("bob")
    await with_policy(corp, bob, pwdMaxAge="0")
    found, forever = await corp.directory.account(ada), await corp.directory.account(bob)
    assert found is not None
    assert found.password_expires_at is not None
    in_days = (found.password_expires_at - datetime.now(UTC)) / timedelta(days=1)
    assert 89 < in_days < 90.01
    assert forever is not None
    assert forever.password_expires_at is None


async def test_an_expired_password_signs_nobody_in(corp: LdapStage) -> None:
    ada = await corp.person("ada")
    await with_policy(corp, ada, pwdMaxAge="3600")
    corp.root.modify(
        corp.dn_of(ada),
        {"pwdChangedTime": [("MODIFY_REPLACE", ["20200101000000Z"])]},
        controls=[("1.3.6.1.4.1.4203.666.5.12", True, None)],
    )
    assert not await corp.directory.verify_password(ada, PASSWORD)
    found = await corp.directory.account(ada)
    assert found is not None
    assert found.password_expires_at == datetime(2020, 1, 1, 1, tzinfo=UTC)


async def test_a_policy_that_cannot_be_read_is_unknown_and_not_without_end(corp: LdapStage) -> None:
    ada = await corp.person("ada")
    corp.set(ada, pwdPolicySubentry=f"cn=hidden,{corp.branch}")
    with pytest.raises(DirectoryUnavailable, match="cn=hidden"):
        await corp.directory.account(ada)


async def test_a_password_that_somebody_else_gave_out_proves_nothing_until_it_is_changed(
    corp: LdapStage,
) -> None:
    ada = await corp.person("ada")
    corp.set(ada, pwdReset="TRUE")
    assert not await corp.directory.verify_password(ada, PASSWORD)
    assert await corp.directory.set_password(ada, NEW) is None
    assert await corp.directory.verify_password(ada, NEW)
    assert corp.value(corp.dn_of(ada), "pwdReset") == []


async def test_a_lock_that_an_administrator_set_for_good_is_no_lockout(corp: LdapStage) -> None:
    ada = await corp.person("ada")
    corp.set(ada, pwdAccountLockedTime=FOR_GOOD)
    found = await corp.directory.account(ada)
    assert found is not None
    assert (found.active, found.locked) == (False, False)
    await corp.directory.unlock(ada)
    assert corp.value(corp.dn_of(ada), "pwdAccountLockedTime") == [FOR_GOOD]


async def test_only_the_lockout_that_was_seen_is_lifted(corp: LdapStage) -> None:
    """P-7: a lock that an administrator sets at that very moment stays, and so does one by wrong passwords."""
    ada, bob = await corp.person("ada"), await corp.person("bob")
    directory = corp.open()
    for _ in range(5):
        await directory.verify_password(ada, "wrong")
    locked = await directory._connections.run(lambda session: directory._known(session, ada))
    corp.set(ada, pwdAccountLockedTime=FOR_GOOD)
    await directory._connections.run(lambda session: directory._unlock(session, locked))
    assert corp.value(corp.dn_of(ada), "pwdAccountLockedTime") == [FOR_GOOD]
    corp.set(bob, pwdAccountLockedTime=FOR_GOOD)
    off = await directory._connections.run(lambda session: directory._known(session, bob))
    corp.set(bob, pwdAccountLockedTime="20260302090000Z")
    await directory._connections.run(lambda session: directory._switch(session, off, active=True))
    assert corp.value(corp.dn_of(bob), "pwdAccountLockedTime") == ["20260302090000Z"]


async def test_a_new_password_lifts_a_lockout_as_openldap_does_but_never_an_administrators_lock(
    corp: LdapStage,
) -> None:
    ada, bob = await corp.person("ada"), await corp.person("bob")
    for _ in range(5):
        await corp.directory.verify_password(ada, "wrong")
    assert await corp.directory.set_password(ada, NEW) is None
    assert await corp.directory.verify_password(ada, NEW)
    corp.set(bob, pwdAccountLockedTime=FOR_GOOD)
    with pytest.raises(DirectoryUnavailable, match="switched off"):
        await corp.directory.set_password(bob, NEW)
    assert corp.value(corp.dn_of(bob), "pwdAccountLockedTime") == [FOR_GOOD]


async def test_asking_about_nobody_takes_the_same_steps_and_never_the_service_connection(
    corp: LdapStage,
) -> None:
    """P-9; and a bind on the service's own connection would change who it is."""
    ada = await corp.person("ada")
    await corp.directory.health()
    for account, password in ((ada, PASSWORD), (ada, "wrong"), ("nobody", PASSWORD)):
        before = corp.proxy.connections
        await corp.directory.verify_password(account, password)
        assert corp.proxy.connections == before + 1
    await corp.group("vpn")
    await corp.directory.add_member(ada, "vpn")


async def test_an_empty_password_is_never_put_to_the_server(corp: LdapStage) -> None:
    """RFC 4513, 5.1.2: a server takes such a bind for an anonymous one and says yes."""
    ada = await corp.person("ada")
    await corp.directory.health()
    before = corp.proxy.connections
    assert not await corp.directory.verify_password(ada, "")
    assert corp.proxy.connections == before


async def test_a_directory_may_be_told_to_leave_passwords_alone(corp: LdapStage) -> None:
    assert corp.directory.capabilities.set_password
    assert not corp.open(replace(corp.shape, password_changes=False)).capabilities.set_password


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("20260302090000Z", datetime(2026, 3, 2, 9, tzinfo=UTC)),
        ("20260302090000.123456Z", datetime(2026, 3, 2, 9, tzinfo=UTC)),
        (FOR_GOOD, None),
        ("", None),
        ("yesterday", None),
    ],
)
def test_times_of_the_directory_are_read_in_utc(text: str, read: datetime | None) -> None:
    assert read_time(text) == read


def test_a_lockout_that_ran_out_is_over_and_one_without_end_is_not() -> None:
    entry = Entry(dn="", values={"pwdaccountlockedtime": [b"20260302090000Z"]})
    later = datetime(2026, 3, 2, 9, 15, tzinfo=UTC)
    assert not standing(entry, Policy(lockout=timedelta(minutes=15)), later).locked
    assert standing(entry, Policy(lockout=timedelta(minutes=16)), later).locked
    assert standing(entry, Policy(), later).locked


@pytest.mark.parametrize("age", ["7776000", "9" * 12, "9" * 30])
def test_times_beyond_the_calendar_are_an_end_that_never_comes(age: str) -> None:
    """An administrator's way to say "for good", and a limit that is none: the account is read all the same."""
    policy = read_policy(
        Entry(dn="", values={"pwdmaxage": [age.encode()], "pwdlockoutduration": [age.encode()]})
    )
    far = Entry(
        dn="", values={"pwdaccountlockedtime": [b"99991231235959Z"], "pwdchangedtime": [b"99991231235959Z"]}
    )
    found = standing(far, policy, datetime(2026, 3, 2, 9, 15, tzinfo=UTC))
    assert (found.locked, found.expires_at) == (True, None)


@pytest.mark.parametrize(
    ("code", "message", "control", "told"),
    [
        (19, "password   is\tbad", b"", "Password is bad."),
        (19, "", b"\x30\x03\x81\x01\x08", "This password was used before. Choose another one."),
        (19, "", b"", "The directory does not accept this password. Choose another one."),
        (53, "", b"\x30\x03\x81\x01\x06", "The password is too short for the directory."),
        (
            19,
            "",
            b"\x30\x08\xa0\x03\x81\x01\x02\x81\x01\x07",
            "The password was changed only a short time ago",
        ),
        (19, "", b"\x30\xff", "The directory does not accept this password."),
        (19, "x" * 9999, b"", "X" + "x" * 299 + "."),
        (50, "no", b"", None),
        (53, "no", b"\x30\x00", None),
    ],
)
def test_the_reason_of_a_refusal_is_a_sentence_or_not_the_persons_fault(
    code: int, message: str, control: bytes, told: str | None
) -> None:
    answer = Answer(code=code, name="x", message=message, controls={"1.3.6.1.4.1.42.2.27.8.5.1": control})
    found = reason(answer)
    assert (found is None) == (told is None)
    assert (found or "").startswith(told or "")


async def test_a_password_that_must_be_changed_is_no_proof_even_where_that_is_not_shown(
    corp: LdapStage,
) -> None:
    """The server says so in its answer to the sign-in, too."""
    ada = await corp.person("ada")
    directory = corp.open(bind_dn=named_in_full("blind-to-resets"))
    assert await directory.verify_password(ada, PASSWORD)
    await corp.demand_new_password(ada)
    assert not await directory.verify_password(ada, PASSWORD)
