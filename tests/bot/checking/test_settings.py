"""The settings' lines: every problem by its own sentence, and what is allowed but deserves a second thought."""

from bot.checking.settings import examine_settings
from storage.faults import SettingsFault
from tests.bot.checking.conftest import Installation, of


async def test_complete_settings_are_one_line(install: Installation):
    level, found, advice = await install.one("settings", "wicket.toml")
    assert (level, advice) == ("ok", "")
    assert "Entitlements: 10. Owners: 5." in found


async def test_every_problem_is_a_line_with_the_sentences_that_serve_would_say(install: Installation):
    install.edit({'level = "warning"': 'level = "loud"', "risk = 4": "risk = 9"})
    try:
        install.settings()
    except SettingsFault as fault:
        said = [line.strip() for line in str(fault).splitlines()[1:]]
    found = await install.found("settings")
    assert [f"{one.found} {one.advice}" for one in found[:-1]] == said
    assert {one.level for one in found} == {"failed"}
    assert found[-1].about == "the rest"


async def test_without_a_file_that_is_the_one_thing_told(install: Installation):
    install.config.unlink()
    report = await install.check()
    assert [(line.part, line.finding.level) for line in report.lines] == [("settings", "failed")] * 2
    assert "there is no such file" in report.lines[0].finding.found


async def test_missing_secrets_do_not_keep_the_rest_from_being_looked_at(install: Installation):
    """It works when half of it is broken."""
    del install.environ["WICKET_SLACK_APP_TOKEN"]
    del install.environ["WICKET_AUDIT_KEY"]
    report = await install.check()
    assert {one.about for one in of(report, "settings") if one.level == "failed"} == {
        "WICKET_SLACK_APP_TOKEN",
        "WICKET_AUDIT_KEY",
    }
    assert of(report, "slack", "bot token")[0].level == "ok"
    assert of(report, "mail")[0].level == "ok"
    [audit] = of(report, "database", "audit log")
    assert (audit.level, audit.found) == ("warning", "It was not compared with its checkpoint.")
    assert "WICKET_AUDIT_KEY" in audit.advice


def test_second_thoughts(install: Installation):
    """SL-3: what trusting mail addresses means is said."""
    install.edit({"[slack]\n": "[slack]\ntrust_email = true\n", 'level = "warning"': 'level = "debug"'})
    _, found = examine_settings(install.settings)
    warned = {one.about: one.found for one in found if one.level == "warning"}
    assert set(warned) == {"[slack] trust_email", "[server] public_url", "[logs] level"}
    assert "without signing in" in warned["[slack] trust_email"]
    assert "plain http" in warned["[server] public_url"]
    assert all(one.advice for one in found if one.level == "warning")


def test_a_proxy_that_nobody_named_makes_one_visitor_of_all(install: Installation):
    """P-7: the limit for one address would hold for everybody at once."""
    install.edit({'public_url = "http://': 'public_url = "https://'})
    _, found = examine_settings(install.settings)
    [warned] = [one for one in found if one.about == "[server] trusted_proxies"]
    assert "the front door's limit" in warned.found
    install.edit({"[server]\n": '[server]\ntrusted_proxies = ["10.0.0.5"]\n'})
    _, found = examine_settings(install.settings)
    assert not [one for one in found if one.about == "[server] trusted_proxies"]


def test_a_front_door_that_leads_to_no_directory_is_said(install: Installation):
    """Whoever has several home directories names the one whose logins are typed there."""
    install.edit(add='\n[directories.field]\nkind = "local"\npath = "field.db"\n')
    _, found = examine_settings(install.settings)
    [warned] = [one for one in found if one.about == "[front_door] directory"]
    assert "no front door" in warned.found
