"""What happened with something, over the wire: told in order to whom it concerns, and to nobody else."""

from storage.audit import log
from tests.wire.steps import SECURITY, approve, ask

DATA = "C0DATAOWN"


async def test_a_request_tells_its_story_to_its_owner_and_to_security_and_to_no_colleague(world):
    """AU-12, SL-8: one correlation id from the asking to the end, told where the message stands."""
    ada, grace, bob = (world.person(one) for one in ("ada", "grace", "bob"))
    await ask(ada, "I need prod-db for 2h because INC-4711")
    waiting = await grace.sees("Access request", channel=DATA)
    await grace.click(waiting, "approval.details")
    details = await grace.sees_view("Request details")
    await grace.click(details, "story.tell")
    begun = await grace.sees_view("What happened")
    assert "Ada Lovelace asked for prod-db for 2 hours" in begun.plain
    assert "approved" not in begun.plain
    await grace.close_view()
    await approve(grace, DATA, "prod-db")
    active = await grace.sees("Active until", channel=DATA)
    world.clock.skip(hours=2, seconds=1)
    await grace.sees("Ended at", channel=DATA)
    await grace.click(active, "story.tell")
    told = (await grace.sees_view("What happened")).plain
    steps = [
        "asked for prod-db",
        "Grace Hopper approved it",
        "was given prod-db",
        "time was over",
        "was taken from",
    ]
    assert [told.index(one) for one in steps] == sorted(told.index(one) for one in steps)
    assert "Why: “INC-4711”" in told
    assert "Their reason: “ok for the incident”" in told
    assert "Policy: " in told
    asked = (await world.database.read(log.latest)).correlation  # nothing came after the end
    assert (await world.database.read(lambda tx: log.rows(tx, correlation=asked)))[0].id in told
    await bob.click(active, "story.tell")
    await bob.sees("for the people it concerns", channel=DATA)
    assert bob.view is None
    assert "story.refused refused" in await world.actions()


async def test_an_alert_tells_its_story_to_security(world):
    eve, alan = world.person("eve"), world.person("alan")
    await eve.say("I need github-admin for 1h because the vendor portal is slow")
    alert = await alan.sees("Refused: github-admin", channel=SECURITY)
    await alan.click(alert, "story.alert")
    told = (await alan.sees_view("What happened")).plain
    assert "Eve Example asked for github-admin for 1 hour, and policy refused it." in told
    assert "Policy: contractors-never-admin (" in told  # with its own reason: that set still holds


async def test_security_has_the_record_signed_and_nobody_else_does(world):
    """T-2: it goes to the security channel and to whoever asked; both are on the record."""
    ada, alan = world.person("ada"), world.person("alan")
    await ada.slash("/wicket", "checkpoint")
    assert "Nothing was signed" in (await ada.sees("security team")).plain
    await alan.slash("/wicket", "checkpoint", channel=SECURITY)
    shown = await alan.sees("Audit checkpoint over", channel=SECURITY)
    assert world.settings.secrets.signer().name in shown.plain
    await world.told()
    posted = [one for one in alan.messages(SECURITY) if one.says("Audit checkpoint") and not one.ephemeral]
    assert len(posted) == 1
    acted = await world.actions()
    assert [one for one in acted if one.startswith("checkpoint.")] == [
        "checkpoint.refused refused",
        "checkpoint.taken done",
    ]


async def test_the_week_and_its_days_are_told_once_though_the_bot_restarts(world):
    """The first checkpoint of a week stands in the channel, those of later days below it; none is edited."""
    alan = world.person("alan")
    assert [one for one in alan.messages(SECURITY) if one.says("Audit checkpoint")] == []
    await ask(world.person("ada"), "I need grafana-edit for 1h because INC-1")
    await world.person("ada").sees("✅ grafana-edit")
    for _ in range(7):
        world.clock.skip(days=1)
        await world.app.bulletins.owe_due()
        await world.app.bulletins.owe_due()
        await world.told()
    await world.restart()
    await world.told()
    signed = [one for one in alan.messages(SECURITY) if one.says("Audit checkpoint over")]
    assert len(signed) == 7
    heads = [one for one in signed if one.thread_ts is None]
    assert len(heads) in (1, 2)  # a week begins on its Monday
    assert not any(one.edited for one in signed)
    (digest,) = [
        one for one in alan.messages(SECURITY) if one.says("The week in numbers") or one.says("A quiet week")
    ]
    assert digest.thread_ts is None
