"""What an operator is told of the servers of a directory: each on its own, and until when it can be trusted."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage.directories.ldap_reach import about_certificate
from storage.directories.ldap_servers import LdapServer
from tests.ports import free_port
from tests.storage.directories.certificates import Authority
from tests.storage.directories.impostor import listening
from tests.storage.directories.ldap_stage import LdapStage
from tests.storage.directories.slapd import SERVICE

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


async def lines(corp: LdapStage, *servers: LdapServer, **how: object) -> dict[str, tuple[str, str]]:
    """What is said of these servers, by what it is about."""
    directory = corp.open(**({"servers": list(servers)} if servers else {}), **how)
    found = await directory.examine([])
    directory.close()
    return {
        each.about: (each.level, each.found) for each in found if each.about.startswith(("server", "certif"))
    }


def day(ahead: int) -> str:
    return f"{datetime.now(UTC) + timedelta(days=ahead):%Y-%m-%d}"


async def test_a_server_that_is_well_is_ok_and_its_certificates_end_is_shown(corp: LdapStage) -> None:
    here = f"localhost:{corp.proxy.port}"
    assert await lines(corp) == {
        f"server {here}": ("ok", "It answers, and takes the sign-in of Wicket's account."),
        f"certificate of {here}": ("ok", f"It is good until {day(90)}, 89 days from now."),
    }


async def test_starttls_shows_the_certificate_as_well(corp: LdapStage) -> None:
    found = await lines(corp, LdapServer(host="localhost", port=corp.slapd.port, starttls=True))
    assert [level for level, _ in found.values()] == ["ok", "ok"]


async def test_a_server_that_is_away_is_a_warning_by_name_while_another_answers(corp: LdapStage) -> None:
    away = LdapServer(host="localhost", port=free_port())
    good = LdapServer(host="localhost", port=corp.proxy.port)
    found = await lines(corp, away, good)
    assert found[f"server {away}"][0] == "warning"
    assert "cannot be reached" in found[f"server {away}"][1]
    assert found[f"server {good}"][0] == "ok"
    assert f"certificate of {away}" not in found
    alone = await lines(corp, away)
    assert alone[f"server {away}"][0] == "failed"
    assert len(await corp.open(servers=[away]).examine(["vpn"])) == 1


async def test_a_server_that_hangs_ends_in_time_and_its_certificate_is_judged(corp: LdapStage) -> None:
    """A certificate that ends in less than 30 days is a warning."""
    async with listening(pair=corp.slapd.authority.issue(ends=10)) as hung:
        found = await lines(corp, hung.server, timeout=1.5)
    assert found[f"server {hung.server}"][0] == "failed"
    assert "in time" in found[f"server {hung.server}"][1]
    assert found[f"certificate of {hung.server}"] == ("warning", f"It ends on {day(10)}, in 9 days.")


async def test_a_server_that_hung_when_it_was_looked_at_is_not_waited_for_again(corp: LdapStage) -> None:
    """The rights are then examined on one that answers."""
    async with listening() as hung:
        good = LdapServer(host="localhost", port=corp.proxy.port)
        found = await corp.open(servers=[hung.server, good]).examine([])
        assert len(hung.heard) == 1
    assert "It is there and shown." in {line.found for line in found}


async def test_a_certificate_that_ended_is_failed_with_its_date_and_nothing_is_said_to_that_server(
    corp: LdapStage,
) -> None:
    async with listening(b"?", corp.slapd.authority.issue(starts=-9, ends=-3)) as over:
        found = await lines(corp, over.server, LdapServer(host="localhost", port=corp.proxy.port))
        assert over.heard == []
    level, said = found[f"server {over.server}"]
    assert level == "warning"
    assert "certificate has expired" in said
    assert found[f"certificate of {over.server}"] == ("failed", f"It ended on {day(-3)}.")


@pytest.mark.parametrize(("host", "ours"), [("elsewhere.example", True), ("localhost", False)])
async def test_nothing_is_believed_of_a_certificate_that_is_nobodys_or_another_hosts(
    host: str, ours: bool, corp: LdapStage, tmp_path: Path
) -> None:
    authority = corp.slapd.authority if ours else Authority(tmp_path, "other")
    async with listening(b"?", authority.issue(host, starts=-9, ends=-3)) as impostor:
        found = await lines(corp, impostor.server)
        assert impostor.heard == []
    assert found == {f"server {impostor.server}": ("failed", found[f"server {impostor.server}"][1])}
    assert "certificate is not trusted" in found[f"server {impostor.server}"][1]


async def test_a_wrong_password_of_wickets_account_is_tried_once_for_all_servers(corp: LdapStage) -> None:
    """Trying it on each would lock the account."""
    servers = [
        LdapServer(host="localhost", port=corp.proxy.port),
        LdapServer(host="localhost", port=corp.slapd.tls_port),
    ]
    before = len(corp.value(SERVICE, "pwdFailureTime"))
    found = await lines(corp, *servers, password="wrong canary")
    for server in servers:
        assert found[f"server {server}"][0] == "failed"
        assert "refuses the password of Wicket's account" in found[f"server {server}"][1]
        assert "canary" not in found[f"server {server}"][1]
        assert found[f"certificate of {server}"][0] == "ok"
    assert len(corp.value(SERVICE, "pwdFailureTime")) == before + 1
    await corp.directory.health()  # a good sign-in forgets the wrong one


@pytest.mark.parametrize(
    ("left", "level", "said"),
    [
        (timedelta(days=30), "ok", "It is good until 2026-04-01, 30 days from now."),
        (timedelta(days=29, hours=23), "warning", "It ends on 2026-04-01, in 29 days."),
        (timedelta(days=1), "warning", "It ends on 2026-03-03, in 1 day."),
        (timedelta(0), "failed", "It ended on 2026-03-02."),
    ],
)
def test_thirty_days_are_soon(left: timedelta, level: str, said: str) -> None:
    found = about_certificate("it", NOW + left, NOW)
    assert (found.level, found.found) == (level, said)
    assert bool(found.advice) is (level != "ok")
