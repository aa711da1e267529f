"""A branch of the test's OpenLDAP server, for the tests of what is special to it."""

from collections.abc import AsyncIterator

import pytest

from tests.storage.directories.ldap_stage import LdapStage, ldap_stage


@pytest.fixture
async def corp() -> AsyncIterator[LdapStage]:
    async with ldap_stage() as stage:
        yield stage
