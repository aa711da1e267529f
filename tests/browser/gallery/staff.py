"""What staff see: the asking, the one message of each request through its states, plain answers, the App Home.

Each scene is played through the real bot; nothing is put into its store or into a message.
"""

from bot.demo.workspace.messages import Message
from tests.browser.gallery.studio import Studio
from tests.wire.steps import approve, ask, deny

DATA = "C0DATAOWN"
WHY = "INC-4711: payments are stuck"


async def asking(it: Studio) -> None:
    """From words to a draft, and the form with what would happen."""
    ada = it.person("ada")
    await ada.say("I need prod-db")
    await it.take("draft-unfinished", "ada", await ada.sees("Still needed"))
    said = await ada.say(f"I need prod-db for 2h because {WHY}")
    draft = await ada.sees("You are asking for", after=said.ts)
    await it.take("draft", "ada", draft)
    await ada.click(draft, "draft.cancel")
    await it.take("draft-cancelled", "ada", await ada.sees("you took it back"))
    await ada.slash("/wicket", "request")
    form = await ada.sees_view("What do you need?")
    await ada.choose(form, "entitlement", ["grafana-edit", "prod-db", "github-admin"])
    form = await ada.sees_view("say for how long")
    await ada.choose(form, "duration", "4h")
    form = await ada.sees_view("not possible")
    await ada.choose(form, "justification", WHY)
    await ada.choose(form, "ticket", "INC-4711")
    await it.take_form("form-request", "ada")
    await ada.submit(form)
    await ada.sees_view("Not sent:")
    await it.take_form("form-sent-in-part", "ada")
    await ada.sees("✅ grafana-edit")
    await ada.close_view()
    await it.take("request-refused", "ada", await ada.sees("⛔ I can't give github-admin"))


async def a_request(it: Studio) -> None:
    """The one message of a request: waiting, asked about, approved, extended, ended."""
    ada, grace = it.person("ada"), it.person("grace")
    await ask(ada, f"I need prod-db for 2h because {WHY}")
    request = await grace.sees("Access request", channel=DATA)
    await it.take("request-waiting", "ada", await ada.sees("⏳ prod-db"))
    await grace.click(request, "approval.inquire")
    await grace.submit(await grace.sees_view("Ask a question"), {"question": "Which table?"})
    asked = await ada.sees("Grace Hopper asks")
    await it.take("request-question", "ada", asked)
    await ada.click(asked, "approval.answer")
    form = await ada.sees_view("Answer a question")
    await ada.choose(form, "answer", "payments, one row")
    await it.take_form("form-answer", "ada")
    await ada.submit(form)
    await it.take("request-answered", "ada", await ada.sees("You answered at"))
    it.world.clock.skip(minutes=7)
    await approve(grace, DATA, "prod-db")
    active = await ada.sees("✅ prod-db")
    await it.take("request-active", "ada", active)
    it.world.clock.skip(minutes=111)
    reminder = await ada.sees("⏳ prod-db", "ends")
    await it.take("request-ends-soon", "ada", reminder)
    await ada.click(active, "grant.extend")
    await it.take("request-extension-waits", "ada", await ada.sees("⏳ prod-db", "extending by"))
    await ada.sees("Your extension still waits")
    await it.take("request-ends-while-extension-waits", "ada", reminder)
    await grace.click(await grace.sees("Extension: prod-db", channel=DATA), "approval.approve")
    await grace.submit(await grace.sees_view("Approve request"), {"rationale": "go on"})
    await ada.sees("It goes on until")
    await it.take("request-goes-on", "ada", active)
    await ada.sees("goes on until", after=active.ts)
    await it.take("request-ends-soon-settled", "ada", reminder)
    it.world.clock.skip(minutes=9)
    await ada.sees("ended at", "It goes on until")
    it.world.clock.skip(minutes=111)
    await it.take("request-ended", "ada", await ada.sees("ended at", "as agreed", after=reminder.ts))


async def stages(it: Studio) -> None:
    """Two teams, and a shorter time."""
    ada, edsger, alan = it.person("ada"), it.person("edsger"), it.person("alan")
    await ask(ada, "I need github-admin for 2h because the old repositories move")
    request = await edsger.sees("Access request", channel="C0PLATFORM")
    await edsger.click(request, "approval.less")
    form = await edsger.sees_view("Approve for less")
    await edsger.submit(form, {"less": "30", "rationale": "half an hour is enough"})
    status = await ada.sees("Approved so far by")
    await it.take("request-second-stage", "ada", status)
    theirs = await alan.sees("Access request", "[Approve")
    await alan.click(theirs, "approval.approve")
    await alan.submit(await alan.sees_view("Approve request"), {"rationale": "seen by security"})
    await ada.sees("✅ github-admin")
    await it.take("request-approved-for-less", "ada", status)


async def at_once(it: Studio) -> None:
    """What policy gives by itself, and ways it ends before its time."""
    ada, linus = it.person("ada"), it.person("linus")
    await ask(ada, "I need grafana-edit for 1h because of the new latency board")
    active = await ada.sees("✅ grafana-edit")
    await it.take("request-active-at-once", "ada", active)
    it.world.clock.skip(minutes=20)
    await ada.click(active, "grant.give_back")
    await ada.sees("you gave it back")
    await it.take("request-given-back", "ada", active)
    await ask(ada, f"I need prod-db for 2h because {WHY}")
    await approve(it.person("grace"), DATA, "prod-db")
    held = await ada.sees("✅ prod-db")
    it.world.clock.skip(minutes=40)
    decided = await linus.sees("[End now…]", channel=DATA)
    await linus.click(decided, "grant.end")
    form = await linus.sees_view("End access now")
    await linus.choose(form, "rationale", "the incident is over")
    await it.take_form("form-end", "linus")
    await linus.submit(form)
    await it.take("request-was-ended", "ada", await ada.sees("was ended by Linus Pauling"))
    await ada.sees("was ended at", "by Linus Pauling")
    await it.take("request-ended-early", "ada", held)
    over = await linus.sees("⌛ Ended", "by Linus Pauling", channel=DATA)
    await it.take("approval-ended-early", "linus", over, channel=DATA)


async def not_given(it: Studio) -> None:
    """Denied, taken back, and not answered in time."""
    ada, grace = it.person("ada"), it.person("grace")
    await ask(ada, "I need prod-db for 2h because I am curious")
    await deny(grace, DATA, "prod-db", "staging-db has the same tables")
    await it.take("request-denied", "ada", await ada.sees("⛔ prod-db"))
    await it.take("approval-denied", "grace", await grace.sees("⛔ Denied", channel=DATA), channel=DATA)
    await ask(ada, f"I need prod-db for 1h because {WHY}")
    waiting = await ada.sees("⏳ prod-db")
    await ada.click(waiting, "request.withdraw")
    await it.take("request-withdrawn", "ada", await ada.sees("you took it back"))
    taken = await grace.sees("Withdrawn", channel=DATA)
    await it.take("approval-withdrawn", "grace", taken, channel=DATA)


async def nobody_answers(it: Studio) -> None:
    """Reminded of, passed on to whoever stands in, and lapsed."""
    ada, grace, edsger = it.person("ada"), it.person("grace"), it.person("edsger")
    await ask(ada, f"I need prod-db for 2h because {WHY}")
    await grace.sees("Access request", channel=DATA)
    it.world.clock.skip(hours=12)
    reminder = await grace.sees("still waits for a decision", channel=DATA)
    await it.take("approval-reminder", "grace", reminder, channel=DATA)
    it.world.clock.skip(hours=6)
    there = await edsger.sees("Access request", "Passed on to Platform", channel="C0PLATFORM")
    await it.take("approval-passed-on", "edsger", there, channel="C0PLATFORM")
    await it.take("request-passed-on", "ada", await ada.sees("Passed on to Platform"))
    it.world.clock.skip(hours=6, seconds=1)
    await it.take("request-lapsed", "ada", await ada.sees("did not answer in time"))
    lapsed = await grace.sees("Access request", "Lapsed", channel=DATA)
    await it.take("approval-lapsed", "grace", lapsed, channel=DATA)
    settled = await grace.sees("this is settled", channel=DATA)
    await it.take("approval-reminder-settled", "grace", settled, channel=DATA)


async def a_failing_directory(it: Studio) -> None:
    """Approved and not there yet, then not granted after all; and an end that waits for the directory."""
    ada, grace, alan = it.person("ada"), it.person("grace"), it.person("alan")
    await ask(ada, "I need grafana-edit for 1h because of the new latency board")
    await ada.sees("✅ grafana-edit")
    await ask(ada, f"I need prod-db for 2h because {WHY}")
    it.world.faulty.error("membership", "remove_member")
    await approve(grace, DATA, "prod-db")
    await it.take("request-being-set-up", "ada", await ada.sees("is being set up"))
    set_up = await grace.sees("Being set up", channel=DATA)
    await it.take("approval-being-set-up", "grace", set_up, channel=DATA)
    await it.world.directory.remove_member("p-grace", "data-platform-owners")
    it.world.faulty.mend()
    it.world.clock.skip(seconds=20)
    await it.take("request-not-granted", "ada", await ada.sees("is not granted after all"))
    voided = await grace.sees("Not granted", channel=DATA)
    await it.take("approval-not-granted", "grace", voided, channel=DATA)
    lost = await alan.sees("Not granted after approval", channel="C0SECURITY")
    await it.take("alert-authority-lost", "alan", lost, channel="C0SECURITY")
    it.world.faulty.error("remove_member")
    it.world.clock.skip(hours=1)
    await it.take("request-being-taken-back", "ada", await ada.sees("is being taken back"))


async def for_a_report(it: Studio) -> None:
    """A manager asks for somebody who reports to them: both are told."""
    charles, ada = it.person("charles"), it.person("ada")
    await charles.slash("/wicket", "request")
    form = await charles.sees_view("What do you need?")
    await charles.choose(form, "for", "U0ADA")
    await charles.choose(form, "entitlement", ["prod-db"])
    form = await charles.sees_view("say for how long")
    await charles.choose(form, "length", "120")
    form = await charles.sees_view("needs one approval")
    await charles.submit(form, {"justification": WHY})
    await it.take("report-waiting", "ada", await ada.sees("asked for it for you"))
    await approve(it.person("grace"), DATA, "prod-db")
    await it.take("report-active", "ada", await ada.sees("is yours until"))
    await it.take("request-for-a-report", "charles", await charles.sees("✅ prod-db"))


async def answers(it: Studio) -> None:
    """Plain questions and their answers."""
    ada, charles = it.person("ada"), it.person("charles")
    await ada.say("I need prod-db for 3 days because of the ledger")
    await ada.sees("⛔")
    await ask(ada, "I need grafana-edit for 1h because of the new latency board")
    await ada.sees("✅ grafana-edit")
    for name, words, sign in (
        ("answer-access", "what access do I have?", "You hold"),
        ("answer-member", "am I in vpn-users?", "Yes, you are in"),
        ("answer-no-member", "am I in prod-db?", "No, you are not in"),
        ("answer-owner", "who owns prod-db?", "belongs to"),
        ("answer-expiry", "when does my password expire?", "Your password expires"),
        ("answer-can-ask", "what can I ask for?", "As policy says now"),
        ("answer-why-approval", "why does prod-db need approval?", "needs one approval"),
        ("answer-why-refused", "why was I refused?", "prod-db was refused"),
        ("answer-help", "help", "Things you can say"),
        ("answer-hello", "hello", "Hello. I can show"),
        ("answer-thanks", "thanks!", "You're welcome"),
        ("answer-fine", "ok", "All right."),
        ("answer-never-mind", "never mind", "No problem"),
        ("answer-decide", "approve", "takes the button"),
        ("answer-stuck", "can I talk to a human?", "I was no help"),
        ("answer-secret", "my password is hunter2", "delete your message now"),
        ("answer-one-at-a-time", "reset my password and give me prod-db for 1h", "one thing at a time"),
        ("answer-stop-typed", "freeze", "A word stops nothing here"),
        ("answer-for-another", "please give Bob access to prod-db", "Here I ask for you alone"),
        ("answer-worried", "I think my account was hacked", "reset your password now"),
        ("answer-held-for-a-time", "extend grafana-edit", "you are in grafana-edit until"),
        ("answer-last-request", "where is my request?", "None of your requests is waiting"),
        ("answer-did-you-mean", "I need prod-bd for 1h because INC-1", "Did you mean"),
        ("answer-did-you-mean-one", "I need grafana-edti for 1h", "Did you mean"),
        ("answer-nothing-named", "I need access for 2h", "I don't know yet what you need"),
        ("answer-several-named", "I need prod-db and staging-db for 2h", "one thing at a time"),
        ("answer-nearly-understood", "unlok my acount", "Did you mean “unlock my account”?"),
        ("answer-not-understood", "asdf", "I didn't understand"),
        ("answer-not-locked", "unlock my account", "is not locked"),
        ("answer-linked-already", "link my account", "already linked"),
        ("answer-reset", "reset my password", "I can do that with you now"),
    ):
        said = await ada.say(words)
        await it.take(name, "ada", await ada.sees(sign, after=said.ts))
        it.world.clock.skip(seconds=20)
    await it.take("answer-help-security", "alan", await _asked(it, "alan", "help", "/wicket freeze"))
    await it.take("answer-no-request", "mary", await _asked(it, "mary", "status", "not asked for anything"))
    await ask(ada, "I need prod-db for 2h because INC-4711")
    await ada.sees("⏳ prod-db")
    await it.take("answer-own-requests", "ada", await _asked(it, "ada", "where is my request?", "is open"))
    await charles.say("I need vpn-users for 1h because INC-1")
    await it.take("answer-held-already", "charles", await charles.sees("You already hold"))
    await it.person("bob").say("unlock my account")
    await it.take("answer-unlocked", "bob", await it.person("bob").sees("Your account is unlocked"))
    await it.person("katherine").say("hello")
    first = await it.person("katherine").sees("this Slack account is yours")
    await it.take("answer-link", "katherine", first)
    it.world.faulty.error("membership", "memberships_of", "account", "group")
    said = await ada.say("what access do I have?")
    await it.take("answer-unknown", "ada", await ada.sees("", after=said.ts))


async def _asked(it: Studio, login: str, words: str, sign: str) -> Message:
    said = await it.person(login).say(words)
    return await it.person(login).sees(sign, after=said.ts)


async def homes(it: Studio) -> None:
    """The App Home of somebody who holds nothing, and of an approver for whom much waits."""
    await it.take_home("home-empty", "eve", "Write to me under Messages")
    for login in ("ada", "charles", "mary", "edsger", "bob", "luca"):
        await ask(it.person(login), f"I need prod-db for 2h because {WHY}")
        await it.person(login).sees("⏳ prod-db")
    grace = it.person("grace")
    await ask(grace, "I need crm-read for 8h because CHG-3")
    await grace.sees("✅ crm-read")
    await ask(grace, "I need billing-export for 1h because the quarter ends")
    await grace.sees("⏳ billing-export")
    await ask(grace, "I need grafana-edit for 1h because of the new latency board")
    await grace.click(await grace.sees("✅ grafana-edit"), "grant.give_back")
    await grace.sees("you gave it back")
    await it.take_home("home-full", "grace", "Write to me under Messages")
