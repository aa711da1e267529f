"""One's own account over the wire: unlocked, or sent to the secure page, or refused in plain words."""

import pytest

from tests.wire.conftest import close_world, open_world
from tests.wire.steps import SECURITY

BY_MAIL = {'transport = "socket"': 'transport = "socket"\ntrust_email = true'}


async def lock(world, login: str) -> None:
    await world.directory.change_account(f"p-{login}", locked=True)


async def is_locked(world, login: str) -> bool:
    return (await world.directory.account(f"p-{login}")).locked


@pytest.mark.parametrize("way", ["message", "command"])
async def test_an_unlock_is_done_at_once_and_the_next_one_that_day_needs_a_proof(world, way):
    """Else unlocking would defeat the lockout while somebody sprays passwords (AC-7)."""
    bob = world.person("bob")

    async def speak(words: str) -> None:
        await (bob.say(words) if way == "message" else bob.slash("/wicket", words))

    await speak("unlock my account")
    await bob.sees("✅ Your account is unlocked")
    assert not await is_locked(world, "bob")
    await lock(world, "bob")
    await speak("unlock my account")
    page = await bob.sees("once you show that it is you")
    assert page.link("Continue securely").startswith(world.settings.server.public_url)
    assert await is_locked(world, "bob")
    world.clock.skip(hours=24, seconds=1)
    await speak("unlock my account")
    await world.until(lambda: _unlocked(world, times=2))
    assert not await is_locked(world, "bob")
    assert [action for action in await world.actions() if action.startswith(("account.", "unlock."))] == [
        "account.unlock_started done",
        "account.unlocked done",
        "unlock.page_opened done",
        "account.unlock_started done",
        "account.unlocked done",
    ]


async def _unlocked(world, *, times: int) -> bool:
    """Whether the record says that it was done so often: it is written after the directory was read back."""
    return (await world.actions()).count("account.unlocked done") == times


async def test_an_account_that_is_not_locked_uses_up_no_unlock(world):
    """Asking for nothing costs nothing."""
    bob = world.person("bob")
    await bob.say("unlock my account")
    await bob.sees("✅ Your account is unlocked")
    ada = world.person("ada")
    await ada.say("unlock my account")
    await ada.sees("Your account is not locked")
    await lock(world, "ada")
    await ada.say("unlock my account")
    await ada.sees("✅ Your account is unlocked")
    assert not await is_locked(world, "ada")


@pytest.mark.parametrize("way", ["message", "command"])
async def test_staff_get_a_reset_link_and_no_secret_passes_through_slack(world, way):
    """The link is a handle without authority; Slack never carries a password or a code (P-2)."""
    ada = world.person("ada")
    await (ada.say("reset my password") if way == "message" else ada.slash("/wicket", "reset my password"))
    page = await ada.sees("Continue on the secure page")
    assert "works for 10 minutes" in page.plain
    assert page.link("Continue securely").startswith(f"{world.settings.server.public_url}/p/")
    assert world.slack.violations == []
    codes = {entry["code"] for entry in world.phones.codes(ada.user_id)}
    sent = "".join(str(message.body("T0", "A0")) for message in ada.messages())
    assert not any(code in sent for code in codes)
    assert "reset.page_opened done" in await world.actions()


@pytest.mark.parametrize(
    ("words", "instead"),
    [("reset my password", "ask two people"), ("unlock my account", "ask the security team")],
)
async def test_the_privileged_are_told_frankly_that_they_cannot_do_it_themselves(world, words, instead):
    """In one's own direct message the bot is frank; security sees that it was tried (P-4)."""
    konrad = world.person("konrad")
    await lock(world, "konrad")
    await konrad.say(words)
    refusal = await konrad.sees("⛔ I can't do that")
    assert "administrative power" in refusal.plain
    assert instead in refusal.plain
    assert "page.open" not in refusal.buttons
    alert = await world.person("alan").sees("Refused", channel=SECURITY)
    assert "Konrad Zuse" in alert.plain
    assert "privileged-never-by-themselves" in alert.plain
    assert await is_locked(world, "konrad")
    assert not any(action.endswith("page_opened done") for action in await world.actions())


async def test_power_given_a_minute_ago_counts(world):
    """Whether somebody is privileged is read live (P-4)."""
    ada = world.person("ada")
    await world.directory.add_member("p-ada", "domain-admins")
    await ada.say("reset my password")
    await ada.sees("⛔ I can't do that")


async def test_without_proofs_a_reset_is_not_possible_and_the_way_there_is_one_click(tmp_path):
    """Who has no authenticator yet is told so, and how to set one up with the current password."""
    world = await open_world(tmp_path, changes=BY_MAIL)
    katherine = world.person("katherine")
    await katherine.say("reset my password")
    missing = await katherine.sees("you have no authenticator set up")
    await katherine.click(missing, "ask.enrol")
    page = await katherine.sees("Set up your authenticator on the secure page")
    assert page.link("Continue securely")
    await close_world(world)


async def test_the_email_alone_links_only_where_the_operator_says_so(world, tmp_path):
    """A match by e-mail is a proposal; the person signs in to prove it (SL-3)."""
    katherine = world.person("katherine")
    await katherine.say("what access do I have?")
    page = await katherine.sees("First I need to know that this Slack account is yours")
    assert page.link("Continue securely")
    assert not any(message.says("You hold") for message in katherine.messages())
    (tmp_path / "trusting").mkdir()
    trusting = await open_world(tmp_path / "trusting", changes=BY_MAIL)
    await trusting.person("katherine").say("what access do I have?")
    await trusting.person("katherine").sees("You hold")
    await close_world(trusting)


@pytest.mark.parametrize("way", ["message", "command", "home"])
async def test_the_way_to_ones_proofs_is_a_word_or_a_click(world, way):
    """It leads to the secure page; what one has is told nowhere in Slack (P-2)."""
    ada = world.person("ada")
    if way == "message":
        await ada.say("manage my proofs")
    elif way == "command":
        await ada.slash("/wicket", "proofs")
    else:
        await ada.click(await ada.open_home(), "ask.care")
    page = await ada.sees("See and change your proofs on the secure page")
    assert page.link("Continue securely").startswith(f"{world.settings.server.public_url}/p/")
    assert "care.page_opened done" in await world.actions()
