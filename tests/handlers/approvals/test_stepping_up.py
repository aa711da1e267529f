"""A fresh proof: for one thing, by one person from one Slack account, fresh for some minutes, spent once."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from handlers.intents import Actor, Where
from handlers.secure_page.looking import Step
from handlers.secure_page.visits import Proven, Refused, Visitor
from storage.engine.stores import Server
from storage.fresh import FreshProof
from storage.proofs import ProofKind
from storage.records import StepUp
from storage.states import Purpose
from storage.step_ups import About
from tests.handlers.page_ground import World, world

SLACK = Where(transport="socket", team="T1", channel="C1")


@pytest.fixture
async def page(tmp_path: Path, server: Server | None) -> AsyncIterator[World]:
    """The secure page and its people."""
    async with world(tmp_path, server=server) as made:
        yield made


async def actor(page: World, login: str = "ada", slack_user: str = "") -> Actor:
    account = await page.local.account(login)
    assert account is not None
    return Actor(account=account, slack_team="T1", slack_user=slack_user or f"U{login}")


async def begun(page: World, who: Actor, about: str = "g-1") -> Visitor:
    """They are asked for a proof about something, and open the link."""
    handle = await page.ground.database.write(
        lambda tx: page.ground.stepping_up.begin(
            tx,
            who,
            SLACK,
            about=about,
            kind=About.APPROVAL,
            thing="prod-db",
            whom="Bob Noyce",
            at=page.clock(),
        )
    )
    return Visitor(text=page.ground.handles.handle_text(handle))


async def proven(page: World, who: Actor, about: str = "g-1") -> Visitor:
    """And they prove who they are."""
    visitor = await begun(page, who, about)
    done = await page.proving.give_totp(visitor, page.code())
    assert isinstance(done, Proven)
    return replace(visitor, session=done.session)


async def fresh(page: World, who: Actor, about: str = "g-1") -> FreshProof | None:
    return await page.ground.database.read(
        lambda tx: page.ground.stepping_up.fresh_proof(tx, who, about=about, at=page.clock())
    )


async def spent(page: World, proof: FreshProof) -> bool:
    return await page.ground.database.write(lambda tx: page.ground.stepping_up.spend(tx, proof, page.clock()))


async def test_a_proof_is_found_by_whom_and_for_what_it_was_given(page: World) -> None:
    """P-10: which proof, and when."""
    ada, at = await actor(page), page.clock()
    assert await fresh(page, ada) is None
    visitor = await proven(page, ada)
    handle = page.ground.handles.handle_in(visitor.text)
    assert await fresh(page, ada) == FreshProof(handle=handle or "", kinds=(ProofKind.TOTP,), at=at)
    assert [
        entry["correlation"] for entry in await page.audit() if entry["action"] == "step_up.page_opened"
    ] == ["g-1"]


async def test_a_proof_is_nobody_elses_and_for_nothing_else(page: World) -> None:
    """P-10: another request, another person, another Slack account of the same person."""
    ada = await actor(page)
    await proven(page, ada)
    assert await fresh(page, ada, about="g-2") is None
    assert await fresh(page, await actor(page, "bob")) is None
    assert await fresh(page, replace(ada, slack_user="Uother")) is None
    assert await fresh(page, replace(ada, slack_team="T2")) is None
    elsewhere = replace(ada, account=replace(ada.account, directory="other"))
    assert await fresh(page, elsewhere) is None


async def test_a_proof_is_fresh_for_five_minutes(page: World) -> None:
    ada = await actor(page)
    await proven(page, ada)
    page.clock.forward(minutes=5, seconds=-1)
    assert await fresh(page, ada) is not None
    page.clock.forward(seconds=1)
    assert await fresh(page, ada) is None


async def test_a_proof_of_before_the_clock_was_set_back_is_not_fresh(page: World) -> None:
    """P-10: it would be for hours, and nobody knows how old it is."""
    ada = await actor(page)
    await proven(page, ada)
    page.clock.forward(hours=-5)
    assert await fresh(page, ada) is None


async def test_a_proof_is_fresh_though_it_was_given_by_a_clock_that_is_a_little_ahead(page: World) -> None:
    """P-10: replicas agree only so far, and a clock is set right by a second now and then."""
    ada = await actor(page)
    await proven(page, ada)
    page.clock.forward(seconds=-2)
    assert await fresh(page, ada) is not None


@pytest.mark.both_engines
async def test_a_proof_is_spent_once(page: World) -> None:
    ada = await actor(page)
    await proven(page, ada)
    proof = await fresh(page, ada)
    assert proof is not None
    assert [await spent(page, proof), await spent(page, proof)] == [True, False]
    assert await fresh(page, ada) is None


async def test_the_visit_ends_with_the_proof_and_its_session_opens_nothing(page: World) -> None:
    """The browser sees what was proven; with its cookie no password is changed and no other visit begun."""
    visitor = await proven(page, await actor(page))
    look = await page.looking.look(visitor)
    assert (look.step, look.stepped and look.stepped.thing) == (Step.DONE, "prod-db")
    assert look.stepped is not None
    assert (look.stepped.spent, look.stepped.left) == (False, timedelta(minutes=5))
    reset = await page.opened(Purpose.RESET)
    assert (await page.looking.look(replace(reset, session=visitor.session))).step == Step.PROVE
    page.clock.forward(seconds=60)
    assert await page.proving.give_totp(visitor, page.code()) == Refused()
    assert (await page.audited("proof.given"))[-1] == ("refused", "link_over")
    stranger = await page.looking.look(replace(visitor, session=""))
    assert (stranger.step, stranger.stepped) == (Step.PROVE, None)


@pytest.mark.both_engines
async def test_a_recovery_code_is_no_fresh_proof_unless_policy_says_so(page: World) -> None:
    """It is refused by policy and stays unspent; no code is sent by mail for it, and the page does not offer it."""
    visitor = await begun(page, await actor(page))
    assert not (await page.looking.look(visitor)).recovery
    await page.proving.send_mail_code(visitor)
    assert ("mail", "mail-code", "ada") not in await page.told()
    reset = await page.opened(Purpose.RESET)
    assert (await page.looking.look(reset)).recovery


@pytest.mark.both_engines
async def test_forms_opened_twice_make_one_visit(page: World) -> None:
    """Until half of its time is over, or it was used."""
    ada = await actor(page)
    one, two = await begun(page, ada), await begun(page, ada)
    assert one == two
    assert await begun(page, ada, "g-2") != one
    page.clock.forward(minutes=5, seconds=1)
    three = await begun(page, ada)
    assert three != one
    await page.proving.give_totp(three, page.code())
    assert await begun(page, ada) != three
    assert len(await page.rows(StepUp)) == 4
