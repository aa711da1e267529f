"""A question before the decision and its answer, an approval for less time, and one click where that is enough."""

from tests.wire.steps import SECURITY, approve, ask, undecided

DATA = "C0DATAOWN"
FINANCE = "C0FINANCE"


async def asks(world, asker: str, question: str = "Which table?"):
    """Ask about the waiting request for prod-db; the message in the channel, and the question in its thread."""
    person = world.person(asker)
    request = await undecided(person, DATA, "prod-db")
    await person.click(request, "approval.inquire")
    form = await person.sees_view("Ask a question")
    assert (await person.submit(form, {"question": question})).closed
    return request, await person.sees(question, "asked Ada Lovelace", channel=DATA)


async def test_a_question_and_its_answer_stand_in_the_thread_and_reach_who_is_concerned(world):
    """The requester answers by a button on their own message; whoever asked is called, and nobody else."""
    ada, grace = world.person("ada"), world.person("grace")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    request, in_thread = await asks(world, "grace")
    assert in_thread.thread_ts == request.ts
    asked = await ada.sees("Grace Hopper asks about your request for prod-db", "“Which table?”")
    assert (
        "1 question in the thread, 1 not answered yet"
        in (await grace.sees("Access request: prod-db", "not answered yet", channel=DATA)).plain
    )

    await ada.click(asked, "approval.answer")
    form = await ada.sees_view("Answer a question")
    assert "“Which table?”" in form.plain
    assert (await ada.submit(form, {"answer": "payments, one row"})).closed
    answer = await grace.sees("Ada Lovelace answered", "“payments, one row”", channel=DATA)
    assert answer.thread_ts == request.ts
    assert "<@U0GRACE>" in answer.text
    answered = await ada.sees("You answered at", "“payments, one row”")
    assert (answered.ts, answered.buttons) == (asked.ts, {})
    assert (
        "question in the thread, answered"
        in (await grace.sees("Access request: prod-db", "answered", channel=DATA)).plain
    )
    entries = [a for a in await world.actions() if a.startswith("approval")]
    assert entries == ["approval.asked done", "approval.answered done"]

    await approve(grace, DATA, "prod-db")
    await ada.sees("✅ prod-db")
    assert world.person("alan").messages(SECURITY) == []


async def test_an_answer_is_given_once_and_only_while_it_matters(world):
    """A second form left open, and one that outlived the decision: both hear so, and nothing changes."""
    ada, grace = world.person("ada"), world.person("grace")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    await asks(world, "grace")
    asked = await ada.sees("asks about your request")
    await ada.click(asked, "approval.answer")
    form = await ada.sees_view("Answer a question")
    assert (await ada.submit(form, {"answer": "payments"})).closed
    await ada.sees("You answered at")
    await ada.click(asked, "approval.answer", stale=True)
    await ada.sees("You answered this before")
    assert ada.view is None

    await asks(world, "linus", "And until when?")
    late = await ada.sees("And until when?")
    await ada.click(late, "approval.answer")
    form = await ada.sees_view("And until when?")
    await approve(grace, DATA, "prod-db")
    await ada.sees("✅ prod-db")
    told = await ada.submit(form, {"answer": "too late"})
    assert "This is approved" in told.view.plain
    over = await ada.sees("The request is decided by now")
    assert (over.ts, over.buttons) == (late.ts, {})
    assert "approval.answered_late refused" in await world.actions()
    assert not [m for m in grace.messages(DATA) if m.says("too late")]


async def test_five_questions_are_as_many_as_are_passed_on(world):
    """Nobody is worn out by questions; the sixth asker hears what to do instead."""
    ada, grace = world.person("ada"), world.person("grace")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    for number in range(5):
        request, _ = await asks(world, "grace", f"Question {number}?")
    await grace.click(request, "approval.inquire")
    told = await grace.submit(await grace.sees_view("Ask a question"), {"question": "One more?"})
    assert "as many as I pass on" in told.view.plain
    assert (await world.actions()).count("approval.asked done") == 5


async def test_a_shorter_time_is_approved_recorded_and_explained(world):
    """The end follows from the shorter time; the requester reads who made it so and why."""
    ada, grace = world.person("ada"), world.person("grace")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    request = await undecided(grace, DATA, "prod-db")
    await grace.click(request, "approval.less")
    form = await grace.sees_view("Approve for less")
    assert "You can decide this. You are an approver of the team that owns this." in form.plain
    for typed, wrong in (
        ({"duration": "2h", "rationale": "x"}, "choose less than 2 hours"),
        ({"duration": "3 days", "rationale": "x"}, "choose less than 2 hours"),
        ({"duration": "tomorrow", "rationale": "x"}, "how long"),
        ({"duration": "", "rationale": "x"}, "how long"),
        ({"less": "30", "duration": "1h", "rationale": "x"}, "not both"),
    ):
        assert wrong in (await grace.submit(form, typed)).errors["duration"], typed
    done = await grace.submit(form, {"less": "60", "duration": "", "rationale": "an hour is enough"})
    assert done.closed

    active = await ada.sees("✅ prod-db · read and write until")
    assert "“an hour is enough”" in active.plain
    assert "1 hour instead of the 2 hours that you asked for" in active.plain
    decided = await grace.sees("Active until", channel=DATA)
    assert "How long 1 hour from approval (2 hours were asked for)" in " ".join(decided.plain.split())
    assert await world.holders("prod-db") == {"ada"}
    world.clock.skip(hours=1, seconds=1)
    await ada.sees("⌛ prod-db", "as agreed")
    assert await world.holders("prod-db") == set()


async def test_a_typed_time_counts_as_well(world):
    ada, grace = world.person("ada"), world.person("grace")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    await grace.click(await undecided(grace, DATA, "prod-db"), "approval.less")
    form = await grace.sees_view("Approve for less")
    assert (await grace.submit(form, {"duration": "45 min", "rationale": "enough"})).closed
    await ada.sees("45 minutes instead of the 2 hours")


async def test_low_risk_is_one_click_with_the_facts_in_slacks_own_dialog(world):
    """Who, what and how long stand in the dialog; no form, no rationale."""
    ada, luca = world.person("ada"), world.person("luca")
    await ask(ada, "I need crm-read for 12h because FIN-3")
    request = await luca.sees("Access request: crm-read", "[Approve]", channel=FINANCE)
    confirm = request.buttons["approval.approve_at_once"]["confirm"]
    assert confirm["text"]["text"].split("\n") == [
        "Ada Lovelace (ada, Payments, reports to Charles Babbage)",
        "crm-read · read, corporate, risk 2 of 5",
        "12 hours from approval",
    ]
    await luca.click(request, "approval.approve_at_once")
    active = await ada.sees("✅ crm-read")
    assert "Approved by Luca Pacioli" in active.plain
    assert luca.view is None
    assert await world.holders("crm-read") >= {"ada"}


async def test_a_denial_wants_a_reason_whatever_the_risk(world):
    """Policy says so: one click is for approving only."""
    ada, luca = world.person("ada"), world.person("luca")
    await ask(ada, "I need crm-read for 12h because FIN-3")
    request = await luca.sees("Access request: crm-read", "[Approve]", channel=FINANCE)
    await luca.click(request, "approval.deny")
    form = await luca.sees_view("Deny request")
    assert "a few words" in (await luca.submit(form, {"rationale": " "})).errors["rationale"]
    assert (await luca.submit(form, {"rationale": "use the report"})).closed
    await ada.sees("was denied by Luca Pacioli")


async def test_who_has_had_it_before_is_told_with_how_that_went(world):
    """When, for how long, by whose approval and how it ended, at a glance."""
    ada, grace = world.person("ada"), world.person("grace")
    await ask(ada, "I need prod-db for 1h because INC-1")
    await approve(grace, DATA, "prod-db")
    await ada.sees("✅ prod-db")
    world.clock.skip(hours=1, seconds=1)
    await ada.sees("ended at")
    await ask(ada, "I need prod-db for 2h because INC-2")
    again = await grace.sees("INC-2", channel=DATA)
    assert "have had this once before." in again.plain
    assert "for 1 hour, approved by Grace Hopper, ended on time." in again.plain
