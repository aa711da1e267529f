"""The checker of histories: a sound one passes, and each way to tamper with it is found (promises 1, 2, 6 and 10)."""

from dataclasses import replace
from typing import Any

import pytest

from tests.chaos.checker import check, latest, longest_takeover, repeats
from tests.chaos.history import Change, Entry, Given, History, Lease, Shown

ADA = ("p-ada", "prod-db-rw")


def entry(at: float, action: str, about: str = "g1", outcome: str = "done", **facts: object) -> Entry:
    return Entry(at=at, action=action, outcome=outcome, about=about, facts=facts)


def change(at: float, *, added: bool, of: tuple[str, str] = ADA) -> Change:
    return Change(at=at, account=of[0], group=of[1], added=added)


def sound(**changes: Any) -> History:
    """One grant, from 100 to 160, given at 101 and taken back at 162. The bot was dead from 110 to 120."""
    whole = History(
        began=frozenset({("p-bob", "wiki-editors")}),
        holds=frozenset({("p-bob", "wiki-editors")}),
        at=300,
        up=[(0, 110), (120, 300)],
        changes=[change(101, added=True), change(162, added=False)],
        grants=[
            Given(id="g1", state="ended", account=ADA[0], group=ADA[1],
                  decided=100, expires=160, active=101.1, ended=162.1)
        ],
        entries=[
            entry(90, "grant.requested"),
            entry(100, "grant.approved"),
            entry(100.5, "effect.begun", removal=False),
            entry(101.1, "access.given"),
            entry(160, "grant.expired"),
            entry(161, "effect.begun", removal=True),
            entry(162.1, "access.removed"),
        ],
        shown=[Shown(about="g1", reader="U0ADA", owed="ended", stands="ended")],
        leases=[Lease(about="h1", first=100.5, last=101.0), Lease(about="h1", first=105, last=125)],
        kills=1,
    )  # fmt: skip
    return replace(whole, **changes)


def without(action: str) -> list[Entry]:
    return [each for each in sound().entries if each.action != action]


def found(history: History) -> set[str]:
    return {each.kind for each in check(history)}


def test_a_sound_history_is_sound():
    assert check(sound()) == []
    assert (latest(sound()), longest_takeover(sound()), repeats(sound())) == (2, 10, 0)


def test_time_in_which_no_bot_was_up_is_nobodys_fault():
    """The end falls into it; what counts is how long a bot let it stand."""
    dead = sound(
        up=[(0, 150), (500, 600)],
        at=600,
        changes=[change(101, added=True), change(501, added=False)],
        entries=[*sound().entries[:4], entry(500.2, "grant.expired"), entry(501.1, "access.removed")],
    )
    assert check(dead) == []
    assert latest(dead) == pytest.approx(1)


def given_late(until: float) -> History:
    """A replica stood still right before its call, and made it when all was over."""
    return sound(
        changes=[*sound().changes, change(170, added=True), change(until, added=False)],
        entries=[
            *sound().entries,
            entry(170.1, "access.given", read_back=True, overtaken=True, late=True),
            entry(until + 0.1, "access.removed", read_back=True, overtaken=True),
        ],
    )


def test_what_came_out_of_turn_is_on_the_record_and_put_right():
    assert check(given_late(171)) == []
    assert found(given_late(220)) == {"access outlived its time"}
    unsaid = [each for each in given_late(171).entries if "late" not in each.facts]
    assert found(replace(given_late(171), entries=unsaid)) >= {
        "access nothing gives",
        "effect without a record",
    }


def later(added: float, removed: float) -> list[Change]:
    return [change(added, added=True), change(removed, added=False)]


TAMPERED = {
    "taken back too late": (
        {"changes": later(101, 195), "entries": [*without("access.removed"), entry(195.1, "access.removed")]},
        {"access outlived its time"},
    ),
    "never taken back": (
        {"changes": [change(101, added=True)], "holds": sound().began | {ADA}, "entries": without("access.removed")},
        {"access outlived its time", "access nothing gives", "effect without a record"},
    ),
    "held by somebody who never asked": (
        {"holds": sound().began | {("p-eve", "prod-db-rw")}},
        {"access nothing gives"},
    ),
    "given before anybody approved": (
        {"changes": later(95, 162), "entries": [*without("access.given"), entry(95.1, "access.given")]},
        {"access nothing gives", "taken before its time"},
    ),
    "what stood before is gone": ({"holds": frozenset()}, {"access taken that was not ours"}),
    "given twice": (
        {"changes": [*later(101, 130), *later(131, 162)],
         "entries": [*sound().entries, entry(130.1, "access.removed"), entry(131.1, "access.given")]},
        {"given twice", "taken before its time", "recorded twice"},
    ),
    "taken twice": (
        {"changes": [*sound().changes, change(170, added=False)]}, {"taken twice", "effect without a record"},
    ),
    "taken while it lasted": (
        {"changes": later(101, 140), "entries": [*without("access.removed"), entry(140.1, "access.removed")]},
        {"taken before its time"},
    ),
    "given without a word": (
        {"entries": without("access.given")}, {"effect without a record"},
    ),
    "taken without a word": (
        {"entries": without("access.removed")}, {"effect without a record"},
    ),
    "approved without a word": (
        {"entries": without("grant.approved")}, {"effect without a record"},
    ),
    "given, it says": (
        {"changes": [], "entries": without("access.removed")}, {"record without its effect", "effect without a record"},
    ),
    "taken, it says": (
        {"changes": later(101, 162), "entries": [*without("access.removed"), entry(150, "access.removed")]},
        {"record without its effect", "effect without a record"},
    ),
    "active, says the row": (
        {"grants": [replace(sound().grants[0], state="active", ended=None, expires=400)], "changes": [],
         "entries": sound().entries[:4]},
        {"record without its effect"},
    ),
    "given, says an entry, and not the row": (
        {"grants": [replace(sound().grants[0], active=None)]}, {"record without its effect"},
    ),
    "recorded twice": ({"entries": [*sound().entries, entry(163, "access.removed")]}, {"recorded twice"}),
    "approved twice": ({"entries": [*sound().entries, entry(163, "grant.approved")]}, {"recorded twice"}),
    "a message that never came": (
        {"shown": [Shown(about="g1", reader="U0ADA", owed="ended", stands=None)]}, {"message missing"},
    ),
    "a message that says what was": (
        {"shown": [Shown(about="g1", reader="U0ADA", owed="ended", stands="active")]}, {"message out of date"},
    ),
    "a repeat though nobody was killed": (
        {"shown": [Shown(about="g1", reader="U0ADA", owed="ended", stands="ended", copies=1)], "kills": 0},
        {"message repeated"},
    ),
    "work that nobody took over": ({"leases": [Lease(about="h1", first=105, last=146)]}, {"taken over late"}),
    "something left to do": ({"left": ["1 messages owed"]}, {"left undone"}),
    "an audit log that was edited": ({"unsound": ["entry 7 was edited"]}, {"audit unsound"}),
}  # fmt: skip


@pytest.mark.parametrize("how", TAMPERED)
def test_what_was_tampered_with_is_found(how: str):
    changed, kinds = TAMPERED[how]
    assert found(sound(**changed)) == kinds


def test_what_a_dead_one_did_is_told_by_its_beginning_and_by_what_came_next():
    """It added and died; the person gave it back meanwhile, and whoever took over took it out (T-3)."""
    undone = sound(
        grants=[replace(sound().grants[0], active=None)],
        changes=later(101, 125),
        entries=[
            entry(100, "grant.approved"),
            entry(100.5, "effect.begun", removal=False),
            entry(105, "grant.given_back"),
            entry(124, "effect.begun", removal=True),
            entry(125.1, "access.removed"),
        ],
    )
    assert check(undone) == []
    unannounced = [each for each in undone.entries if each.facts.get("removal") is not False]
    assert found(replace(undone, entries=unannounced)) == {"effect without a record"}


def test_what_the_next_one_begins_at_once_is_not_the_beginning_of_what_a_dead_one_did():
    """It removed and died; half a second later its successor gave what had been approved meanwhile (T-3)."""
    second = Given(
        id="g2", state="active", account=ADA[0], group=ADA[1], decided=161.9, expires=400, active=163
    )
    overtaken = sound(
        grants=[*sound().grants, second],
        holds=sound().holds | {ADA},
        changes=[change(101, added=True), change(162, added=False), change(162.7, added=True)],
        entries=[
            *without("access.removed"),
            entry(162.1, "access.kept"),
            replace(entry(161.9, "grant.approved"), about="g2"),
            replace(entry(162.6, "effect.begun", removal=False), about="g2"),
            replace(entry(163, "access.given"), about="g2"),
        ],
    )
    assert "effect without a record" not in found(overtaken)
    unannounced = [each for each in overtaken.entries if each.facts.get("removal") is not True]
    assert "effect without a record" in found(replace(overtaken, entries=unannounced))


def test_one_repeat_for_a_kill_is_counted_and_no_finding():
    """Slack has no key by which it would know a message again (promise 10)."""
    repeated = sound(shown=[Shown(about="g1", reader="U0ADA", owed="ended", stands="ended", copies=1)])
    assert check(repeated) == []
    assert repeats(repeated) == 1


def test_overlapping_grants_are_one_stretch():
    """Given once, taken once, whoever's end came first (promise 8)."""
    second = Given(
        id="g2",
        state="ended",
        account=ADA[0],
        group=ADA[1],
        decided=150,
        expires=200,
        active=150.5,
        ended=201,
    )
    both = sound(
        grants=[*sound().grants, second],
        changes=later(101, 201),
        entries=[
            *without("access.removed"),
            entry(150, "grant.approved", "g2"), entry(150.5, "access.given", "g2"),
            entry(161.5, "access.kept"), entry(200, "grant.expired", "g2"), entry(201.1, "access.removed", "g2"),
        ],
    )  # fmt: skip
    assert check(both) == []


def test_what_is_given_back_and_asked_for_again_within_a_second_is_two_things():
    """Each addition belongs to the grant that was there, not to the one that came half a second later."""
    second = Given(
        id="g2", state="ended", account=ADA[0], group=ADA[1], decided=102.2, expires=162.2, active=102.9, ended=162.5
    )  # fmt: skip
    quick = sound(
        changes=[
            change(101.5, added=True), change(102.0, added=False), change(102.8, added=True),
            change(162.4, added=False),
        ],
        grants=[*sound().grants, second],
        entries=[
            *sound().entries[:3],
            entry(101.6, "access.given"),
            entry(101.9, "grant.given_back"),
            entry(101.95, "effect.begun", removal=True),
            entry(102.1, "access.removed"),
            entry(102.2, "grant.approved", "g2"),
            entry(102.3, "effect.begun", "g2", removal=False),
            entry(102.9, "access.given", "g2"),
            entry(162.2, "grant.expired", "g2"),
            entry(162.3, "effect.begun", "g2", removal=True),
            entry(162.5, "access.removed", "g2"),
        ],
    )  # fmt: skip
    assert check(quick) == []
    again = replace(
        quick,
        changes=[*quick.changes[:3], change(130, added=False), change(131, added=True), *quick.changes[3:]],
    )
    assert {"given twice", "taken before its time"} & found(again)
