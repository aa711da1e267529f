"""What is said while a request waits and a grant lasts, word for word; whatever anybody typed, it pings nobody."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.slack.forms.ending import ending_form
from bot.slack.messages.approvals import approval_message
from bot.slack.messages.during import (
    already_extended_text,
    ended_early_message,
    ended_text,
    ending_message,
    late_end_text,
    not_ended_text,
    reminder_message,
    still_ends,
    still_waits,
)
from bot.slack.messages.requests import request_message
from handlers.decisions.cedar import NO_POLICY
from handlers.outcomes import AlreadyExtended, EndedEarly, NotAllowed, TooLate
from handlers.requests.stories import Extension, Held, PassedOn
from storage.catalogue import Owner
from storage.states import GrantState
from tests.bot.slack.stories import ADA, GRACE, NOW, approved, clumsy, ended, hears, problems, reads, story

PLATFORM = Owner(id="platform", name="Platform", channel="C0PLATFORM", approvers="platform-owners")
EARLY = {"end_reason": "ended early", "ended_by": "Linus Pauling", "end_rationale": "the incident is over"}

SAID = {
    "a reminder": (
        reminder_message(story(fallback="Platform")),
        "⏳ prod-db · read and write for Ada Lovelace still waits for a decision, since 23 Nov 14:02 UTC. "
        "It lapses 24 Nov 14:02 UTC. If nobody decides, it goes to Platform. Decide it in the message above.",
    ),
    "a reminder where nobody stands in": (
        reminder_message(story()),
        "⏳ prod-db · read and write for Ada Lovelace still waits for a decision, since 23 Nov 14:02 UTC. "
        "It lapses 24 Nov 14:02 UTC. Decide it in the message above.",
    ),
    "a reminder, settled": (
        reminder_message(approved()),
        "✅ prod-db · read and write for Ada Lovelace: this is settled, see above.",
    ),
    "the end is near": (
        ending_message(approved()),
        "⏳ prod-db · read and write ends 23 Nov 16:09 UTC.\n[I'm done]\n[Extend]",
    ),
    "the end is near and an extension waits": (
        ending_message(approved(extension=Extension(until=None, minutes=60))),
        "⏳ prod-db · read and write ends 23 Nov 16:09 UTC. Your extension still waits for Data Platform.\n"
        "[I'm done]",
    ),
    "it goes on": (
        ending_message(ended(extension=Extension(until=NOW, minutes=60))),
        "✅ prod-db · read and write goes on until 23 Nov 14:02 UTC.",
    ),
    "it ended": (
        ending_message(ended()),
        "⌛ prod-db · read and write: this reminder is settled. How it ended stands in the message about it.",
    ),
    "ended by somebody": (
        ended_early_message(ended(**EARLY)),
        "⌛ prod-db · read and write was ended by Linus Pauling: “the incident is over”.\n"
        "What you can do: talk to them, or ask again and say more about why.\n[Ask again…]",
    ),
}


@pytest.mark.parametrize("name", SAID)
def test_each_reads_as_it_should(name):
    message, expected = SAID[name]
    assert reads(message) == expected
    assert hears(message) == "\n".join(line for line in expected.split("\n") if not line.startswith("["))
    assert problems(message) == []
    assert clumsy(reads(message)) == []
    assert "<@" not in message.text


def test_a_reminder_stands_in_the_thread_of_its_request():
    for message in (reminder_message(story()), reminder_message(approved())):
        assert message.below == ("approval", "g-1")
        assert message.aloud


def test_what_was_overtaken_is_not_said():
    """A reminder about a request that was decided, an end that was put off or is over."""
    before = NOW + timedelta(hours=1)
    assert still_waits(story())
    assert not still_waits(approved())
    assert still_ends(approved(), now=before)
    assert still_ends(approved(extension=Extension(until=None, minutes=60)), now=before)
    assert not still_ends(approved(extension=Extension(until=NOW, minutes=60)), now=before)
    assert not still_ends(approved(), now=NOW + timedelta(hours=3))
    assert not still_ends(ended(), now=before)


def test_an_owner_reads_what_is_to_be_extended_and_to_whom_it_was_passed_on():
    message = approval_message(
        story(
            goes_on_from=Held(since=NOW - timedelta(hours=1), until=NOW + timedelta(hours=1)),
            passed_on=PassedOn(owner=PLATFORM, why="nobody answered", at=NOW + timedelta(hours=18)),
        )
    )
    words = reads(message)
    assert words.startswith("Extension: prod-db · read and write\n")
    assert "Ada Lovelace has it until 15:02 UTC, since 23 Nov 13:02 UTC." in words
    assert "They had never had it before." in words
    assert "never had this" not in words
    assert "Passed on to Platform at 08:02 UTC, because nobody answered." in words
    assert problems(message) == []


def test_a_sentence_for_each_click_that_changed_nothing():
    no = NotAllowed(
        entitlement="prod-db", owner_name="Data Platform", reasons=(), can=("Grace", "Linus", "Mary")
    )
    assert not_ended_text(no) == (
        "You can't end this one. *prod-db* belongs to Data Platform. Ask Grace or Linus. Nothing was changed."
    )
    assert "No policy" not in not_ended_text(replace(no, reasons=(NO_POLICY,)))
    assert "Contractors do not decide." in not_ended_text(
        replace(no, reasons=("Contractors do not decide.",))
    )
    assert not_ended_text(replace(no, owner_name="", can=())) == (
        "You can't end this one. *prod-db* is not in the catalogue any more, so only the security team of the "
        "directory of whoever has it can end it. Nothing was changed."
    )
    late = TooLate(entitlement="prod-db", state="ended", by="", at=None)
    assert late_end_text(late) == "This access has ended already. Nothing more to do."
    assert late_end_text(replace(late, by="Grace")) == "Grace ended this. Nothing more to do."
    twice = AlreadyExtended(entitlement="prod-db", until=None)
    assert already_extended_text(twice) == "*prod-db* goes on already. I did not ask twice."
    assert ended_text(EndedEarly(grant="g-1", still_until=None)) == ""
    assert "another grant until" in ended_text(EndedEarly(grant="g-1", still_until=NOW))


@pytest.mark.parametrize("sign", ["&", "<", "*", "@", "”", "\n", "ﷺ", "<!channel>", "<@U0ADA>"])
@pytest.mark.parametrize("state", ["pending", "active", "ending", "ended"])
def test_five_hundred_of_one_sign_everywhere_still_fit(sign, state):
    """SL-8, SL-9: in every message about a grant, extended, passed on and ended by somebody."""
    name, words = (sign * 100)[:100], (sign * 500)[:500]
    told = approved(
        GrantState(state),
        requester=replace(ADA, name=name, team=name, manager=name),
        justification=words,
        said=tuple(replace(GRACE, name=name, rationale=words) for _ in range(2)),
        extension=Extension(until=NOW, minutes=60),
        goes_on_from=Held(since=NOW, until=NOW),
        passed_on=PassedOn(owner=replace(PLATFORM, name=name), why="nobody answered", at=NOW),
        ended_at=NOW,
        **{**EARLY, "ended_by": name, "end_rationale": words},
    )
    for message in (
        approval_message(told), request_message(told), reminder_message(told), ending_message(told),
        ended_early_message(told),
    ):  # fmt: skip
        assert problems(message) == []
    assert ending_form(told).to_dict()["private_metadata"] == "g-1"


def test_only_in_an_owners_channel_is_there_a_button_to_end_it():
    """Whoever was asked alone, such as a manager, may not end it: nobody is offered what they cannot do."""
    assert "[End now…]" in reads(approval_message(approved()))
    assert "[End now…]" not in reads(approval_message(approved(), to_owner=False))
