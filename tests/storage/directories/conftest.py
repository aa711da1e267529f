"""A branch of a real server of the tests, for the tests of what is special to its kind."""

from collections.abc import AsyncIterator

import pytest

from tests.storage.directories.ad_stage import AdStage, ad_stage, ad_stage_for_many
from tests.storage.directories.ldap_stage import LdapStage, ldap_stage


@pytest.fixture
async def corp() -> AsyncIterator[LdapStage]:
    async with ldap_stage() as stage:
        yield stage


@pytest.fixture
async def domain() -> AsyncIterator[AdStage]:
    async with ad_stage() as stage:
        yield stage


@pytest.fixture
async def own_domain() -> AsyncIterator[AdStage]:
    async with ad_stage_for_many() as stage:
        yield stage
