"""Resets and unlocks: on the record before the directory is touched, once, and honest about what is not known."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from handlers.secure_page.changes import CUT_OFF_AFTER, RESET, Changes
from handlers.secure_page.looking import Step
from handlers.secure_page.passwords import NOT_THE_SAME, Passwords
from handlers.secure_page.visits import Done, NotYet, Over, PageLimits, Visitor
from storage.database import Session
from storage.directories.base import PasswordRejected
from storage.engine.stores import Server
from storage.handles import move
from storage.states import Purpose, Result
from tests.directories.faulty import FaultyDirectory
from tests.handlers.page_ground import NEW_PASSWORD, OLD_PASSWORD, World, world
from tests.handlers.secure_page.broken_policy import broken_policy


@pytest.fixture
async def page(tmp_path: Path, server: Server | None) -> AsyncIterator[World]:
    """The secure page and its people."""
    async with world(tmp_path, server=server) as made:
        yield made


async def _signs_in(page: World, password: str) -> bool:
    return await page.local.verify_password("ada", password)


@pytest.mark.both_engines
async def test_a_proven_person_gets_a_new_password_and_hears_of_it_twice(page: World) -> None:
    """P-6, P-8: told in Slack and by mail, signed out everywhere."""
    visitor = await page.proven()
    assert await page.passwords.choose(visitor, NEW_PASSWORD, NEW_PASSWORD) == Done()
    assert (await _signs_in(page, NEW_PASSWORD), await _signs_in(page, OLD_PASSWORD)) == (True, False)
    assert page.faulty.calls["end_sessions"] == 1
    assert [each for each in await page.told() if each[1] == "password-changed"] == [
        ("slack", "password-changed", "Uada"),
        ("mail", "password-changed", "ada"),
    ]
    assert (await page.looking.look(visitor)).result == Result.DONE


async def test_the_intent_is_on_the_record_before_the_directory_is_called(page: World) -> None:
    """T-3: with the decision and the proofs it rests on."""
    visitor = await page.proven()
    seen: list[dict[str, Any]] = []

    class Witness(FaultyDirectory):
        async def set_password(self, account_id: str, password: str) -> PasswordRejected | None:
            seen.append((await page.audit())[-1])
            return await super().set_password(account_id, password)

    ground = replace(page.ground, directories={"staff": Witness(page.local)})
    await Passwords(ground).choose(visitor, NEW_PASSWORD, NEW_PASSWORD)
    assert [(each["action"], each["facts"]["proofs"]) for each in seen] == [
        ("password.change_started", ["totp"])
    ]
    assert seen[0]["policy"]["ids"] == ["reset-with-authenticator"]


async def test_a_directory_that_does_not_answer_leaves_it_unknown_and_says_so(page: World) -> None:
    """Promise 7."""
    visitor = await page.proven()
    page.faulty.succeed_after_timeout("set_password")
    assert await page.passwords.choose(visitor, NEW_PASSWORD, NEW_PASSWORD) == Done()
    look = await page.looking.look(visitor)
    assert (look.step, look.result) == (Step.DONE, Result.UNKNOWN)
    assert await page.audited("password.changed") == [("failed", None)]
    assert await page.exceptions() == ["change-unsure"]
    assert ("mail", "password-changed", "ada") in await page.told()


async def test_sessions_that_could_not_be_ended_are_admitted(page: World) -> None:
    visitor = await page.proven()
    page.faulty.error("end_sessions")
    await page.passwords.choose(visitor, NEW_PASSWORD, NEW_PASSWORD)
    assert (await page.looking.look(visitor)).result == Result.SESSIONS_OPEN
    assert (await page.audit())[-1]["facts"]["sessions_ended"] is False
    assert await page.exceptions() == ["change-unsure"]


async def test_nobody_hears_of_sessions_that_the_directory_does_not_know_of(page: World) -> None:
    """P-8: where it keeps none, none were ended; that is no exception."""
    visitor = await page.proven()
    page.faulty.capabilities = replace(page.faulty.capabilities, sessions=False)
    assert await page.passwords.choose(visitor, NEW_PASSWORD, NEW_PASSWORD) == Done()
    assert (await page.looking.look(visitor)).result == Result.NO_SESSIONS
    assert (await page.audit())[-1]["facts"]["sessions_ended"] is False
    assert await page.exceptions() == []


async def test_what_the_directory_rejects_is_told_and_another_may_be_tried(page: World) -> None:
    visitor = await page.proven()
    await page.local.set_password("ada", NEW_PASSWORD)
    rejected = await page.passwords.choose(visitor, NEW_PASSWORD, NEW_PASSWORD)
    assert rejected == NotYet(reason="This is the password you have now. Choose another one.")
    other = NEW_PASSWORD + " please"
    assert await page.passwords.choose(visitor, other, other) == Done()
    assert [outcome for outcome, _ in await page.audited("password.changed")] == ["refused", "done"]


async def test_two_different_passwords_and_a_weak_one_change_nothing(page: World) -> None:
    visitor = await page.proven()
    assert await page.passwords.choose(visitor, NEW_PASSWORD, NEW_PASSWORD + "x") == NotYet(
        reason=NOT_THE_SAME
    )
    weak = await page.passwords.choose(visitor, "passwordpassword", "passwordpassword")
    assert isinstance(weak, NotYet)
    company = await page.passwords.choose(visitor, "we at wicket like tea", "we at wicket like tea")
    assert isinstance(company, NotYet)
    assert page.faulty.calls["set_password"] == 0


@pytest.mark.both_engines
async def test_two_tabs_at_once_are_one_change(page: World) -> None:
    visitor = await page.proven()
    answers = await asyncio.gather(
        *(page.passwords.choose(visitor, NEW_PASSWORD + tab, NEW_PASSWORD + tab) for tab in (" one", " two"))
    )
    assert sorted(type(each).__name__ for each in answers) == ["Done", "Over"]
    assert page.faulty.calls["set_password"] == 1
    assert [outcome for outcome, _ in await page.audited("password.change_started")] == ["done"]


async def test_a_link_changes_one_password_once(page: World) -> None:
    visitor = await page.proven()
    await page.passwords.choose(visitor, NEW_PASSWORD, NEW_PASSWORD)
    assert await page.passwords.choose(visitor, OLD_PASSWORD + "!", OLD_PASSWORD + "!") == Over()


async def test_another_browser_with_the_same_link_gets_nowhere(page: World) -> None:
    """A stolen link is worth nothing, even while its owner stands in the middle of it."""
    visitor = await page.proven()
    for session in ("", "guess", "\ud800"):
        thief = Visitor(text=visitor.text, session=session)
        assert await page.passwords.choose(thief, NEW_PASSWORD, NEW_PASSWORD) == Over()
        assert (await page.looking.look(thief)).step == Step.PROVE
    assert page.faulty.calls["set_password"] == 0


async def test_a_session_is_good_for_its_own_link_only(page: World) -> None:
    mine = await page.proven()
    other = await page.opened(Purpose.RESET, "bob")
    mixed = Visitor(text=other.text, session=mine.session)
    assert await page.passwords.choose(mixed, NEW_PASSWORD, NEW_PASSWORD) == Over()


async def test_without_proofs_nothing_can_be_chosen(page: World) -> None:
    visitor = await page.opened(Purpose.RESET)
    assert await page.passwords.choose(visitor, NEW_PASSWORD, NEW_PASSWORD) == Over()


async def test_ten_minutes_hold_for_the_whole_visit(page: World) -> None:
    visitor = await page.proven()
    page.clock.forward(minutes=10)
    assert await page.passwords.choose(visitor, NEW_PASSWORD, NEW_PASSWORD) == Over()
    assert (await page.looking.look(visitor)).step == Step.OVER


async def test_policy_is_asked_again_at_the_moment_of_the_change(page: World) -> None:
    """Promise 3: somebody made privileged between proof and change is refused."""
    visitor = await page.proven()
    await page.local.change_account("ada", privileged=True)
    refused = await page.passwords.choose(visitor, NEW_PASSWORD, NEW_PASSWORD)
    assert isinstance(refused, NotYet)
    assert "administrative power" in refused.reason
    await page.local.change_account("ada", privileged=False, active=False)
    assert await page.passwords.choose(visitor, NEW_PASSWORD, NEW_PASSWORD) == Over()
    assert page.faulty.calls["set_password"] == 0


@pytest.mark.parametrize(
    ("changes", "why", "told"),
    [
        ({"privileged": True}, "policy", ["refused-self-service"]),
        ({"active": False}, "inactive", []),
        ({"mail": "ada@attacker.example"}, "mail_changed", ["identity-mismatch"]),
    ],
)
async def test_what_is_refused_at_the_moment_of_the_change_is_on_the_record_and_told(
    page: World, changes: dict[str, Any], why: str, told: list[str]
) -> None:
    """Promise 2, P-3: whoever proved and is stopped then is no less strange than whoever is stopped before."""
    visitor = await page.proven()
    await page.local.change_account("ada", **changes)
    await page.passwords.choose(visitor, NEW_PASSWORD, NEW_PASSWORD)
    assert await page.audited("password.changed") == [("refused", why)]
    assert await page.exceptions() == told


async def test_a_policy_that_breaks_at_the_moment_of_the_change_is_on_the_record_and_told(
    page: World,
) -> None:
    """Promise 3: error is refuse, audited and alerted."""
    visitor, passwords = await page.proven(), Passwords(replace(page.ground, policy=broken_policy()))
    assert isinstance(await passwords.choose(visitor, NEW_PASSWORD, NEW_PASSWORD), NotYet)
    assert await page.audited("password.changed") == [("refused", "policy")]
    assert await page.exceptions() == ["policy-error"]


@pytest.mark.both_engines
async def test_a_change_ends_the_other_open_links_of_the_person(page: World) -> None:
    first = await page.proven()
    page.clock.forward(seconds=60)
    second = await page.proven()
    await page.passwords.choose(first, NEW_PASSWORD, NEW_PASSWORD)
    assert await page.passwords.choose(second, OLD_PASSWORD + "!", OLD_PASSWORD + "!") == Over()


async def test_three_resets_a_day_are_enough(tmp_path: Path) -> None:
    """P-7."""
    async with world(tmp_path, limits=PageLimits(resets_a_day=2)) as page:
        for word in ("one", "two"):
            await page.passwords.choose(
                await page.proven(), f"{NEW_PASSWORD} {word}", f"{NEW_PASSWORD} {word}"
            )
            page.clock.forward(seconds=60)
        refused = await page.passwords.choose(await page.proven(), NEW_PASSWORD, NEW_PASSWORD)
        assert isinstance(refused, NotYet)
        assert "2 times" in refused.reason
        page.clock.forward(hours=25)
        assert await page.passwords.choose(await page.proven(), NEW_PASSWORD, NEW_PASSWORD) == Done()


async def test_three_resets_a_day_are_enough_in_as_many_tabs_at_once(tmp_path: Path) -> None:
    """P-7: what is under way counts, so that nobody is faster than the count."""
    async with world(tmp_path, limits=PageLimits(resets_a_day=2)) as page:
        visitors = []
        for _ in range(4):
            visitors.append(await page.proven())
            page.clock.forward(seconds=60)
        words = [f"{NEW_PASSWORD} {word}" for word in ("one", "two", "three", "four")]
        chosen = (page.passwords.choose(*each) for each in zip(visitors, words, words, strict=True))
        done = (await asyncio.gather(*chosen)).count(Done())
        assert done in (1, 2)  # whoever is through first closes what nobody has begun yet
        assert page.faulty.calls["set_password"] == done


@pytest.mark.both_engines
async def test_what_a_crash_cut_off_ends_as_unknown(page: World) -> None:
    visitor = await page.proven()
    handle = (await page.ground.handle_of(visitor)) or pytest.fail("there is a handle")
    decision = page.passwords._attempts.ask(await page.ground.person_of(handle), handle, ("totp",))
    assert decision is not None
    changes = Changes(page.ground)
    await changes.begin(handle, RESET, decision)
    assert (await page.looking.look(visitor)).step == Step.CHANGING
    assert await changes.settle_cut_off() == 0
    page.clock.at += page.ground.handles.lifetime + CUT_OFF_AFTER * 2
    assert await changes.settle_cut_off() == 1
    assert (await page.looking.look(visitor)).result == Result.UNKNOWN
    assert await page.exceptions() == ["change-unsure"]


async def test_an_account_is_unlocked_with_a_proof_and_the_person_hears_of_it(page: World) -> None:
    await page.local.change_account("ada", locked=True)
    visitor = await page.proven(Purpose.UNLOCK)
    assert await page.passwords.unlock(visitor) == Done()
    account = await page.local.account("ada")
    assert account is not None
    assert not account.locked
    assert [each for each in await page.told() if each[1] == "account-unlocked"] == [
        ("slack", "account-unlocked", "Uada"),
        ("mail", "account-unlocked", "ada"),
    ]
    assert await page.audited("account.unlocked") == [("done", None)]


async def test_an_unlock_that_the_directory_does_not_confirm_is_unknown(page: World) -> None:
    await page.local.change_account("ada", locked=True)
    visitor = await page.proven(Purpose.UNLOCK)
    page.faulty.lie("unlock")
    await page.passwords.unlock(visitor)
    assert (await page.looking.look(visitor)).result == Result.UNKNOWN


async def test_a_link_for_one_purpose_serves_no_other(page: World) -> None:
    visitor = await page.proven(Purpose.UNLOCK)
    assert await page.passwords.choose(visitor, NEW_PASSWORD, NEW_PASSWORD) == Over()


@pytest.mark.both_engines
async def test_when_the_record_cannot_be_written_nothing_is_changed(page: World) -> None:
    """A-7: no row, no change."""
    visitor = await page.proven()

    def break_the_head(tx: Session) -> None:
        if tx.connection().dialect.name == "postgresql":
            tx.connection().exec_driver_sql("ALTER TABLE audit_head DISABLE TRIGGER USER")
        else:
            tx.connection().exec_driver_sql("DROP TRIGGER audit_head_update")
        tx.connection().exec_driver_sql("UPDATE audit_head SET frontier = 'x'")

    await page.ground.database.write(break_the_head)
    with pytest.raises(Exception, match="audit head"):
        await page.passwords.choose(visitor, NEW_PASSWORD, NEW_PASSWORD)
    assert page.faulty.calls["set_password"] == 0
    handle = await page.ground.handle_of(visitor)
    assert handle is not None
    assert handle.result == Result.OPEN


async def test_passwords_stand_in_no_file(page: World) -> None:
    """N-2: neither the chosen one, nor a refused one, nor the old one."""
    visitor = await page.proven()
    await page.passwords.choose(visitor, "canary refused", "canary refused")
    await page.passwords.choose(visitor, "canary in the coal mine", "canary in the coal mine")
    page.ground.database.close()
    kept = b"".join(path.read_bytes() for path in page.folder.glob("wicket.db*"))
    assert b"canary" not in kept
    assert OLD_PASSWORD.encode() not in kept


async def test_a_finished_handle_cannot_be_moved_again(page: World) -> None:
    visitor = await page.proven()
    await page.passwords.choose(visitor, NEW_PASSWORD, NEW_PASSWORD)
    handle = await page.ground.handle_of(visitor)
    assert handle is not None
    moved = await page.ground.database.write(
        lambda tx: move(tx, handle.id, was=Result.CHANGING, now=Result.UNKNOWN, at=page.clock())
    )
    assert not moved
