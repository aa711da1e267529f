"""The week's digest: its numbers, what stands out, and one line for a quiet week."""

from datetime import timedelta
from typing import Any

from bot.slack.messages.digests import KINDS, digest_message
from handlers.audit.digests import AUTOMATIC, BY_DELEGATION, BY_PEOPLE, Broken, Digest
from handlers.decisions.outliers import Outlier, StandsOut
from handlers.exceptions.strange import Kind
from tests.bot.slack.stories import NOW, clumsy, problems, reads

EVERYTHING = (
    "grant.requested", "approval.denied", "grant.refused", "grant.lapsed", "grant.withdrawn", "grant.expired",
    "grant.ended_early", "grant.given_back", "password.changed", "account.unlocked", "account.reported",
    "petition.asked", "petition.used", "vouching.given", "vouching.used", "delegation.made", BY_DELEGATION, AUTOMATIC,
    BY_PEOPLE, "text.erased", "log.archived", "log.unarchived", "log.archives_signed", "log.tiles_rebuilt",
    "stream.given_up",
)  # fmt: skip


def week(**changes: Any) -> Digest:
    told: dict[str, Any] = {
        "since": NOW - timedelta(weeks=1), "until": NOW, "entries": 4711, "counts": dict.fromkeys(EVERYTHING, 0),
        "late": 0, "exceptions": {}, "outliers": (), "names": {},
    }  # fmt: skip
    return Digest(**{**told, **changes})


FULL = week(
    counts={
        **dict.fromkeys(EVERYTHING, 0), AUTOMATIC: 12, BY_PEOPLE: 5, "approval.denied": 1, "grant.lapsed": 2,
        "grant.expired": 9, "grant.given_back": 1, "password.changed": 3, "account.unlocked": 1, "petition.asked": 1,
    },
    late=1,
    exceptions={"refused-request": (3, 3), "revocation-overdue": (1, 0), "of an older version": (1, 0)},
    outliers=(
        StandsOut(why=Outlier.LATEST_END, story="g-1", what="prod-db", who="p-1", took=timedelta(seconds=150), of=1),
        StandsOut(why=Outlier.QUICKEST, story="g-2", what="prod-db", who="p-2", took=timedelta(seconds=4), of=1),
        StandsOut(why=Outlier.MOST_REFUSED, story="g-3", who="p-3", times=3, of=3),
        StandsOut(why=Outlier.SLOWEST, story="g-4", what="wiki", who="p-2", took=timedelta(hours=20), of=6),
        StandsOut(why=Outlier.MOST_ASKED, what="wiki", times=7, of=17),
    ),
    names={"p-1": "Ada Lovelace", "p-2": "Grace Hopper", "p-3": "Eve Example"},
)  # fmt: skip


def test_who_broke_the_glass_is_told_with_how_often_and_a_drill_says_so():
    """B-4."""
    broken = (
        Broken(who="Bob Noyce", what="prod-db", drill=False, times=1, in_month=3),
        Broken(who="Bob Noyce", what="prod-db", drill=True, times=0, in_month=1),
    )
    message = digest_message(week(broken=broken))
    assert (
        "Breaking the glass\n"
        "• Bob Noyce, prod-db: 1 in this week, 3 in 30 days.\n"
        "• DRILL: Bob Noyce, prod-db: 0 in this week, 1 in 30 days."
    ) in reads(message)
    assert "1 in this week, 3 in 30 days" in message.text
    assert problems(message) == []
    assert "A quiet week" in reads(digest_message(week(broken=broken[1:])))


def test_a_full_week_reads_as_it_should():
    message = digest_message(FULL)
    assert reads(message) == (
        "The week in numbers\n"
        "16 Nov 2026 to 23 Nov 2026, 4,711 entries on record.\n"
        "Requests  12 granted at once by policy, 5 approved by people, 1 denied and 2 lapsed\n"
        "Grants  10 ended and 1 late by more than a minute\n"
        "Accounts  3 passwords reset, 1 unlock and 1 petition asked\n"
        "5 exceptions: refused request (3), of an older version (1) and overdue removal (1). 3 of them are "
        "not settled yet.\n"
        "What stands out\n"
        "• Ended late: prod-db of Ada Lovelace, by 2 minutes, the longest of the week. Story g-1.\n"
        "• Decided at once: Grace Hopper decided about prod-db 4 seconds after it was asked. Less than 10 seconds is "
        "hardly enough to read it. Story g-2.\n"
        "• Most refusals: Eve Example, 3 times. Policy refused what they asked for. Story g-3.\n"
        "• Slowest decision: wiki, 20 hours after it was asked, by Grace Hopper. Named from 4 hours on. Story g-4.\n"
        "• Most asked for: wiki, 7 of 17 requests.\n"
        "Each counts what was recorded in that week; what is not settled yet is told as it is now."
    )
    assert problems(message) == []
    assert clumsy(message.text) == []


def test_a_quiet_week_is_one_line():
    message = digest_message(week(entries=1))
    assert reads(message) == (
        "A quiet week, 16 Nov 2026 to 23 Nov 2026: nobody asked for anything, nothing ended, and nothing was strange "
        "(1 entry on record)."
    )
    assert problems(message) == []


def test_a_week_with_nothing_but_exceptions_is_not_quiet_and_the_words_alone_say_all():
    message = digest_message(week(exceptions={"left": (1, 0)}))
    assert "1 exception: person who left (1). All of them are settled." in message.text
    assert problems(message) == []


def test_every_kind_of_exception_has_a_name_and_all_of_them_with_hostile_names_fit():
    """SL-8, SL-9."""
    assert set(KINDS) == set(Kind)
    hostile = "<!channel> @a" * 20
    loud = week(
        exceptions=dict.fromkeys([*Kind], (10**6, 10**6)),
        outliers=tuple(
            StandsOut(
                why=why,
                story="g" * 64,
                what=hostile,
                who="p",
                took=timedelta(days=400),
                times=10**6,
                of=10**7,
            )
            for why in Outlier
        ),
        names={"p": hostile},
    )
    assert problems(digest_message(loud)) == []


def test_delegations_made_and_used_stand_in_a_line_of_their_own():
    """R-5."""
    counts = {**dict.fromkeys(EVERYTHING, 0), "delegation.made": 2, BY_DELEGATION: 1}
    assert "Delegations  2 made and 1 decision by delegation" in reads(digest_message(week(counts=counts)))


def test_what_an_operator_did_to_the_record_stands_in_a_line_of_its_own_and_makes_no_quiet_week():
    """Whoever has the key and the tables takes nothing out of the record without security's reading of it."""
    quiet = dict.fromkeys(EVERYTHING, 0)
    for action, told in (
        ("text.erased", "1 text erased"),
        ("log.archived", "1 archive written"),
        ("log.unarchived", "1 archive brought back"),
        ("log.archives_signed", "1 archive signed anew"),
        ("log.tiles_rebuilt", "the tree rebuilt 1 time"),
        ("stream.given_up", "the SIEM given up 1 time"),
    ):
        message = digest_message(week(counts={**quiet, action: 1}))
        assert f"The record  {told}" in reads(message)
        assert f"The record: {told}." in message.text
    counts = {**quiet, "text.erased": 7, "log.archived": 2, "log.tiles_rebuilt": 2}
    read = reads(digest_message(week(counts=counts)))
    assert "The record  7 texts erased, 2 archives written and the tree rebuilt 2 times" in read
