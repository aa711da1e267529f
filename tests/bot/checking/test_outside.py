"""The lines about the channels outside Slack: silent unless asked, and then by a real notice to a real receiver."""

import base64

import pytest

from bot.checking.examination import examine
from tests.bot.checking.conftest import Installation, of
from tests.bot.couriers.receivers import receiving

SECRET = f"whsec_{base64.b64encode(b'canary-of-the-incident-tool-....').decode()}"
PART = "outside"


async def _told(install: Installation, about: str) -> tuple[str, str]:
    report = await examine(install.settings, tells=True)
    [found] = of(report, PART, about)
    assert "canary" not in str(report)
    assert SECRET not in str(report)
    return found.level, found.found


async def test_an_installation_that_tells_nobody_outside_is_warned(install: Installation) -> None:
    """O-5."""
    install.edit({'mail = ["joan@lovelace.example"]': ""})
    level, found, advice = await install.one(PART)
    assert (level, found[:36]) == ("warning", "Nothing is told outside Slack: [inci")
    assert "high severity" in advice


async def test_only_whoever_asks_for_a_test_sends_one(install: Installation) -> None:
    """O-5: both channels, by what really takes it."""
    async with receiving(SECRET) as receiver:
        install.edit({"[incidents]\n": f'[incidents]\nwebhook = "{receiver.url}/canary"\n'})
        install.environ["WICKET_INCIDENT_SECRET"] = SECRET
        assert [one.level for one in await install.found(PART)] == ["ok", "ok"]
        assert (receiver.asked, install.phones.mailbox("U0JOAN")) == (0, [])
        assert await _told(install, "webhook test") == ("ok", "It took a test notice.")
        assert receiver.taken[0]["type"] == "wicket.test"
        [mail] = install.phones.mailbox("U0JOAN")
        assert mail["subject"] == "Wicket: This is a test"
        receiver.answers = [500]
        assert await _told(install, "webhook test") == ("failed", "It answered 500.")
    assert (await _told(install, "webhook 127.0.0.1"))[0] == "failed"


@pytest.mark.parametrize("given", [None, "plain"])
async def test_a_webhook_without_a_secret_fit_to_sign_is_told_at_the_start(
    install: Installation, given: str | None
) -> None:
    """O-5."""
    install.edit({"[incidents]\n": '[incidents]\nwebhook = "https://incidents.example.com/"\n'})
    if given is not None:
        install.environ["WICKET_INCIDENT_SECRET"] = given
    wrong = [one.about for one in await install.found("settings") if one.level == "failed"]
    assert wrong[0] == "WICKET_INCIDENT_SECRET"
