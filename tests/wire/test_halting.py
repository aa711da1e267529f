"""Stopping things at once, over the wire: all new access, and everything of one person."""

from tests.wire.steps import SECURITY, ask, undecided


async def lift(who, message, why: str):
    """Press the button below the stop and send the form; what it turned into."""
    await who.click(message, "freeze.resume")
    form = await who.sees_view("New access again")
    return await who.submit(form, {"rationale": why})


async def test_one_of_security_stops_new_access_and_two_let_it_begin_again(world):
    """T-4, AC-3(2): refused to others, one message edited in place, kind words meanwhile."""
    ada, alan, joan = world.person("ada"), world.person("alan"), world.person("joan")
    await ada.slash("/wicket", "freeze")
    await ada.sees("Only people of the security team can do this. If you saw something, tell them now.")
    told = await alan.sees(
        "tried to stop all new access. They are not on the security team.", channel=SECURITY
    )
    assert "tell them now" not in told.plain
    await alan.slash("/wicket", "freeze")
    form = await alan.sees_view("Two people of the security team let it begin again")
    await alan.submit(form, {"rationale": "somebody is in"})
    stopped = await joan.sees("New access is stopped", "somebody is in", channel=SECURITY)
    draft = await ask(ada, "I need grafana-edit for 1h because INC-1")
    assert "⛔ The security team has stopped new access" in draft.plain
    assert "you will have it" not in draft.plain
    await ada.sees("The security team has stopped new access", "do this once more")
    await lift(alan, stopped, "it was a drill")
    await alan.sees_view("one of two")
    one = await joan.sees("One of two", "it was a drill", channel=SECURITY)
    await lift(joan, one, "it was, I asked")
    over = await joan.sees("Started again by", "it was a drill", "it was, I asked", channel=SECURITY)
    assert over.ts == stopped.ts


async def test_a_stop_in_the_middle_of_an_approval_keeps_it_and_its_form(world):
    """T-4: the form that was open when it was stopped gives nothing, and counts once it is lifted."""
    ada, alan, joan, grace = (world.person(login) for login in ("ada", "alan", "joan", "grace"))
    await ask(ada, "I need prod-db for 2h because INC-4711")
    await grace.click(await undecided(grace, "C0DATAOWN", "prod-db"), "approval.approve")
    form = await grace.sees_view("Approve request")
    await alan.slash("/wicket", "freeze")
    await alan.submit(
        await alan.sees_view("Two people of the security team"), {"rationale": "somebody is in"}
    )
    stopped = await joan.sees("New access is stopped", channel=SECURITY)
    kept = await grace.submit(form, {"rationale": "ok for the incident"})
    assert not kept.closed
    assert "ada" not in await world.holders("prod-db")
    await lift(alan, stopped, "it was a drill")
    await lift(joan, await joan.sees("One of two", channel=SECURITY), "it was, I asked")
    await joan.sees("Started again by", channel=SECURITY)
    assert (await grace.submit(form, {"rationale": "ok for the incident"})).closed
    await ada.sees("✅ prod-db")


async def test_everything_of_a_person_is_shown_revoked_and_reported_as_done(world):
    """P-6: what there is stands in the form; one message goes from begun to done."""
    ada, alan, grace = world.person("ada"), world.person("alan"), world.person("grace")
    await ask(ada, "I need grafana-edit for 2h because INC-4711")
    await ada.sees("✅ grafana-edit")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    await undecided(grace, "C0DATAOWN", "prod-db")
    await alan.slash("/wicket", "revoke")
    form = await alan.sees_view("Of whom?")
    await alan.submit(form, {"answer": "ada"})
    shown = await alan.sees_view("What there is")
    assert "1 grant" in shown.plain
    assert "1 open request" in shown.plain
    await alan.submit(shown, {"rationale": "her phone was stolen"})
    begun = await alan.sees("Everything revoked: Ada Lovelace", channel=SECURITY)
    done = await alan.sees("Everything revoked: Ada Lovelace", "Done after", channel=SECURITY)
    assert done.ts == begun.ts
    assert "ada" not in await world.holders("grafana-edit")
    await grace.sees("Access request", "Not granted", channel="C0DATAOWN")
    assert list(done.buttons) == ["account.release", "story.alert"]
