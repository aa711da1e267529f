"""One person in an OpenLDAP server and in a local directory: found by number from either, given and taken back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from handlers.intents import Actor, Ask, AskAccess
from handlers.outcomes import Asked
from handlers.questions.answers import AccessList
from handlers.questions.checks import Kind
from storage.catalogue import Catalogue
from tests.handlers.access_ground import CATALOGUE, HOUR, SLACK, World, thing, world
from tests.storage.directories.ldap_stage import LdapStage, ldap_stage

BOTH = Catalogue(
    entitlements={**CATALOGUE.entitlements, "tree-edit": thing("tree-edit", directory="corp")},
    owners=CATALOGUE.owners,
)


@asynccontextmanager
async def company(folder: Path, people_of: dict[str, str]) -> AsyncIterator[tuple[World, LdapStage]]:
    """The local directory "staff" and the server "corp", which has the group tree-edit."""
    async with ldap_stage() as corp:
        await corp.group("tree-edit")
        opened = world(folder, catalogue=BOTH, beside={"corp": corp.directory}, people_of=people_of)
        async with opened as made:
            await made.local.change_account("ada", person="E1815")
            yield made, corp
            assert await made.sound()


async def members(corp: LdapStage) -> frozenset[str]:
    group = await corp.directory.group("tree-edit")
    assert group is not None
    return group.direct


@pytest.fixture
async def from_staff(tmp_path: Path) -> AsyncIterator[tuple[World, LdapStage]]:
    async with company(tmp_path, {"corp": "staff"}) as both:
        yield both


async def test_from_the_local_directory_into_the_server_and_out_again(from_staff) -> None:
    """The entry has another login, name and address; its number is hers."""
    made, corp = from_staff
    entry = await corp.person("countess", mail="king@example.org", person="E1815")
    await corp.person("ada", person="E1816")
    await made.given("ada", "tree-edit")
    assert await members(corp) == {entry}
    held = await made.checks.ask(Ask(**await made.intent("ada"), kind=Kind.ACCESS))
    assert isinstance(held, AccessList)
    assert [one.entitlement for one in held.held] == ["tree-edit"]
    made.clock.forward(hours=2)
    await made.tick()
    assert await members(corp) == frozenset()


@pytest.mark.parametrize("number", ["e1815", "E1815 X", "E01815"])
async def test_a_number_that_the_server_takes_for_the_same_is_not(from_staff, number: str) -> None:
    """employeeNumber is compared without case there, and exactly here."""
    made, corp = from_staff
    await corp.person("ada", person=number)
    outcome = await made.ask("ada", "tree-edit")
    assert outcome.state == "refused"
    assert "no account there has your staff number" in outcome.reasons[0]


async def test_two_entries_with_the_number_are_an_exception(from_staff) -> None:
    made, corp = from_staff
    ids = [await corp.person(login, person="E1815") for login in ("one", "two")]
    assert (await made.ask("ada", "tree-edit")).state == "refused"
    (told,) = await made.exceptions()
    assert (told.kind, told.facts["accounts"]) == ("ambiguous-identity", sorted(ids))


async def test_an_entry_without_a_number_and_a_person_without_one_do_not_meet(from_staff) -> None:
    made, corp = from_staff
    await corp.person("charles")
    assert "has none for you" in (await made.ask("charles", "tree-edit")).reasons[0]


async def test_from_the_server_into_the_local_directory(tmp_path: Path) -> None:
    """The other way round: people sign in from the server."""
    async with company(tmp_path, {"staff": "corp"}) as (made, corp):
        entry = await corp.person("countess", person="E1815")
        account = await corp.directory.account(entry)
        assert account is not None
        outcome = await made.asking.ask(
            AskAccess(
                actor=Actor(account=account, slack_team="T1", slack_user="U1"), where=SLACK, delivery="d",
                entitlement="wiki-edit", duration=HOUR, justification="INC-1",
            )
        )  # fmt: skip
        assert isinstance(outcome, Asked)
        assert outcome.state == "approved"
        await made.settle()
        assert await made.changes() == ["add ada wiki-edit"]
        await corp.break_down()
        made.clock.forward(hours=2)
        await made.tick()
        assert await made.changes() == ["add ada wiki-edit", "remove ada wiki-edit"]
