"""Directories in which nobody sets passwords: their own flow is begun, or a pass is shown once, after proofs."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from handlers.secure_page.looking import Step
from handlers.secure_page.passwords import NOT_HERE
from handlers.secure_page.recovering import Pass, Recovering
from handlers.secure_page.visits import Done, NotYet, Over
from storage.directories.local_recovery import PASS_LIFE, RecoveringDirectory
from storage.faults import DirectoryUnavailable
from storage.states import Purpose, Result
from tests.handlers.page_ground import NEW_PASSWORD, World, world


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[World]:
    """A directory that makes passes."""
    async with world(tmp_path, recovery="temporary_pass") as made:
        yield made


async def test_a_pass_is_shown_once_signs_in_once_and_is_kept_nowhere(page: World) -> None:
    """P-2."""
    visitor = await page.proven()
    assert (await page.looking.look(visitor)).step == Step.RECOVER
    made = await Recovering(page.ground).recover(visitor)
    assert isinstance(made, Pass)
    assert made.minutes == 30
    assert made.text not in repr(made)
    assert await page.local.verify_password("ada", made.text)
    assert not await page.local.verify_password("ada", made.text)
    assert (await page.looking.look(visitor)).result == Result.PASS_MADE
    assert isinstance(await Recovering(page.ground).recover(visitor), Over)
    assert made.text.encode() not in (page.folder / "wicket.db").read_bytes()
    told = await page.told()
    assert {("slack", "password-changed", "Uada"), ("mail", "password-changed", "ada")} <= set(told)


async def test_a_pass_ends_with_its_time_and_with_the_next(page: World) -> None:
    made = await Recovering(page.ground).recover(await page.proven())
    assert isinstance(made, Pass)
    page.clock.forward(seconds=60)
    later = await Recovering(page.ground).recover(await page.proven())
    assert isinstance(later, Pass)
    assert not await page.local.verify_password("ada", made.text)
    page.clock.forward(seconds=PASS_LIFE.total_seconds())
    assert not await page.local.verify_password("ada", later.text)


async def test_where_the_directory_writes_itself_it_is_asked_to(tmp_path: Path) -> None:
    async with world(tmp_path, recovery="recovery_link") as page:
        assert isinstance(page.local, RecoveringDirectory)
        visitor = await page.proven()
        assert isinstance(await Recovering(page.ground).recover(visitor), Done)
        assert page.local.sent_to == ["ada"]
        assert (await page.looking.look(visitor)).result == Result.LINK_SENT


async def test_a_password_is_not_set_where_it_cannot_be_and_nothing_is_recovered_where_it_can(
    page: World, tmp_path: Path
) -> None:
    assert await page.passwords.choose(await page.proven(), NEW_PASSWORD, NEW_PASSWORD) == NotYet(
        reason=NOT_HERE
    )
    (tmp_path / "other").mkdir()
    async with world(tmp_path / "other") as other:
        assert await Recovering(other.ground).recover(await other.proven()) == NotYet(reason=NOT_HERE)
        with pytest.raises(DirectoryUnavailable):
            await other.local.recover("ada")


async def test_without_proofs_or_by_the_privileged_nothing_is_recovered(page: World) -> None:
    """P-4."""
    assert isinstance(await Recovering(page.ground).recover(await page.opened(Purpose.RESET)), Over)
    visitor = await page.proven()
    await page.local.change_account("ada", privileged=True)
    assert isinstance(await Recovering(page.ground).recover(visitor), NotYet)
    assert page.faulty.calls["recover"] == 0


async def test_a_silent_directory_is_unknown_and_open_sessions_stop_it(page: World) -> None:
    """P-8: whoever sits in an open session is not to see a pass, so the sessions end first."""
    visitor = await page.proven()
    page.faulty.error("end_sessions", times=1)
    with pytest.raises(DirectoryUnavailable):
        await Recovering(page.ground).recover(visitor)
    assert page.faulty.calls["recover"] == 0
    page.faulty.error("recover", times=1)
    assert isinstance(await Recovering(page.ground).recover(visitor), Done)
    assert (await page.looking.look(visitor)).result == Result.UNKNOWN
    assert await page.exceptions() == ["change-unsure"]
