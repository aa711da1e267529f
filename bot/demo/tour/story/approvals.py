"""Privileged: the request is carried to the owner's channel, decided there once, and ends on time.

Everything is done by people with the buttons they see.
"""

from bot.demo.tour.scene import Scene
from bot.demo.tour.stepping import proves_who_they_are
from bot.demo.tour.telling import expect

_OWNERS = "data-owners"
_PLATFORM = "platform-owners"
_ASKED = "Access request: prod-db"
_CODE = "Type the code"
_WHAT, _HOW_LONG, _WHY = "What", "Or another time", "Why"


async def a_draft_says_what_it_takes(scene: Scene) -> None:
    """Ada needs the production database; before anything is sent she reads whose approval it takes, and why."""
    ada = scene.player("ada")
    await ada.says("I need prod-db for 2h because INC-4711")
    await ada.hears("You are asking for", "2 hours", "Data Platform", "it is production")


async def four_deliveries_one_request(scene: Scene) -> None:
    """She sends it, Slack delivers the press four times, and one request arrives at the owners."""
    ada = scene.player("ada")
    scene.stage.slack.faults.deliver_times(4)
    try:
        await ada.presses(await ada.sees("Nothing is sent yet"), "Send request")
        await ada.sees("⏳ prod-db", "waiting for Data Platform")
        await scene.stage.slack.settled()
    finally:
        scene.stage.slack.faults.deliver_times(1)
    grace = scene.player("grace")
    await grace.sees(_ASKED, "Ada Lovelace (ada, Payments", "risk 4 of 5", "2 hours from approval", "INC-4711",
                     "Policy asks because it is production", channel=_OWNERS)  # fmt: skip
    asked = [m for m in grace.client.messages(scene.stage.channel(_OWNERS)) if m.says(_ASKED)]
    expect(len(asked) == 1, f"The owners were asked {len(asked)} times.")


async def the_wrong_person_clicks(scene: Scene) -> None:
    """Bob is in the channel but no approver: he hears why and who can, nothing changes, security sees it."""
    bob = scene.player("bob")
    await bob.presses(await bob.sees(_ASKED, channel=_OWNERS), "Approve…")
    # Who can is told as far as the directory says so before he would wait too long.
    told = await bob.hears("You can't decide this one", "Nothing was changed", channel=_OWNERS)
    expect(told.ephemeral, "The refusal was posted for everybody to see.")
    await scene.player("alan").sees("Wrong person clicked: prod-db", "Bob Noyce", channel="security")


async def nobody_approves_their_own(scene: Scene) -> None:
    """Ada looks into the channel and presses Approve on her own request: nobody does that, and security sees it."""
    ada = scene.player("ada")
    await ada.presses(await ada.sees(_ASKED, channel=_OWNERS), "Approve…")
    await ada.hears("Nobody approves their own request")
    await scene.player("alan").sees("Wrong person clicked: prod-db",
                                    "Ada Lovelace (ada) tried to decide their own request",
                                    channel="security")  # fmt: skip
    await scene.must_be_in("ada", "prod-db", whether=False)


async def details_are_at_hand(scene: Scene) -> None:
    """Linus, an approver too, looks at the details and leaves the matter on his screen."""
    linus = scene.player("linus")
    asked = await linus.sees(_ASKED, channel=_OWNERS)
    await linus.presses(asked, "Details")
    await linus.form(f"the removal takes effect {scene.capabilities.removal_takes_effect}")
    await linus.client.close_view()
    scene.screens["linus"] = asked


async def a_question_first(scene: Scene) -> None:
    """Grace wants to know more: question and answer stand in the thread, and each reaches whom it concerns."""
    ada, grace = scene.player("ada"), scene.player("grace")
    await grace.presses(await grace.sees(_ASKED, channel=_OWNERS), "Ask a question…")
    await grace.fills(await grace.form("Ask a question"), {"What do you want": "Which table?"})
    await ada.presses(await ada.hears("Grace Hopper asks", "Which table?"), "Answer…")
    await ada.fills(await ada.form("Which table?"), {"Your answer": "payments, one row"})
    answer = await grace.hears("Ada Lovelace answered", "payments, one row", channel=_OWNERS)
    expect(answer.thread_ts is not None, "The answer does not stand in the request's thread.")


async def the_owner_approves(scene: Scene) -> None:
    """Grace says why, proves on the secure page who she is, and approves: the message shows who, how, when and why."""
    grace = scene.player("grace")
    asked = await grace.sees(_ASKED, channel=_OWNERS)
    await grace.presses(asked, "Approve…")
    form = await grace.form("Approve request")
    errors = await grace.fills(form, {_WHY: ""})
    expect(_WHY in errors, "A decision without a rationale was taken.")
    await grace.fills(form, {_WHY: "ok for the incident"})
    form = await grace.form("Nothing is approved yet")
    await scene.must_be_in("ada", "prod-db", whether=False)
    await proves_who_they_are(scene, grace, form)
    await grace.fills(form, {})
    decided = await grace.sees(
        "Approved by Grace Hopper", "proved by authenticator at", "ok for the incident", "Active until",
        channel=_OWNERS,
    )  # fmt: skip
    left = [button["text"]["text"] for button in decided.buttons.values()]
    expect(
        left == ["End now…", "What happened?"], f"The decided message can be decided still:\n{decided.plain}"
    )
    await scene.player("ada").sees("✅ prod-db", "Approved by", "Grace Hopper", "ok for the incident")
    await scene.must_be_in("ada", "prod-db")


async def the_second_click_hears_who_decided(scene: Scene) -> None:
    """Linus's screen has not heard of it yet: his press changes nothing, and he hears who decided."""
    linus = scene.player("linus")
    await linus.presses(scene.screens["linus"], "Approve…", stale=True)
    await linus.hears("Grace Hopper approved this at", "Nothing more to do", channel=_OWNERS)


async def it_ends_on_time(scene: Scene) -> None:
    """Two hours later it ended: taken back, read back from the directory, told in both messages."""
    await scene.later(hours=2)
    await scene.player("ada").sees("⌛ prod-db", "as agreed", "You held it for 2 hours", scene.removal)
    await scene.player("grace").sees("Ended", "Approved by Grace Hopper", scene.removal, channel=_OWNERS)
    await scene.must_be_in("ada", "prod-db", whether=False)


async def the_highest_risk(scene: Scene) -> None:
    """Risk 5: an owner and security approve, each with a fresh proof and by retyping a code that is theirs alone."""
    ada, edsger, alan = scene.player("ada"), scene.player("edsger"), scene.player("alan")
    await ada.says("I need prod-admin for 1h because INC-4715")
    await ada.presses(await ada.hears("You are asking for", "the security team"), "Send request")
    codes = []
    for approver in (edsger, alan):
        asked = await approver.sees("Access request: prod-admin", channel=_PLATFORM)
        await approver.presses(asked, "Approve…")
        form = await approver.form("The code of this request, for you")
        await proves_who_they_are(scene, approver, form)
        codes.append(form.plain.split("for you: ")[1].split("\n")[0].strip())
        if approver is alan:
            await alan.fills(form, {_WHY: "seen by security", _CODE: codes[0]})
            form = await alan.form("Nothing is approved yet: that was not this code")
        await approver.fills(form, {_WHY: "needed for the move", _CODE: codes[-1].lower()})
    await ada.sees("✅ prod-admin", "Approved by", "Edsger Dijkstra", "Alan Turing")
    await scene.must_be_in("ada", "prod-admin")
    await scene.later(hours=1)
    await ada.sees("⌛ prod-admin", "as agreed")
    await scene.must_be_in("ada", "prod-admin", whether=False)


async def approved_for_less(scene: Scene) -> None:
    """Luca finds that an hour is enough: the requester reads why, and the access ends by the shorter time."""
    ada, luca = scene.player("ada"), scene.player("luca")
    await ada.says("I need billing-export for 4h because FIN-2")
    await ada.presses(await ada.hears("You are asking for"), "Send request")
    asked = await luca.sees(
        "Access request: billing-export", "4 hours from approval", channel="finance-owners"
    )
    await luca.presses(asked, "Approve for less…")
    form = await luca.form("You are an approver of the team that owns this")
    errors = await luca.fills(form, {"Or another time": "5h", "Why not": "an export takes minutes"})
    expect("Or another time" in errors, "A longer time was taken for a shorter one.")
    await luca.fills(form, {"Or another time": "1 hour"})
    await ada.sees("✅ billing-export", "an export takes minutes", "1 hour instead of the 4 hours")
    await scene.later(hours=1)
    await ada.sees("⌛ billing-export", "as agreed")
    await scene.must_be_in("ada", "billing-export", whether=False)


async def holiday_cover(scene: Scene) -> None:
    """Luca lets Grace approve for Finance while he is away; she does, and back at his desk he ends it at a click."""
    ada, luca, grace = scene.player("ada"), scene.player("luca"), scene.player("grace")
    await luca.commands("delegate", channel="finance-owners")
    chosen = {"Approvals of what": "billing-export", "To whom": "U0GRACE", "Up to which risk": "3",
              "Up to how long": "240", "Until when": "5"}  # fmt: skip
    await luca.fills(await luca.form("Delegate approvals"), chosen)
    await luca.form("It holds from now on")
    await luca.client.close_view()
    told = await luca.sees("Approvals delegated: Finance", "Grace Hopper", channel="finance-owners")
    await scene.player("alan").sees("Approvals delegated: Finance", "Luca", channel="security")
    await ada.says("I need billing-export for 1h because FIN-4")
    await ada.presses(await ada.hears("You are asking for"), "Send request")
    asked = await grace.sees("Access request: billing-export", "FIN-4", channel="finance-owners")
    await grace.presses(asked, "Approve…")
    await grace.fills(await grace.form("It was delegated to you"), {_WHY: "Luca told me about it"})
    await luca.sees("Grace Hopper (by delegation from Luca", channel="finance-owners")
    await luca.presses(told, "End it")
    await luca.sees("Approvals delegated: Finance", "Ended", channel="finance-owners")
    await scene.later(hours=1)
    await ada.sees("⌛ billing-export", "as agreed")


async def a_denial(scene: Scene) -> None:
    """By form this time: errors stand at the field, nothing typed is lost; Edsger denies, and Ada reads why."""
    ada, edsger = scene.player("ada"), scene.player("edsger")
    await ada.commands("request", channel="general")
    form = await ada.form("Ask for access")
    errors = await ada.fills(form, {_WHAT: "k8s-deploy", _HOW_LONG: "tomorrow", _WHY: "OPS-9"})
    expect(_HOW_LONG in errors, "“tomorrow” was taken for a duration.")
    await ada.fills(form, {_HOW_LONG: "1h"})
    await ada.sees("⏳ k8s-deploy", "waiting for Platform")
    asked = await edsger.sees("Access request: k8s-deploy", channel="platform-owners")
    await edsger.presses(asked, "Deny…")
    await edsger.fills(await edsger.form("Deny request"), {_WHY: "release freeze"})
    await edsger.sees("Denied by Edsger Dijkstra", "release freeze", channel="platform-owners")
    await ada.sees("⛔ k8s-deploy", "was denied", "release freeze")
    await scene.must_be_in("ada", "k8s-deploy", whether=False)


async def a_lapse(scene: Scene) -> None:
    """Nobody answers: its owner is reminded, then it is passed on, and a day later it lapses; nothing was granted."""
    ada, luca, konrad = scene.player("ada"), scene.player("luca"), scene.player("konrad")
    await ada.says("I need billing-export for 1h because FIN-3")
    await ada.presses(await ada.hears("You are asking for"), "Send request")
    await ada.sees("⏳ billing-export")
    await scene.later(hours=12)
    await luca.sees("billing-export", "still waits", "it goes to IT desk", channel="finance-owners")
    await scene.later(hours=6)
    await konrad.sees("Access request: billing-export", "Passed on to IT desk", channel="it-desk")
    await ada.sees("⏳ billing-export", "Passed on to IT desk", "nobody answered")
    await scene.later(hours=6)
    await ada.sees("⌛ billing-export", "did not answer in time")
    await luca.sees("Access request: billing-export", "Lapsed", channel="finance-owners")
    await scene.must_be_in("ada", "billing-export", whether=False)


STEPS = (
    a_draft_says_what_it_takes,
    four_deliveries_one_request,
    the_wrong_person_clicks,
    nobody_approves_their_own,
    details_are_at_hand,
    a_question_first,
    the_owner_approves,
    the_second_click_hears_who_decided,
    it_ends_on_time,
    the_highest_risk,
    approved_for_less,
    holiday_cover,
    a_denial,
    a_lapse,
)
