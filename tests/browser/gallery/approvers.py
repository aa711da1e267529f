"""What approvers see: the approval message through its states, its thread, the forms, and what clickers are told.

Each scene is played through the real bot; nothing is put into its store or into a message.
"""

from playwright.async_api import expect

from tests.browser.gallery.security import told
from tests.browser.gallery.staff import DATA, WHY
from tests.browser.gallery.studio import Studio
from tests.wire.steps import approve, ask

PLATFORM = "C0PLATFORM"


async def deciding(it: Studio) -> None:
    """From the request to its end, with every form and every private answer on the way."""
    ada, grace, linus, bob = (it.person(login) for login in ("ada", "grace", "linus", "bob"))
    await ask(ada, f"I need prod-db for 2h because {WHY}")
    request = await grace.sees("Access request", channel=DATA)
    await it.take("approval-waiting", "grace", request, channel=DATA)
    await bob.click(request, "approval.approve")
    told = await bob.sees("You can't decide this one", channel=DATA)
    await it.take("private-may-not-decide", "bob", told, channel=DATA)
    await grace.click(request, "approval.details")
    await grace.sees_view("Request details")
    await it.take_form("form-details", "grace")
    await grace.close_view()
    await grace.click(request, "approval.inquire")
    form = await grace.sees_view("Ask a question")
    await grace.choose(form, "question", "Which table?")
    await it.take_form("form-question", "grace")
    await grace.submit(form)
    await ada.click(await ada.sees("Grace Hopper asks"), "approval.answer")
    await ada.submit(await ada.sees_view("Answer a question"), {"answer": "payments, one row"})
    answer = await grace.sees("Ada Lovelace answered", channel=DATA)
    await grace.sees("question in the thread, answered", channel=DATA)
    await it.take("approval-question", "grace", request, answer, channel=DATA)
    await grace.click(request, "approval.deny")
    await grace.choose(await grace.sees_view("Deny request"), "rationale", "staging-db has the same tables")
    await it.take_form("form-deny", "grace")
    await grace.close_view()
    await grace.click(request, "approval.less")
    form = await grace.sees_view("Approve for less")
    await grace.choose(form, "less", "60")
    await grace.choose(form, "rationale", "an hour is enough")
    await it.take_form("form-approve-for-less", "grace")
    await grace.close_view()
    await grace.click(request, "approval.approve")
    await grace.choose(await grace.sees_view("Approve request"), "rationale", "ok for the incident")
    await it.take_form("form-approve", "grace")
    await grace.submit(await grace.sees_view("Approve request"))
    await grace.sees("✅ Approved", "Active until", channel=DATA)
    await it.take("approval-active", "grace", request, channel=DATA)
    await linus.click(request, "approval.approve", stale=True)
    late = await linus.sees("Grace Hopper approved this", channel=DATA)
    await it.take("private-second-click", "linus", late, channel=DATA)
    it.world.clock.skip(minutes=30)
    await ada.click(await ada.sees("✅ prod-db"), "grant.extend")
    longer = await grace.sees("Extension: prod-db", channel=DATA)
    await it.take("approval-extension", "grace", longer, channel=DATA)
    await bob.click(request, "grant.end")
    told = await bob.sees("You can't end this one", channel=DATA)
    await it.take("private-may-not-end", "bob", told, channel=DATA)
    it.world.clock.skip(minutes=90)
    await grace.sees("⌛ Ended", channel=DATA)
    await it.take("approval-ended", "grace", request, channel=DATA)


async def own_request(it: Studio) -> None:
    """Nobody decides their own; what low risk needs no words is approved in one click."""
    linus = it.person("linus")
    await ask(linus, f"I need prod-db for 2h because {WHY}")
    request = await linus.sees("Access request", channel=DATA)
    await linus.click(request, "approval.approve")
    told = await linus.sees("You can't decide this one", channel=DATA)
    await it.take("private-own-request", "linus", told, channel=DATA)
    wrong = await it.person("alan").sees("Wrong person clicked", channel="C0SECURITY")
    await it.take("alert-wrong-person", "alan", wrong, channel="C0SECURITY")


async def two_teams(it: Studio) -> None:
    """One of two approvals, and the copy that security's approvers get."""
    ada, edsger, bob, joan = (it.person(login) for login in ("ada", "edsger", "bob", "joan"))
    await ask(ada, "I need github-admin for 1h because the old repositories move")
    request = await edsger.sees("Access request", channel=PLATFORM)
    await approve(edsger, PLATFORM, "github-admin", "agreed with the team")
    await edsger.sees("1 of 2", channel=PLATFORM)
    await it.take("approval-one-of-two", "edsger", request, channel=PLATFORM)
    await it.take("approval-to-security", "joan", await joan.sees("Access request", "[Approve"))
    await it.world.directory.change_account("p-edsger", active=False)
    await it.world.app.compare()
    void = await bob.sees("approval is void", channel=PLATFORM)
    await it.take("approval-void", "bob", void, channel=PLATFORM)


async def manager_first(it: Studio) -> None:
    """A policy by which the requester's manager comes first."""
    ada, charles, grace = it.person("ada"), it.person("charles"), it.person("grace")
    await ask(ada, f"I need prod-db for 2h because {WHY}")
    theirs = await charles.sees("Access request", "[Approve")
    await it.take("approval-to-manager", "charles", theirs)
    request = await grace.sees("Access request", channel=DATA)
    await grace.click(request, "approval.approve")
    told = await grace.sees("Not yet", channel=DATA)
    await it.take("private-not-yet", "grace", told, channel=DATA)


async def an_end_that_waits(it: Studio) -> None:
    """Its time is over, and the directory does not answer."""
    ada, grace = it.person("ada"), it.person("grace")
    await ask(ada, f"I need prod-db for 1h because {WHY}")
    await approve(grace, DATA, "prod-db")
    await ada.sees("✅ prod-db")
    it.world.faulty.error("remove_member")
    it.world.clock.skip(hours=1)
    ending = await grace.sees("Being taken back", channel=DATA)
    await it.take("approval-being-taken-back", "grace", ending, channel=DATA)


async def stepping_up(it: Studio) -> None:
    """Approvers prove who they are, and at risk 5 retype the request's code; by all the policies that ship."""
    ada, edsger, grace = (it.person(login) for login in ("ada", "edsger", "grace"))
    await ask(ada, f"I need prod-db for 2h because {WHY}")
    request = await grace.sees("Access request", channel=DATA)
    await grace.click(request, "approval.approve")
    form = await grace.sees_view("This needs a fresh proof")
    await it.take_form("form-approve-prove", "grace")
    await grace.submit(form, {"rationale": "ok for the incident"})
    form = await grace.sees_view("Nothing is approved yet")
    await it.take_form("form-approve-unproven", "grace")
    for _ in range(2):
        await grace.submit(form)
        form = await grace.sees_view("Nothing is approved yet")
    link = form.link("Prove who I am")
    await grace.close_view()
    await told(it, "alert-unproven", "Approval without a proof")
    await it.page.goto(link)
    await it.page.get_by_label("Code from your authenticator").fill(
        it.world.phones.codes(grace.user_id)[0]["code"]
    )
    await it.page.get_by_role("button", name="Continue").click()
    await expect(it.page.get_by_role("heading", level=1)).to_have_text("You proved who you are.")
    await grace.click(request, "approval.approve")
    form = await grace.sees_view("It is you")
    await it.take_form("form-approve-proved", "grace")
    await grace.submit(form)
    await grace.sees("✅ Approved", "proved by authenticator", "Active until", channel=DATA)
    await it.take("approval-proved", "grace", request, channel=DATA)
    await ask(ada, f"I need prod-admin for 1h because {WHY}")
    request = await edsger.sees("Access request", "prod-admin", channel=PLATFORM)
    await edsger.click(request, "approval.approve")
    await edsger.sees_view("The code of this request")
    await it.take_form("form-approve-code", "edsger")
