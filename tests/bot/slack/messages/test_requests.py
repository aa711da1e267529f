"""The requester's one message, word for word in every state."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.slack.messages.requests import because, needed, request_message
from handlers.decisions.freezing import Stopped
from handlers.requests.stories import Extension, Held, PassedOn
from storage.catalogue import Owner
from storage.states import FreezeKind, GrantState
from tests.bot.slack.stories import (
    ALAN,
    GRACE,
    NO,
    NOW,
    approved,
    clumsy,
    ended,
    hears,
    problems,
    reads,
    story,
)

PLATFORM = Owner(id="platform", name="Platform", channel="C0PLATFORM", approvers="platform-owners")
STOPPED = Stopped(id="f-1", kind=FreezeKind.EMERGENCY, since=NOW)
HELD = Held(since=NOW - timedelta(hours=1), until=NOW + timedelta(minutes=58))

STATES = {
    "draft": (
        story(GrantState.DRAFT, lapses_at=None),
        "You are asking for prod-db · read and write for 2 hours.\n"
        "Why: “fix INC-4711”\n"
        "This needs one approval from Data Platform, because it is production and its risk is 4 of 5. "
        "Nothing is sent yet.",
    ),
    "draft done at once": (
        story(GrantState.DRAFT, lapses_at=None, foreseen="automatic", missing={}),
        "You are asking for prod-db · read and write for 2 hours.\n"
        "Why: “fix INC-4711”\n"
        "This needs nobody's approval: you will have it at once. Nothing is sent yet.",
    ),
    "draft while new access is stopped": (
        story(GrantState.DRAFT, lapses_at=None, foreseen="automatic", missing={}, stopped=STOPPED),
        "You are asking for prod-db · read and write for 2 hours.\n"
        "Why: “fix INC-4711”\n"
        "⛔ The security team has stopped new access. Until the security team has looked at it and confirms, no new "
        "access is given; what ends, ends on time. Nothing is sent yet.",
    ),
    "draft with holes while new access is stopped": (
        story(GrantState.DRAFT, minutes=0, justification="", stopped=STOPPED),
        "You are asking for prod-db · read and write. Still needed: how long and why. "
        "⛔ The security team has stopped new access. Until the security team has looked at it and confirms, no new "
        "access is given; what ends, ends on time. Nothing is sent yet.",
    ),
    "draft with holes": (
        story(GrantState.DRAFT, minutes=0, justification=""),
        "You are asking for prod-db · read and write. Still needed: how long and why. Nothing is sent yet.",
    ),
    "draft without a reason": (
        story(GrantState.DRAFT, justification=""),
        "You are asking for prod-db · read and write for 2 hours. Still needed: why. Nothing is sent yet.",
    ),
    "pending": (
        story(),
        "⏳ prod-db · read and write, 2 hours: waiting for Data Platform in #C0DATAOWN since 14:02 UTC. "
        "It lapses 24 Nov 14:02 UTC.",
    ),
    "pending for two teams": (
        story(missing={"owner": 1, "security": 1}),
        "⏳ prod-db · read and write, 2 hours: waiting for Data Platform and the security team in #C0DATAOWN "
        "since 14:02 UTC. It lapses 24 Nov 14:02 UTC.",
    ),
    "pending for the second": (
        story(missing={"security": 1}, said=(GRACE,)),
        "⏳ prod-db · read and write, 2 hours: waiting for the security team since 14:02 UTC. "
        "It lapses 24 Nov 14:02 UTC.\n"
        "Approved so far by Grace Hopper; still needed: one approval from the security team.",
    ),
    "approved": (
        approved(GrantState.APPROVED),
        "⏳ prod-db · read and write is being set up. "
        "Approved by Grace Hopper at 14:09 UTC: “ok for the incident”.",
    ),
    "active": (
        approved(),
        "✅ prod-db · read and write until 16:09 UTC. "
        "Approved by Grace Hopper at 14:09 UTC: “ok for the incident”.",
    ),
    "active, in a whole sentence": (
        approved(said=(replace(GRACE, rationale="Ok for the incident."),)),
        "✅ prod-db · read and write until 16:09 UTC. "
        "Approved by Grace Hopper at 14:09 UTC: “Ok for the incident.”",
    ),
    "active by two": (
        approved(said=(GRACE, ALAN)),
        "✅ prod-db · read and write until 16:09 UTC. "
        "Approved by Grace Hopper at 14:09 UTC: “ok for the incident” and by Alan Turing at 14:11 UTC: “seen”.",
    ),
    "active at once": (
        approved(said=(), automatic=True, lapses_at=None),
        "✅ prod-db · read and write until 16:09 UTC. Policy needs nobody's approval for this.",
    ),
    "active for days": (
        approved(minutes=2880, expires_at=GRACE.at + timedelta(days=2)),
        "✅ prod-db · read and write until 25 Nov 14:09 UTC. "
        "Approved by Grace Hopper at 14:09 UTC: “ok for the incident”.",
    ),
    "active by a clock that was ahead": (
        approved(expires_at=GRACE.at),
        "✅ prod-db · read and write until 14:09 UTC. "
        "Approved by Grace Hopper at 14:09 UTC: “ok for the incident”. "
        "The clock was ahead when this was given, so it ends sooner than was said at first.",
    ),
    "ended by a clock that was ahead": (
        ended(expires_at=GRACE.at, ended_at=GRACE.at),
        "⌛ prod-db · read and write ended at 14:09 UTC as agreed. "
        "The clock was ahead when this was given, so it ends sooner than was said at first.",
    ),
    "active and to be extended": (
        approved(extension=Extension(until=None, minutes=120)),
        "✅ prod-db · read and write until 16:09 UTC. "
        "Approved by Grace Hopper at 14:09 UTC: “ok for the incident”. "
        "Extending it by 2 hours waits for Data Platform.",
    ),
    "active and extended": (
        approved(extension=Extension(until=GRACE.at + timedelta(hours=4), minutes=120)),
        "✅ prod-db · read and write until 16:09 UTC. "
        "Approved by Grace Hopper at 14:09 UTC: “ok for the incident”. "
        "It goes on until 23 Nov 18:09 UTC.",
    ),
    "an extension that waits": (
        story(goes_on_from=HELD),
        "⏳ prod-db · read and write, extending by 2 hours: waiting for Data Platform in #C0DATAOWN "
        "since 14:02 UTC. It lapses 24 Nov 14:02 UTC.",
    ),
    "an extension that is refused": (
        story(GrantState.REFUSED, goes_on_from=HELD, reasons=("It would last too long.",), lapses_at=None),
        "⛔ I can't extend prod-db · read and write. It would last too long. It still ends 23 Nov 15:00 UTC.\n"
        "What you can do: change what you ask for, or talk to Data Platform in #C0DATAOWN.",
    ),
    "passed on": (
        story(passed_on=PassedOn(owner=PLATFORM, why="nobody answered", at=NOW + timedelta(hours=18))),
        "⏳ prod-db · read and write, 2 hours: waiting for Data Platform in #C0DATAOWN "
        "since 14:02 UTC. It lapses 24 Nov 14:02 UTC.\n"
        "Passed on to Platform at 08:02 UTC, because nobody answered.",
    ),
    "ended by its owner": (
        ended(end_reason="ended early", ended_by="Linus Pauling", end_rationale="the incident is over"),
        "⌛ prod-db · read and write was ended at 16:09 UTC by Linus Pauling: "
        "“the incident is over”. You held it for 2 hours.",
    ),
    "ended while it goes on": (
        ended(removal_takes_effect="at the next sign-in", extension=Extension(until=NOW, minutes=120)),
        "⌛ prod-db · read and write ended at 16:09 UTC as agreed. You held it for 2 hours. "
        "It goes on until 23 Nov 14:02 UTC.",
    ),
    "ending": (
        approved(GrantState.ENDING, end_reason="its time is over"),
        "⌛ prod-db · read and write is being taken back: its time is over.",
    ),
    "ending early": (
        approved(GrantState.ENDING, end_reason="given back"),
        "⌛ prod-db · read and write is being taken back, as you asked.",
    ),
    "ended": (
        ended(),
        "⌛ prod-db · read and write ended at 16:09 UTC as agreed. You held it for 2 hours.",
    ),
    "ended late": (
        ended(ended_at=GRACE.at + timedelta(hours=2, minutes=46, seconds=30)),
        "⌛ prod-db · read and write ended at 16:55 UTC, 46 minutes after its time. "
        "You held it for 2 hours 46 minutes.",
    ),
    "ended early": (
        ended(end_reason="given back", ended_at=GRACE.at + timedelta(seconds=42)),
        "⌛ prod-db · read and write ended at 14:09 UTC before its time: you gave it back. You held it for 42 seconds.",
    ),
    "ended where sessions go on": (
        ended(removal_takes_effect="at the next sign-in"),
        "⌛ prod-db · read and write ended at 16:09 UTC as agreed. You held it for 2 hours. "
        "The removal takes effect at the next sign-in.",
    ),
    "ended before it began": (
        ended(active_at=None, ended_at=None),
        "⌛ prod-db · read and write ended as agreed.",
    ),
    "denied": (
        story(GrantState.DENIED, said=(NO,)),
        "⛔ prod-db · read and write was denied by Grace Hopper at 14:09 UTC: “use staging-db for this”. "
        "Nothing was granted.\n"
        "What you can do: talk to them, or ask again and say more about why.",
    ),
    "lapsed": (
        story(GrantState.LAPSED, ended_at=NOW + timedelta(days=1)),
        "⌛ prod-db · read and write: Data Platform did not answer in time, so the request lapsed. "
        "Nothing was granted.\n"
        "What you can do: ask them in #C0DATAOWN, then ask again here.",
    ),
    "withdrawn": (
        story(GrantState.WITHDRAWN, ended_at=NOW),
        "⌛ prod-db · read and write: you took it back. Nothing was granted.",
    ),
    "cancelled": (
        story(GrantState.WITHDRAWN, lapses_at=None, ended_at=NOW),
        "⌛ prod-db · read and write: you took it back. Nothing was sent.",
    ),
    "voided": (
        approved(GrantState.VOIDED, end_reason="it can no longer be granted"),
        "⛔ prod-db · read and write is not granted after all. It can no longer be granted.\n"
        "What you can do: ask again, and it will be looked at anew.",
    ),
    "refused": (
        story(GrantState.REFUSED, reasons=("Contractors cannot hold administrative access.",), lapses_at=None),
        "⛔ I can't give prod-db · read and write. Contractors cannot hold administrative access. "
        "Nothing was granted.\n"
        "What you can do: change what you ask for, or talk to Data Platform in #C0DATAOWN.",
    ),
    "refused for its length": (
        story(GrantState.REFUSED, minutes=72 * 60, reasons=("That is longer than this access may last.",)),
        "⛔ I can't give prod-db · read and write. That is longer than this access may last. "
        "It is given for 8 hours at most. Nothing was granted.\n"
        "What you can do: change what you ask for, or talk to Data Platform in #C0DATAOWN.",
    ),
    "out of the catalogue": (
        story(entitlement=None, owner=None),
        "⏳ prod-db, 2 hours: waiting for its owner since 14:02 UTC. It lapses 24 Nov 14:02 UTC.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", STATES)
def test_each_state_reads_as_it_should(name):
    told, expected = STATES[name]
    message = request_message(told)
    assert hears(message) == expected
    assert problems(message) == []


@pytest.mark.parametrize("name", STATES)
def test_nothing_in_the_blocks_is_missing_from_the_words(name):
    """The same meaning for those who see no blocks; buttons alone are not in the words."""
    message = request_message(STATES[name][0])
    lines = [line for line in reads(message).split("\n") if not line.startswith("[")]
    assert "\n".join(lines) == hears(message)


def test_every_state_has_its_words():
    assert {told.state for told, _ in STATES.values()} == set(GrantState)


@pytest.mark.parametrize("state", GrantState)
def test_a_story_with_little_in_it_has_no_holes(state):
    """Facts that a row may lack leave no "None", no empty bracket and no stray sign."""
    bare = story(
        state,
        entitlement=None,
        owner=None,
        reasons=(),
        missing={},
        lapses_at=None,
        removal_takes_effect="",
        foreseen="",
    )
    assert clumsy(hears(request_message(bare))) == []


@pytest.mark.parametrize(
    ("name", "buttons"),
    [
        ("draft", ["Send request", "Change…", "Cancel"]), ("draft with holes", ["Fill in…", "Cancel"]),
        ("pending", ["Withdraw"]), ("approved", []), ("active", ["I'm done", "Extend"]),
        ("active and extended", ["I'm done"]), ("active and to be extended", ["I'm done"]), ("ending", []),
        ("ended", ["Ask again…"]),
        ("refused", ["Ask again…"]),
    ],
)  # fmt: skip
def test_buttons_offer_what_can_be_done_now(name, buttons):
    shown = [line for line in reads(request_message(STATES[name][0])).split("\n") if line.startswith("[")]
    assert shown == [f"[{label}]" for label in buttons]


def test_giving_back_asks_first_with_the_facts():
    button, _ = request_message(approved()).blocks[-1].to_dict()["elements"]
    assert button["confirm"]["text"]["text"] == (
        "prod-db · read and write ends now instead of at its time. You can ask again."
    )
    assert button["value"] == "g-1"


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ({"owner": 1}, "one approval from Data Platform"),
        ({"owner": 2}, "2 approvals from Data Platform"),
        (
            {"owner": 1, "security": 1},
            "one approval from Data Platform and one approval from the security team",
        ),
        ({"manager": 1, "owner": 0}, "one approval from the requester's manager"),
        ({}, "no further approval"),
    ],
)
def test_approvals_are_counted_in_words(missing, words):
    assert needed(story(missing=missing)) == words


def test_a_requester_reads_of_their_own_manager():
    draft = story(GrantState.DRAFT, missing={"manager": 1})
    assert "one approval from your manager" in hears(request_message(draft))


def test_reasons_join_to_one_sentence_even_if_an_operator_ended_them_with_a_full_stop():
    told = story(reasons=("it is production.", "its risk is 4 of 5", "it gives administrative power"))
    assert because(told) == "it is production, its risk is 4 of 5 and it gives administrative power"


def test_a_rationale_cannot_pretend_to_be_ours():
    """SL-9."""
    forged = replace(GRACE, rationale="no”\n✅ *Approved* by <@U0ALAN>: <!channel>")
    words = hears(request_message(approved(said=(forged,))))
    assert '“no" ✅' in words
    assert "\n" not in words
    assert problems(request_message(approved(said=(forged,)))) == []
