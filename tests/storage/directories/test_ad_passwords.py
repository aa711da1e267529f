"""Passwords, lockouts and expiry in a real domain controller: what the directory's own policies say is what counts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from storage.directories import ad_values
from storage.directories.ad_forest import POLICY_HINTS
from storage.directories.base import PasswordRejected
from storage.directories.ldap_session import Answer, Entry, Session
from storage.faults import DirectoryUnavailable
from tests.storage.directories.ad_stage import PASSWORD, AdStage
from tests.storage.directories.samba import SUFFIX

NEW = "a wholly different sentence 7"
_SECOND = 10_000_000


async def with_policy(domain: AdStage, account: str, **values: str) -> None:
    """Give the account a fine-grained password policy of its own, for the length of the test."""
    dn = f"CN=own-{domain.branch.partition(',')[0][3:]},CN=Password Settings Container,CN=System,{SUFFIX}"
    usual = {
        "msDS-PasswordSettingsPrecedence": "1", "msDS-PasswordReversibleEncryptionEnabled": "FALSE",
        "msDS-PasswordHistoryLength": "0", "msDS-PasswordComplexityEnabled": "FALSE",
        "msDS-MinimumPasswordLength": "8", "msDS-MinimumPasswordAge": "0",
        "msDS-MaximumPasswordAge": str(-90 * 86_400 * _SECOND), "msDS-LockoutThreshold": "0",
        "msDS-LockoutObservationWindow": str(-60 * _SECOND), "msDS-LockoutDuration": str(-60 * _SECOND),
        "msDS-PSOAppliesTo": domain.dn_of(account),
    }  # fmt: skip
    domain.root.add(
        dn, "msDS-PasswordSettings", {**usual, **{k.replace("_", "-"): v for k, v in values.items()}}
    )
    domain.afterwards.append(dn)


async def test_a_refused_password_is_told_as_the_directory_says(domain: AdStage) -> None:
    """Samba names the rule; Windows does not, which test_ad_values.py shows."""
    ada = await domain.person("ada")
    refused = await domain.directory.set_password(ada, "short")
    assert isinstance(refused, PasswordRejected)
    assert refused.reason == "The password is too short. It should be equal or longer than 8 characters!"
    assert await domain.directory.verify_password(ada, PASSWORD)


async def test_the_password_policy_of_the_account_itself_counts(domain: AdStage) -> None:
    ada, bob = await domain.person("ada"), await domain.person("bob")
    await with_policy(
        domain, ada, msDS_PasswordComplexityEnabled="TRUE", msDS_MaximumPasswordAge=str(-5 * 86_400 * _SECOND)
    )
    refused = await domain.directory.set_password(ada, "onlysmallletters")
    assert isinstance(refused, PasswordRejected)
    assert "complexity" in refused.reason
    assert await domain.directory.set_password(bob, "onlysmallletters") is None
    days = []
    for each in (ada, bob):
        found = await domain.directory.account(each)
        assert found is not None
        assert found.password_expires_at is not None
        days.append(round((found.password_expires_at - datetime.now(UTC)) / timedelta(days=1)))
    assert days == [5, 90]


async def test_an_expired_password_signs_nobody_in(domain: AdStage) -> None:
    """IA-5(1): it is no proof."""
    ada = await domain.person("ada")
    old = (
        f"dn: {domain.dn_of(ada)}\nchangetype: modify\nreplace: pwdLastSet\npwdLastSet: 132000000000000000\n"
    )
    domain.samba.load(old)
    assert not await domain.directory.verify_password(ada, PASSWORD)
    found = await domain.directory.account(ada)
    assert found is not None
    assert found.password_expires_at is not None
    assert found.password_expires_at == datetime(2019, 7, 16, 18, 40, tzinfo=UTC)
    assert (found.active, found.must_change_password) == (True, False)


async def test_a_password_that_never_expires_has_no_end(domain: AdStage) -> None:
    ada = await domain.person("ada", userAccountControl=str(512 | 0x10000))
    found = await domain.directory.account(ada)
    assert found is not None
    assert found.password_expires_at is None


async def test_an_account_whose_time_is_over_is_not_active(domain: AdStage) -> None:
    ada = await domain.person("ada", accountExpires="132000000000000000")
    found = await domain.directory.account(ada)
    assert found is not None
    assert not found.active
    assert not await domain.directory.verify_password(ada, PASSWORD)


async def test_the_switch_leaves_every_other_flag_alone(domain: AdStage) -> None:
    ada = await domain.person("ada", userAccountControl=str(512 | 0x10000))
    for active, flags in ((False, 512 | 0x10000 | 2), (True, 512 | 0x10000)):
        await domain.directory.switch(ada, active=active)
        assert domain.raw(domain.dn_of(ada), "userAccountControl") == [str(flags).encode()]


async def test_a_new_password_lifts_neither_a_lockout_nor_the_switch(domain: AdStage) -> None:
    ada, bob = await domain.person("ada"), await domain.person("bob")
    for _ in range(5):
        await domain.directory.verify_password(ada, "wrong")
    await domain.directory.switch(bob, active=False)
    for each in (ada, bob):
        assert await domain.directory.set_password(each, NEW) is None
        assert not await domain.directory.verify_password(each, NEW)
    await domain.directory.unlock(ada)
    await domain.directory.unlock(bob)
    assert await domain.directory.verify_password(ada, NEW)
    assert not await domain.directory.verify_password(bob, NEW)


async def test_to_unlock_who_is_not_locked_out_forgets_no_wrong_sign_in(domain: AdStage) -> None:
    """P-7: nobody buys guesses by it."""
    ada = await domain.person("ada")
    for _ in range(4):
        await domain.directory.verify_password(ada, "wrong")
    await domain.directory.unlock(ada)
    await domain.directory.verify_password(ada, "wrong")
    found = await domain.directory.account(ada)
    assert found is not None
    assert found.locked


async def test_asking_whether_a_password_is_the_same_again_counts_against_nobody(domain: AdStage) -> None:
    """Where the server does not keep a reset to the history, the connector finds out by signing in."""
    ada = await domain.person("ada")
    for _ in range(4):
        await domain.directory.verify_password(ada, "wrong")
    assert isinstance(await domain.directory.set_password(ada, PASSWORD), PasswordRejected)
    for _ in range(4):
        await domain.directory.verify_password(ada, "wrong")
    assert await domain.directory.set_password(ada, NEW) is None
    found = await domain.directory.account(ada)
    assert found is not None
    assert not found.locked
    assert await domain.directory.verify_password(ada, NEW)


async def test_asking_whether_a_password_is_the_same_again_lifts_no_lock_that_came_meanwhile(
    domain: AdStage,
) -> None:
    """P-7: whoever guesses at that very moment is locked out all the same."""
    ada, directory = await domain.person("ada"), domain.open()
    before = await directory._connections.run(lambda session: directory._known(session, ada))
    for _ in range(5):
        await domain.directory.verify_password(ada, "wrong")
    again = await directory._connections.run(
        lambda session: directory._is_the_present_one(session, before, NEW), repeat=False
    )
    found = await directory.account(ada)
    assert found is not None
    assert (again, found.locked) == (False, True)


class Heard:
    """A connection of ldap3 to a server that has these controls, and says yes to every change. sent: the changes."""

    def __init__(self, *controls: str) -> None:
        self.sent: list[tuple[str, Any]] = []
        self.result: dict[str, Any] = {"result": 0, "description": "success"}
        root = {"supportedControl": [one.encode() for one in controls]}
        self.response = [{"type": "searchResEntry", "dn": "", "raw_attributes": root}]

    def search(self, *_given: Any, **_options: Any) -> None:
        """Whatever is asked, it tells what it can do."""

    def modify(self, _dn: str, changes: dict[str, Any], controls: Any = None) -> None:
        self.sent += [(name, controls) for name in changes]


@pytest.mark.parametrize(("controls", "asked"), [((POLICY_HINTS,), []), ((), [NEW])])
async def test_a_server_that_keeps_a_reset_to_the_history_is_asked_to_and_no_password_is_tried_there(
    controls: tuple[str, ...], asked: list[str], domain: AdStage
) -> None:
    """IA-5(1): Samba does not, so it is put to the connector as Windows would answer. The hint goes with either."""
    heard, tried = Heard(*controls), list[str]()
    standing = {name: [b"0"] for name in (*ad_values.STANDING_IN, "msDS-UserPasswordExpiryTimeComputed")}
    ada = Entry(dn="CN=ada", values={name.lower(): values for name, values in standing.items()})

    def sign_in(_dn: str, password: str) -> Answer:
        tried.append(password)
        said = "comment: AcceptSecurityContext error, data 52e"
        return Answer(code=49, name="invalidCredentials", message=said, controls={})

    session = Session(heard, label="corp", may_go_on=lambda: None, sign_in=sign_in)
    assert domain.open()._set_password(session, ada, NEW) is None
    assert tried == asked
    # PolicyHintsRequestValue ([MS-ADTS] 3.1.1.3.4.1.27): the flag that enforces the history.
    assert heard.sent[-1] == ("unicodePwd", [("1.2.840.113556.1.4.2239", False, b"\x30\x03\x02\x01\x01")])


async def test_the_same_password_again_is_seen_even_when_it_must_be_changed(domain: AdStage) -> None:
    ada = await domain.person("ada")
    await domain.demand_new_password(ada)
    assert isinstance(await domain.directory.set_password(ada, PASSWORD), PasswordRejected)


async def test_asking_about_nobody_takes_the_same_steps(domain: AdStage) -> None:
    """P-9; and a bind on the service's own connection would change who it is."""
    ada = await domain.person("ada")
    await domain.directory.health()
    for account, password in ((ada, PASSWORD), (ada, "wrong"), ("nobody", PASSWORD)):
        before = domain.proxy.connections
        await domain.directory.verify_password(account, password)
        assert domain.proxy.connections == before + 1
    await domain.group("vpn")
    await domain.directory.add_member(ada, "vpn")


async def test_a_sign_in_at_a_forbidden_hour_is_none(domain: AdStage) -> None:
    ada = await domain.person("ada")
    domain.set(ada, logonHours=bytes(21))
    assert not await domain.directory.verify_password(ada, PASSWORD)


async def test_an_answer_to_a_sign_in_that_nobody_knows_is_a_fault(domain: AdStage) -> None:
    """Promise 7: it proves nothing, and refuses nothing. The server gives none such, so it is put to the connector."""
    directory = domain.open()
    said = "comment: AcceptSecurityContext error, data 52f"
    odd = Answer(code=49, name="invalidCredentials", message=said, controls={})
    with pytest.raises(DirectoryUnavailable, match="check a sign-in"):
        await directory._connections.run(lambda session: directory._signed_in(session, odd))


async def test_an_empty_password_is_never_put_to_the_server(domain: AdStage) -> None:
    """RFC 4513, 5.1.2: a server takes such a bind for an anonymous one and says yes."""
    ada = await domain.person("ada")
    await domain.directory.health()
    before = domain.proxy.connections
    assert not await domain.directory.verify_password(ada, "")
    assert isinstance(await domain.directory.set_password(ada, ""), PasswordRejected)
    assert domain.proxy.connections == before


async def test_passwords_may_be_left_alone(domain: AdStage) -> None:
    assert domain.directory.capabilities.set_password
    assert not domain.open(replace(domain.shape, password_changes=False)).capabilities.set_password
