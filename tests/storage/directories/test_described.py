"""Groups that speak to Wicket, as real servers tell of them: all of them or none, and no line that was not meant."""

import re
from pathlib import Path

import ldap3
import pytest

from storage.directories.described import MOST_GROUPS, Described, Where, bounded, lines_of
from storage.faults import DirectoryUnavailable
from tests.storage.directories.ad_stage import AdStage
from tests.storage.directories.ldap_stage import LdapStage

DOCS = Path(__file__).parents[3] / "docs" / "directories.md"
LINES = (
    "access=edit",
    "environment=corporate",
    "kind=tool",
    "max=8h",
    "owner=it-desk",
    "risk=3",
    "title=Team wiki",
)


def written(values: list[str]) -> dict[str, list[tuple[str, list[str]]]]:
    return {"description": [(ldap3.MODIFY_REPLACE, values)]}


async def test_the_ldif_of_the_page_is_what_a_server_takes_and_wicket_reads(corp: LdapStage) -> None:
    """G-5: with the rights that the page of LDAP gives Wicket's account."""
    (ldif,) = re.findall(r"```ldif\n(.*?)```", DOCS.read_text(), re.DOTALL)
    values = re.findall(r"^description: (.*)$", ldif, re.MULTILINE)
    for name in ("wiki-editors", "silent"):
        await corp.group(name)
    corp.root.modify(corp.group_dn("wiki-editors"), written(values))
    corp.root.modify(corp.group_dn("silent"), written(["For the wicket: of the garden"]))
    where = Where(attribute="description")
    assert await corp.directory.described(where) == (Described(names=("wiki-editors",), lines=LINES),)
    assert not await corp.open().described(Where(attribute="description", filter="(cn=silent)"))
    assert not await corp.open().described(Where(attribute="description", base=corp.group_dn("silent")))


async def test_what_a_server_does_not_show_or_does_not_answer_is_unknown(corp: LdapStage) -> None:
    """G-5, promise 7."""
    with pytest.raises(DirectoryUnavailable):
        await corp.directory.described(Where(attribute="description", base=f"ou=nowhere,{corp.branch}"))
    await corp.break_down()
    with pytest.raises(DirectoryUnavailable):
        await corp.directory.described(Where(attribute="description"))


async def test_the_notes_of_a_group_of_active_directory_hold_one_line_each(domain: AdStage) -> None:
    """G-5."""
    await domain.group("wiki-editors")
    text = "Joan keeps this.\r\n" + "\r\n".join(f"Wicket: {line}" for line in LINES)
    domain.root.modify(domain.group_dn("wiki-editors"), {"info": [(ldap3.MODIFY_REPLACE, [text])]})
    assert await domain.directory.described(Where(attribute="info")) == (
        Described(names=("wiki-editors",), lines=LINES),
    )


def test_only_marked_lines_are_read_and_too_many_groups_are_unknown() -> None:
    """G-5: a limit gives no part for the whole."""
    assert lines_of(["see wicket: x\nwicket:a=1", " WICKET: b = 2 ", "none"]) == ("a=1", "b = 2")
    many = [Described(names=(f"g{at}",), lines=("a=1",)) for at in range(MOST_GROUPS + 1)]
    with pytest.raises(DirectoryUnavailable, match="more than 2000 groups"):
        bounded("corp", many)
    assert len(bounded("corp", many[:-1])) == MOST_GROUPS
