"""Fields filled with what cannot be: an error stands at the field, and nothing that was typed is lost."""

from tests.wire.hostile import asks, clicked, grant_of, heard, opens, reads, submitted

WHY = "because the pager said INC-4711"
UNREADABLE = [
    "0",
    "-1h",
    "9999d",
    "tomorrow",
    "for ever",
    "2",
    "1h; drop table grants",
    "\u0661h",
    "∞",
    "\u202e2h",
    "NaN h",
]
FORGED = ["", " ", "\x00", "x" * 10_000, "9" * 10_000 + "h", "1h" * 5_000, "0.00000001h", "-0h", "1e9h"]


async def test_a_duration_that_cannot_be_is_an_error_at_its_field_and_the_rest_is_kept(world):
    """The form stays open, filled as it was, and goes through once the field is right."""
    ada = world.person("ada")
    await ada.slash("/wicket", "request")
    form = await ada.sees_view("What do you need?")
    typed = {"entitlement": "prod-db", "justification": WHY}
    for duration in UNREADABLE:
        submission = await ada.submit(form, {**typed, "duration": duration})
        assert set(submission.errors) == {"duration"}, duration
        assert len(submission.errors["duration"]) > 20, duration
        form, typed = submission.view, {}
        values = form.state()["values"]
        assert values["justification"]["justification"]["value"] == WHY
        assert values["entitlement"]["entitlement"]["selected_options"][0]["value"] == "prod-db"
        assert values["duration"]["duration"]["value"] == duration
    assert "grant.requested done" not in await world.actions()
    assert (await ada.submit(form, {"duration": "2h"})).closed
    await ada.sees("waiting for")


async def test_a_duration_that_no_client_would_send_is_an_error_at_its_field(world):
    """Empty, endless, ten thousand characters: never guessed, never a fault."""
    for duration in FORGED:
        form = submitted(
            "U0ADA",
            "form.request",
            {"entitlement": "grafana-edit", "duration": duration, "justification": WHY},
        )
        [delivery] = await world.slack.send(form, kind="interactive")
        assert delivery.body["response_action"] == "errors", duration[:20]
        assert set(delivery.body["errors"]) == {"duration"}, duration[:20]
    assert "ada" not in await world.holders("grafana-edit")


NO_DURATIONS = ["0h", "-1h", "9999d", "tomorrow", "9" * 50 + "h", "ever"]


async def test_a_duration_that_cannot_be_in_words_is_told_and_the_draft_keeps_the_rest(world):
    """Nothing is assumed: the draft asks for what is missing, filled with what was understood."""
    ada = world.person("ada")
    for duration in NO_DURATIONS:
        said = await ada.say(f"I need grafana-edit for {duration} because INC-4711")
        draft = await ada.sees("Nothing is sent yet", after=said.ts)
        assert "draft.send" not in draft.buttons
        await ada.click(draft, "draft.change")
        form = await ada.sees_view("What do you need?")
        values = form.state()["values"]
        assert values["entitlement"]["entitlement"]["selected_options"][0]["value"] == "grafana-edit"
        assert "INC-4711" in values["justification"]["justification"]["value"]
        assert "ada" not in await world.holders("grafana-edit")
        ada.reload()


async def test_a_draft_without_a_duration_cannot_be_sent_by_a_forged_click(world):
    """The button is not there; its action_id with the draft's id gives nothing for no time."""
    ada = world.person("ada")
    await ada.say("I need grafana-edit because INC-4711")
    draft = await ada.sees("Nothing is sent yet")
    await world.slack.send(
        clicked("U0ADA", "draft.send", grant_of(draft), channel="D0ADA"), kind="interactive"
    )
    await ada.sees("no longer there")
    assert (await ada.sees("Nothing is sent yet")).buttons
    assert "ada" not in await world.holders("grafana-edit")


async def test_three_thousand_characters_of_why_stay_in_the_form(world):
    """The client stops them; without the client they are an error at the field that says how many there are."""
    ada = world.person("ada")
    await ada.slash("/wicket", "request")
    form = await ada.sees_view("What do you need?")
    submission = await ada.submit(
        form, {"entitlement": "prod-db", "duration": "2h", "justification": "a" * 3000}
    )
    assert set(submission.errors) == {"justification"}
    assert submission.view.state()["values"]["justification"]["justification"]["value"] == "a" * 3000
    for words in ("a" * 3000, "&" * 501, "🧨" * 3000, "a\n" * 1500):
        forged = submitted(
            "U0ADA", "form.request", {"entitlement": "prod-db", "duration": "2h", "justification": words}
        )
        [delivery] = await world.slack.send(forged, kind="interactive")
        assert "500 characters" in delivery.body["errors"]["justification"]
    await asks(world, "bob", "prod-db for 1h because INC-1")
    opened = await opens(world, "grace", await reads(world, "grace"), "approval.deny")
    assert set((await world.person("grace").submit(opened, {"rationale": "n" * 3000})).errors) == {
        "rationale"
    }
    forged = submitted("U0GRACE", "form.deny", {"rationale": "n" * 3000}, metadata=opened.private_metadata)
    [delivery] = await world.slack.send(forged, kind="interactive")
    assert "500 characters" in delivery.body["errors"]["rationale"]
    assert (await reads(world, "grace")).buttons


async def test_three_thousand_characters_of_why_in_words_become_a_draft_without_a_reason(world):
    """Nothing is cut silently: the person is told, and the draft keeps the rest."""
    ada = world.person("ada")
    await ada.say("I need prod-db for 2h because " + "very " * 600)
    await ada.sees("longer than 500 characters")
    draft = await ada.sees("Nothing is sent yet")
    assert "draft.send" not in draft.buttons
    await ada.click(draft, "draft.change")
    form = await ada.sees_view("What do you need?")
    assert (await ada.submit(form, {"justification": "INC-4711"})).closed
    await ada.sees("waiting for")


async def test_an_unknown_entitlement_is_neither_guessed_nor_granted(world):
    """In words, in the form, in a button: what is close is offered as a question, the rest is asked for."""
    ada = world.person("ada")
    for words in (
        "quux-db for 2h because INC-1",
        "prod-bd for 2h because INC-1",
        "prod-rw-group because INC-1",
    ):
        await ada.say(f"I need {words}")
    await ada.sees("Did you mean")
    for value in (
        "quux",
        "prod-db ",
        "PROD-DB",
        "prod-db-rw",
        "domain-admins",
        "../prod-db",
        "x" * 10_000,
        "\ud800",
    ):
        forged = submitted(
            "U0ADA", "form.request", {"entitlement": value, "duration": "1h", "justification": WHY}
        )
        [delivery] = await world.slack.send(forged, kind="interactive")
        assert delivery.body["errors"] == {"entitlement": "Please choose something from the list."}, value[
            :20
        ]
    await world.slack.send(heard("U0ADA", "who owns domain-admins?"), kind="events_api")
    await world.slack.settled()
    assert "grant.requested done" not in await world.actions()
    group = {account for account, of in await world.directory.memberships() if of == "domain-admins"}
    assert group == {"p-konrad"}
