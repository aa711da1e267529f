"""Told before it takes effect: by mail and in Slack, or nothing is changed (P-6); and addresses that are new (P-3)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, select

from handlers.secure_page.passwords import NOT_TOLD, Passwords
from handlers.secure_page.visits import Done, NotYet, Over, Proven, Refused, Visitor
from storage.directories.base import Account, PasswordRejected
from storage.engine.stores import Server
from storage.records import Address, ExceptionRecord, Owed
from storage.states import Purpose
from tests.directories.faulty import FaultyDirectory
from tests.handlers.page_ground import NEW_PASSWORD, World, world


@pytest.fixture
async def page(tmp_path: Path, server: Server | None) -> AsyncIterator[World]:
    """The secure page and its people; the page waits a tenth of a second for couriers."""
    async with world(tmp_path, server=server) as made:
        made.ground = replace(made.ground, limits=replace(made.ground.limits, told_within=0.1))
        made.passwords = Passwords(made.ground)
        yield made


async def test_both_are_out_before_the_directory_is_asked(page: World) -> None:
    """P-6: two channels, one of them not Slack, before the new password takes effect."""
    visitor, left = await page.proven(), list[list[tuple[str, str, str]]]()

    class Witness(FaultyDirectory):
        async def set_password(self, account_id: str, password: str) -> PasswordRejected | None:
            left.append([each for each in await page.told() if each[1].startswith("password")])
            return await super().set_password(account_id, password)

    ground = replace(page.ground, directories={"staff": Witness(page.local)})
    assert await Passwords(ground).choose(visitor, NEW_PASSWORD, NEW_PASSWORD) == Done()
    assert left == [[]]  # owed and taken, both of them
    assert [outcome for outcome, _ in await page.audited("password.announced")] == ["done"]


@pytest.mark.parametrize("silent", ["mail", "slack"])
async def test_where_one_of_the_two_does_not_go_out_nothing_is_changed(page: World, silent: str) -> None:
    """P-6: and it may be typed again when it is out; the announcement is made once, and no password was kept."""
    page.arrives.discard(silent)
    visitor = await page.proven()
    for _ in range(2):
        assert await page.passwords.choose(visitor, NEW_PASSWORD, NEW_PASSWORD) == NotYet(reason=NOT_TOLD)
    assert page.faulty.calls["set_password"] == 0
    owed = [each for each in await page.told() if each[1].startswith("password")]
    assert [courier for courier, _, _ in owed] == [silent]
    assert await page.audited("password.changed") == [("refused", "not_told")] * 2
    page.arrives.add(silent)
    assert await page.passwords.choose(visitor, NEW_PASSWORD, NEW_PASSWORD) == Done()
    assert [outcome for outcome, _ in await page.audited("password.announced")] == ["done"]
    assert all(NEW_PASSWORD not in repr(row) for row in await page.rows(Owed))


async def test_a_letter_that_only_the_database_calls_mailed_is_not_told(page: World) -> None:
    """P-6, T-9: whoever writes the database silences nobody: without the letter nothing is changed."""
    page.arrives.discard("mail")
    visitor = await page.proven()
    await page.passwords.choose(visitor, NEW_PASSWORD, NEW_PASSWORD)

    def forge(tx: Session) -> None:
        tx.connection().exec_driver_sql("UPDATE announcements SET mailed_at = at")
        tx.connection().exec_driver_sql("DELETE FROM outbox WHERE courier = 'mail'")

    await page.ground.database.write(forge)
    assert await page.passwords.choose(visitor, NEW_PASSWORD, NEW_PASSWORD) == NotYet(reason=NOT_TOLD)
    assert page.faulty.calls["set_password"] == 0
    assert {doubt.table for doubt in page.ground.database.doubts} == {"announcements"}


@pytest.mark.both_engines
async def test_what_was_given_up_is_owed_again_when_they_come_back(page: World) -> None:
    """P-6: a mail server that refuses the address for good leaves nothing waiting."""
    page.arrives.discard("mail")
    visitor = await page.proven()
    await page.passwords.choose(visitor, NEW_PASSWORD, NEW_PASSWORD)
    await page.ground.database.write(lambda tx: [tx.delete(one) for one in _mails(tx)])
    await page.passwords.choose(visitor, NEW_PASSWORD, NEW_PASSWORD)
    assert ("mail", "password-changing", "ada") in await page.told()


@pytest.mark.both_engines
async def test_a_link_that_was_closed_while_it_was_told_changes_nothing(page: World) -> None:
    """P-6: whoever says within these seconds that it is not theirs is in time."""
    visitor = await page.proven()
    page.arrives.clear()
    choosing = asyncio.create_task(page.passwords.choose(visitor, NEW_PASSWORD, NEW_PASSWORD))
    await asyncio.sleep(0.03)
    await page.local.switch("ada", active=False)
    page.arrives |= {"mail", "slack"}
    assert await choosing == Over()
    assert page.faulty.calls["set_password"] == 0


async def _resets(page: World) -> Proven | Refused:
    return await page.proving.give_totp(await page.opened(Purpose.RESET), page.code())


async def test_an_address_that_changed_within_three_days_refuses_and_is_told(page: World) -> None:
    """P-3: the visitor hears what any wrong proof hears; security hears who and when, both addresses hear of it."""
    await page.passwords.choose(await page.opened(Purpose.RESET), "x", "x")  # they were seen as they are
    await _resets(page)
    page.clock.forward(minutes=1)
    at = page.clock()
    await page.local.change_account("ada", mail="ada@attacker.example")
    await page.linked("ada")  # signed in again, so that the link has the new address
    assert await _resets(page) == Refused()
    (told,) = await page.rows(ExceptionRecord)
    assert (told.kind, told.severity, told.who) == ("address-changed", "high", "Ada Byron (ada)")
    assert told.facts["changed_at"] == at.isoformat()
    assert "attacker" not in repr(told.facts)
    assert ("mail", "reset-refused", "ada") in await page.told()
    page.clock.forward(hours=71, minutes=58)
    assert await _resets(page) == Refused()
    page.clock.forward(minutes=3)
    assert isinstance(await _resets(page), Proven)


@pytest.mark.both_engines
async def test_taking_the_address_away_in_between_hides_no_change(page: World) -> None:
    """P-3: an empty one is seen, too, and is not the address before."""
    await _resets(page)
    page.clock.forward(minutes=1)
    for mail in ("", "ada@attacker.example"):
        await page.local.change_account("ada", mail=mail)
        await page.ground.person_of(await page.ground.handle_of(await page.opened(Purpose.RESET)))
    await page.linked("ada")  # signed in again, so that the link has the new address
    assert await _resets(page) == Refused()
    (kept,) = await page.rows(Address)
    assert (kept.mail, kept.before) == ("ada@attacker.example", "ada@example.com")


async def test_an_address_that_is_gone_for_a_moment_is_no_change(page: World) -> None:
    """P-3: a directory that shows none for a while locks nobody out for three days."""
    await _resets(page)
    page.clock.forward(minutes=1)
    for mail in ("", "ada@example.com"):
        await page.local.change_account("ada", mail=mail)
        await page.ground.person_of(await page.ground.handle_of(await page.opened(Purpose.RESET)))
    assert isinstance(await _resets(page), Proven)


async def test_an_address_that_was_never_another_is_no_change(page: World) -> None:
    """P-3: whoever is seen for the first time may help themselves."""
    assert isinstance(await _resets(page), Proven)
    (kept,) = await page.rows(Address)
    assert (kept.account, kept.before) == ("ada", "")


async def test_the_directory_s_own_word_of_the_change_counts(page: World) -> None:
    """P-3: where it says when, that is enough, though we saw it no other way."""
    changed = page.clock() - timedelta(hours=71)

    class Knows(FaultyDirectory):
        async def account(self, account_id: str) -> Account | None:
            found = await super().account(account_id)
            return found and replace(found, mail_changed_at=changed)

    ground = replace(page.ground, directories={"staff": Knows(page.local)})
    visitor = await page.opened(Purpose.RESET)
    handle = await ground.handle_of(visitor)
    assert (await ground.person_of(handle)).unfit == "mail_moved"
    page.clock.forward(hours=1)
    assert (await ground.person_of(handle)).unfit == ""


async def test_a_change_in_the_middle_of_a_visit_stops_it(page: World) -> None:
    """P-3: asked again at the moment of doing it."""
    visitor = await page.proven()
    await page.local.change_account("ada", mail="ada@attacker.example")
    await page.linked("ada")
    assert await page.passwords.choose(visitor, NEW_PASSWORD, NEW_PASSWORD) == Over()
    assert await page.rows(Address) != []


async def test_who_controls_the_slack_session_and_the_mailbox_gets_no_further_than_a_code(
    page: World,
) -> None:
    """P-2, P-6: both open the page and read the mailed code; without what only the person has nothing is proven."""
    visitor: Visitor = await page.opened(Purpose.RESET)
    await page.proving.send_mail_code(visitor)
    read = await page.mailed()
    guesses: list[Any] = [
        await page.proving.give_recovery(visitor, "0" * 13, read),
        await page.proving.give_totp(visitor, page.wrong_code()),
        await page.passwords.choose(visitor, NEW_PASSWORD, NEW_PASSWORD),
    ]
    assert guesses == [Refused(), Refused(), Over()]
    assert page.faulty.calls["set_password"] == 0


def _mails(tx: Any) -> list[Owed]:
    return list(tx.exec(select(Owed).where(Owed.courier == "mail")).all())
