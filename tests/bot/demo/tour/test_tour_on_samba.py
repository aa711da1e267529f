"""The tour against Active Directory: all of it that is about a directory, and the controller says what came of it."""

import ssl
from collections.abc import AsyncIterator

import ldap3
import pytest
import pytest_asyncio

from bot.demo.company import LOVELACE
from bot.demo.tour.story.passwords import NEW_PASSWORDS
from tests.bot.demo.tour.performance import ON_A_SERVER, Performance, binds, complete, perform
from tests.bot.demo.tour.samba_keepers import SambaKeepers, samba_keepers
from tests.storage.directories.samba import DOMAIN

# It is played once, for every test here.
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def keepers() -> AsyncIterator[SambaKeepers]:
    async with samba_keepers() as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def played(keepers: SambaKeepers, tmp_path_factory: pytest.TempPathFactory) -> Performance:
    return await perform(tmp_path_factory.mktemp("tour"), keepers, chapters=ON_A_SERVER)


async def test_the_story_is_as_promised_from_the_link_to_what_changed_behind_our_back(
    played: Performance,
) -> None:
    assert not played.wrong, played.wrong
    assert complete(played, ON_A_SERVER)


async def test_nobody_is_told_more_than_the_server_does(played: Performance) -> None:
    """Promise 8: what was given to somebody may outlive the membership, and sessions outlive the password (P-8)."""
    assert "The removal takes effect when the Kerberos ticket ends, within 10 h." in played.told
    assert "can't end sessions" in played.told
    assert "signed out everywhere" not in played.told


@pytest.mark.parametrize("login", sorted(NEW_PASSWORDS))
async def test_the_secure_page_s_new_password_binds_and_the_old_one_does_not(
    played: Performance, keepers: SambaKeepers, login: str
) -> None:
    """Asked of the domain controller itself, by nothing of ours, as people sign in: with their name in the domain."""
    tls = ldap3.Tls(validate=ssl.CERT_NONE)
    server = ldap3.Server(keepers.samba.address, port=keepers.samba.tls_port, use_ssl=True, tls=tls)
    user = f"{login}@{DOMAIN}"
    assert binds(server, user, NEW_PASSWORDS[login])
    assert not binds(server, user, LOVELACE.person(login).password)
