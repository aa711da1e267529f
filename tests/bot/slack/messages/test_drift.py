"""What the security channel reads of drift and leavers, what can be pressed, and what stands there afterwards."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.actions import Action
from bot.slack.messages.alerts.facts import Alert
from bot.slack.messages.drift import DRIFT, drift_message
from bot.slack.messages.drift_decided import reconciled_text
from handlers.exceptions.strange import Kind
from handlers.outcomes import NoLonger, NotPossible, Reconciled, Repeated, Unknown
from tests.bot.slack.stories import NOW, clumsy, hears, problems, reads

TAIL = "medium · 23 Nov 14:02 UTC · story g-1"
LATER = (NOW + timedelta(minutes=3)).isoformat()
EVEN_LATER = (NOW + timedelta(minutes=4)).isoformat()
ADA = {"entitlement": "prod-db", "group": "prod-db-rw", "kind": "account", "member": "p-ada", "longest": 480}
MANY = {"directory": "local", "count": 14, "looked_at": 120, "names": ["Ada (ada)", "Bob (bob)"]}
BY_ALAN = {"decided_by": "Alan Turing", "decided_at": LATER}


def alert(kind: Kind, facts: dict[str, Any] | None = None, **changes: Any) -> Alert:
    """One exception of this kind, seen once."""
    told: dict[str, Any] = {
        "id": "x-1", "kind": kind, "severity": "medium", "who": "Ada Lovelace (ada)", "facts": facts or {},
        "correlation": "g-1", "count": 1, "first_at": NOW, "last_at": NOW,
    }  # fmt: skip
    return Alert(**{**told, **changes})


STRANGER = "Ada Lovelace (ada) is in prod-db-rw, and no grant and no declaration explains it."
GONE = (
    "Ada Lovelace (ada) was given prod-db until 23 Nov 14:05 UTC, and is not in prod-db-rw any more. "
    "Other hands took it away."
)
FIRST = "This was the first look at wiki-editors: Ada (ada), Bob (bob) and 10 more."

GOLDEN = [
    (
        alert(Kind.UNEXPLAINED, ADA),
        "⚠️ Not given by Wicket: prod-db, held by Ada Lovelace (ada)",
        f"{STRANGER} Nothing was changed.",
        "[Adopt for 8 hours…] [Remove] [Declare standing…]",
    ),
    (
        alert(Kind.UNEXPLAINED, {**ADA, "longest": 30 * 1440}),
        "⚠️ Not given by Wicket: prod-db, held by Ada Lovelace (ada)",
        f"{STRANGER} Nothing was changed.",
        "[Adopt for 1 day…] [Remove] [Declare standing…]",
    ),
    (
        alert(Kind.UNEXPLAINED, {**ADA, "kind": "group"}, who="team-x"),
        "⚠️ Not given by Wicket: prod-db, held by the group team-x",
        "The group team-x is in prod-db-rw, and no grant and no declaration explains it. Nothing was changed. "
        "Everybody in it has it. Wicket takes no group out of a group: do that in the directory, or declare it.",
        "[Declare standing…]",
    ),
    (
        alert(Kind.UNEXPLAINED, {**ADA, **BY_ALAN, "way": "remove"}),
        "⚠️ Not given by Wicket: prod-db, held by Ada Lovelace (ada)",
        f"{STRANGER}\n✅ Removed by Alan Turing at 14:05 UTC. The directory is being changed.",
        "",
    ),
    (
        alert(Kind.UNEXPLAINED, {**ADA, **BY_ALAN, "way": "remove", "settled": EVEN_LATER}),
        "⚠️ Not given by Wicket: prod-db, held by Ada Lovelace (ada)",
        f"{STRANGER}\n✅ Removed by Alan Turing at 14:05 UTC. The directory agrees since 14:06 UTC.",
        "",
    ),
    (
        alert(Kind.UNEXPLAINED, {**ADA, "given": True, "decided_by": "the record", "way": "remove", "settled": LATER}),
        "⚠️ Not written by Wicket: the grant of prod-db to Ada Lovelace (ada)",
        "Ada Lovelace (ada) is in prod-db-rw. Wicket gave it, and in the database its grant was changed or taken away. "
        "Find out who can write to the database, and compare it with the record.\n"
        "✅ Removed by the record. The directory agrees since 14:05 UTC.",
        "",
    ),
    (
        alert(Kind.UNEXPLAINED, {**ADA, **BY_ALAN, "way": "adopt", "minutes": 480, "settled": LATER}),
        "⚠️ Not given by Wicket: prod-db, held by Ada Lovelace (ada)",
        f"{STRANGER}\n✅ Adopted by Alan Turing at 14:05 UTC for 8 hours. It ends by itself.",
        "",
    ),
    (
        alert(Kind.UNEXPLAINED, {**ADA, **BY_ALAN, "way": "declare", "review": LATER, "settled": LATER}),
        "⚠️ Not given by Wicket: prod-db, held by Ada Lovelace (ada)",
        f"{STRANGER}\n✅ Declared standing by Alan Turing at 14:05 UTC, to be reviewed by 23 Nov 2026.",
        "",
    ),
    (
        alert(Kind.UNEXPLAINED, {**ADA, "settled": LATER}),
        "⚠️ Not given by Wicket: prod-db, held by Ada Lovelace (ada)",
        f"{STRANGER} Settled 23 Nov 14:05 UTC: it is gone, or explained now.",
        "",
    ),
    (
        alert(Kind.VANISHED, {**ADA, "ends": LATER}),
        "⚠️ Gone from the directory: prod-db of Ada Lovelace (ada)",
        f"{GONE} Nothing was changed.",
        "[Give it again] [End the grant]",
    ),
    (
        alert(Kind.VANISHED, {**ADA, "ends": LATER, **BY_ALAN, "way": "give-again"}),
        "⚠️ Gone from the directory: prod-db of Ada Lovelace (ada)",
        f"{GONE}\n✅ Given again by Alan Turing at 14:05 UTC. The directory is being changed.",
        "",
    ),
    (
        alert(Kind.VANISHED, {**ADA, "ends": LATER, **BY_ALAN, "way": "give-again", "voided": True,
                              "settled": LATER}),
        "⚠️ Gone from the directory: prod-db of Ada Lovelace (ada)",
        f"{GONE}\n⛔ Not given again: it was asked for by Alan Turing at 14:05 UTC, and policy says no by now.",
        "",
    ),
    (
        alert(Kind.VANISHED, {**ADA, "ends": LATER, **BY_ALAN, "way": "end"}),
        "⚠️ Gone from the directory: prod-db of Ada Lovelace (ada)",
        f"{GONE}\n⌛ Ended by Alan Turing at 14:05 UTC.",
        "",
    ),
    (
        alert(Kind.FOUND_STANDING, {"entitlement": "wiki-edit", "group": "wiki-editors", "count": 12,
                                    "standing": True, "names": ["Ada (ada)", "Bob (bob)"]}),
        "⚠️ Stood before Wicket: 12 members of wiki-edit",
        f"{FIRST} Nothing was changed, and whoever comes after them has to be explained.",
        "[Declare standing…]",
    ),
    (
        alert(Kind.FOUND_STANDING, {"entitlement": "wiki-edit", "group": "wiki-editors", "count": 12,
                                    "standing": False, "names": ["Ada (ada)", "Bob (bob)"]}),
        "⚠️ Stood before Wicket: 12 members of wiki-edit",
        f"{FIRST} wiki-edit may not be held without an end (standing = false). "
        "Nothing was changed, and whoever comes after them has to be explained.",
        "[Declare standing…]",
    ),
    (
        alert(Kind.FOUND_STANDING, {"entitlement": "wiki-edit", "group": "wiki-editors", "count": 1,
                                    "standing": True, "names": [], "declared": 3, "declared_by": "Alan Turing"}),
        "⚠️ Stood before Wicket: 1 member of wiki-edit",
        "This was the first look at wiki-editors: 1 of them. Alan Turing declared 3 of them; nobody declares their "
        "own. Nothing was changed, and whoever comes after them has to be explained.",
        "[Declare standing…]",
    ),
    (
        alert(Kind.REVIEW_DUE, {"entitlement": "wiki-edit", "count": 1, "names": ["Ada (ada)"]}),
        "⚠️ Review due: 1 standing member of wiki-edit",
        "They were declared until now: Ada (ada). They keep it meanwhile. Declare them anew, or take out in the "
        "directory who should not have it.",
        "[Declare standing…]",
    ),
    (
        alert(Kind.GROUP_GONE, {"entitlement": "prod-db", "group": "prod-db-rw", "count": 2}),
        "⚠️ The group of prod-db is gone",
        "The directory has no group prod-db-rw any more, so prod-db can neither be given nor be compared. "
        "2 grants on it are not over. Make the group again, or correct its name in the catalogue.",
        "",
    ),
    (
        alert(Kind.LEFT, {"why": "left", "access": ["prod-db", "wiki-edit"], "requests": ["crm-read"],
                          "approvals": ["github-admin"], "delegations": 1, "link": True, "pages": 1}),
        "⚠️ Left: Ada Lovelace (ada)",
        "Ada Lovelace (ada) is no longer in the directory. Ended at once: access to prod-db and wiki-edit, the open "
        "request for crm-read, their approval of requests for github-admin, 1 delegation of approvals by or to them, "
        "the link of their Slack account and 1 open link to the secure page. Their entry is gone, so a membership that "
        "still names it cannot be taken out by id: look there. Coming back revives nothing.",
        "",
    ),
    (
        alert(Kind.LEFT, {"why": "switched off", "access": ["prod-db"]}),
        "⚠️ Left: Ada Lovelace (ada)",
        "Ada Lovelace (ada) is switched off in the directory. Ended at once: access to prod-db. "
        "What they hold standing is left to the directory. Coming back revives nothing.",
        "",
    ),
    (
        alert(Kind.MANY_LEFT, MANY),
        "⚠️ Halted: 14 people gone at once",
        "Of 120 people looked at in the directory local, 14 are gone or switched off: Ada (ada), Bob (bob) and 12 "
        "more. That is more likely a mistake there than the truth. Nothing was ended. Look in the directory first.",
        "[End what they hold]",
    ),
    (
        alert(Kind.MANY_LEFT, {**MANY, **BY_ALAN, "way": "confirm"}),
        "⚠️ Halted: 14 people gone at once",
        "Of 120 people looked at in the directory local, 14 are gone or switched off: Ada (ada), Bob (bob) and 12 "
        "more. That is more likely a mistake there than the truth.\n✅ Confirmed by Alan Turing at 14:05 UTC. "
        "It ends within a minute.",
        "",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "facts", "told"),
    [
        (
            Kind.UNEXPLAINED,
            ADA,
            "Ada Lovelace (ada) is in prod-db-rw of the directory lab, and no grant and no",
        ),
        (
            Kind.UNEXPLAINED,
            {**ADA, "kind": "group"},
            "is in prod-db-rw of the directory lab, and no grant and no",
        ),
        (
            Kind.VANISHED,
            ADA,
            "Ada Lovelace (ada) was given prod-db, and is not in prod-db-rw of the directory lab any",
        ),
        (Kind.VANISHED, {**ADA, "ends": LATER}, "and is not in prod-db-rw of the directory lab any more."),
        (Kind.FOUND_STANDING, ADA, "This was the first look at prod-db-rw of the directory lab: "),
        (Kind.REVIEW_DUE, ADA, "They were declared in prod-db-rw of the directory lab until now: "),
        (
            Kind.GROUP_GONE,
            ADA,
            "The directory lab has no group prod-db-rw any more, so prod-db can neither be given",
        ),
        (Kind.LEFT, {"why": "left"}, "Ada Lovelace (ada) is no longer in the directory lab. "),
        (Kind.LEFT, {"why": "switched off"}, "Ada Lovelace (ada) is switched off in the directory lab. "),
    ],
)
def test_where_there_are_several_directories_it_is_said_which(
    kind: Kind, facts: dict[str, Any], told: str
) -> None:
    message = drift_message(alert(kind, {**facts, "directory": "lab"}))
    assert told in reads(message)


@pytest.mark.parametrize(("told", "title", "sentence", "buttons"), GOLDEN)
def test_each_reads_as_it_should(told, title, sentence, buttons):
    message = drift_message(told)
    lines = [
        title,
        sentence,
        TAIL,
        *([buttons.replace("] [", "]\n[")] if buttons else []),
        "[What happened?]",
    ]
    assert reads(message) == "\n".join(lines)
    assert hears(message).replace("`", "").replace("*", "") == f"{title}. {sentence} ({TAIL})"
    assert problems(message) == []
    assert clumsy(reads(message)) == []


def test_every_kind_of_drift_has_its_sentence():
    assert {told.kind for told, *_ in GOLDEN} == DRIFT


@pytest.mark.parametrize("kind", sorted(DRIFT))
def test_one_of_which_little_is_known_has_no_holes(kind):
    bare = alert(kind, who="", severity="low")
    assert clumsy(hears(drift_message(bare))) == []
    assert problems(drift_message(bare)) == []


def test_what_takes_away_asks_first_with_the_facts_repeated():
    """And every button carries the exception's id alone (SL-8)."""
    for kind, action, words in (
        (Kind.UNEXPLAINED, Action.REMOVE, "Ada Lovelace (ada) loses prod-db now."),
        (Kind.VANISHED, Action.END_GRANT, "Ada Lovelace (ada) no longer holds prod-db."),
    ):
        rows = [block.to_dict() for block in drift_message(alert(kind, ADA)).blocks]
        buttons = {one["action_id"]: one for one in rows[-1]["elements"]}
        assert buttons[action]["confirm"]["text"]["text"] == words
        assert {one["value"] for one in buttons.values()} == {"x-1"}


NASTY = st.text(max_size=50) | st.sampled_from(
    ["<!channel>", "&" * 3000, "*bold*", "`" * 500, "a\nb", "ﷺ" * 900]
)


@given(
    kind=st.sampled_from(sorted(DRIFT)),
    who=NASTY,
    facts=st.fixed_dictionaries(
        {},
        optional={
            **dict.fromkeys(
                ("entitlement", "group", "kind", "member", "ends", "decided_by", "decided_at", "way", "why",
                 "directory", "declared_by", "review", "settled"), NASTY
            ),
            **dict.fromkeys(("names", "access", "requests", "approvals"), st.lists(NASTY, max_size=15)),
            **dict.fromkeys(("count", "longest", "looked_at", "pages", "declared", "minutes"),
                            st.integers(0, 10**6)),
        },
    ),
)  # fmt: skip
def test_it_always_fits_and_pings_nobody(kind, who, facts):
    """It must never be lost because a name is long (SL-8) or alive (SL-9)."""
    assert problems(drift_message(alert(kind, facts, who=who))) == []


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (NoLonger(by="Alan Turing", way="remove", at=None), "Alan Turing removed this. Nothing more to do."),
        (NoLonger(by="", way="", at=None), "This is over already"),
        (NotPossible(reasons=("It may not stand.",)), "It may not stand. Nothing was changed."),
        (Unknown(what="exception"), "This is no longer there, so nothing was changed."),
    ],
)
def test_a_click_that_did_not_count_hears_why(outcome, words):
    assert words in reconciled_text(outcome)


@pytest.mark.parametrize("outcome", [Reconciled(way="remove"), Repeated()])
def test_a_click_that_counted_is_answered_by_the_message_itself(outcome):
    assert reconciled_text(outcome) == ""
