"""A question of policy as people state it: a named cast, and of the question only what differs from the usual.

It never looks anything up and never guesses: what it does not know it refuses by name, with the nearest that it knows.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import MAXYEAR, MINYEAR, datetime, timedelta
from typing import Any, TypeAlias, TypeVar

from handlers.decisions.circumstances import HAS_NOTHING, Having, Recently
from handlers.decisions.delegated import DelegateQuestion
from handlers.decisions.emergency_questions import EmergencyQuestion, EmergencyReviewQuestion
from handlers.decisions.help_questions import HelpQuestion
from handlers.decisions.made_up import SOMEBODY
from handlers.decisions.policy import (
    AccessQuestion,
    AccountQuestion,
    Action,
    AttestQuestion,
    DriftQuestion,
    Question,
    ResumeQuestion,
    VouchQuestion,
)
from handlers.decisions.stated_facts import (
    NONE,
    UNKNOWN,
    Misstated,
    facts_of,
    length,
    nearest,
    several,
    text,
    unknown,
    values,
    whole,
)
from storage.catalogue import Catalogue, Entitlement, Owner
from storage.directories.base import Account

T = TypeVar("T")
Stated: TypeAlias = Mapping[str, object]
"""What stands in a table: values by key."""

# What it is like, what differs, its name.
_Make: TypeAlias = Callable[[T | None, Stated, str], T]

_PLAIN_OWNER = Owner(id="owners", name="Owners", channel="", approvers="owners", on_call="on-call")
_PLAIN_ENTITLEMENT = Entitlement(
    id="",
    title="",
    directory="local",
    group="",
    owner=_PLAIN_OWNER.id,
    risk=1,
    environment="corporate",
    kind="tool",
    access="",
    max_duration=timedelta(hours=24),
)


@dataclass(frozen=True, kw_only=True)
class Lately:
    """What happened to one account, as `Recently` has it of all."""

    hours_since_reset: int | None = None
    reported: bool = False


_NOTHING_LATELY = Lately()


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody of a cast."""

    account: Account
    lately: Lately = _NOTHING_LATELY


@dataclass(frozen=True, kw_only=True)
class Cast:
    """Who and what can be named in a question, by name."""

    people: Mapping[str, Person] = field(default_factory=dict)
    entitlements: Mapping[str, Entitlement] = field(default_factory=dict)
    owners: Mapping[str, Owner] = field(default_factory=dict)


# Of things each of which is like the next.
_LONGEST_CHAIN = 50

_WORDS = {"people": "person", "entitlements": "entitlement", "owners": "owner"}

# The people that a question names beside who asks.
_PEOPLE: Mapping[Action, tuple[str, ...]] = {
    Action.GRANT: ("asked_by",),
    Action.REQUEST: ("asked_by",),
    Action.REQUEST_FOR: ("whom",),
    Action.APPROVE: ("requester", "report"),
    Action.REVOKE: ("requester", "report"),
    Action.RECONCILE: ("member",),
    Action.DELEGATE: ("delegate",),
    Action.RESUME: (),
    Action.BREAK_GLASS: (),
}
_TO_AN_ACCOUNT = ("whom",)
_KIND: Mapping[Action, type[Question]] = {
    **dict.fromkeys(
        (Action.GRANT, Action.REQUEST, Action.REQUEST_FOR, Action.APPROVE, Action.REVOKE), AccessQuestion
    ),
    Action.RECONCILE: DriftQuestion,
    Action.DELEGATE: DelegateQuestion,
    Action.RESUME: ResumeQuestion,
    Action.VOUCH: VouchQuestion,
    Action.ATTEST: AttestQuestion,
    Action.BREAK_GLASS: EmergencyQuestion,
    Action.REVIEW_EMERGENCY: EmergencyReviewQuestion,
    **dict.fromkeys((Action.UNLOCK_FOR, Action.START_RESET_FOR, Action.RECHECK_FOR), HelpQuestion),
}
_ABOUT_ENTITLEMENTS = (
    AccessQuestion, DriftQuestion, DelegateQuestion, EmergencyQuestion, EmergencyReviewQuestion,
)  # fmt: skip
_LASTING = (AccessQuestion, DriftQuestion, EmergencyQuestion)
_BESIDE = (AccessQuestion, DriftQuestion)
_USUAL: Mapping[type[Question], Stated] = {
    AccessQuestion: {"justification_given": True, "ticket_given": False},
    DriftQuestion: {"way": "remove", "role": None},
    DelegateQuestion: {"role": None, "max_risk": 3, "max_minutes": 480, "hours": 24, "oneself": False},
    ResumeQuestion: {"role": None, "kind": "restored"},
    EmergencyReviewQuestion: {"role": None, "finding": "justified"},
    AttestQuestion: {"role": None, "kind": "proofs", "way": "approve"},
    VouchQuestion: {
        "role": None,
        "spoken": "in_person",
        "ticket_given": False,
        "oneself": False,
        "reports_to": False,
        "moved": False,
        "hours_linked": 365 * 24,
        "days_since_return": None,
    },
    HelpQuestion: {
        "serves": True,
        "ticket_given": True,
        "oneself": False,
        "reports_to": False,
        "acts_left": 1,
        "left_for_them": 1,
        "ticket_left": 1,
    },
}


def cast_from(stated: Stated, catalogue: Catalogue | None = None) -> Cast:
    """The cast that tables `people`, `entitlements` and `owners` describe, each by name.

    catalogue: what can be named without being described. Misstated, with the place, where one will not do.
    """
    known = (
        Cast() if catalogue is None else Cast(entitlements=catalogue.entitlements, owners=catalogue.owners)
    )
    owners = {_PLAIN_OWNER.id: _PLAIN_OWNER, **known.owners, **_described(stated, "owners", {}, _owner)}
    things = {**known.entitlements, **_described(stated, "entitlements", known.entitlements, _entitlement)}
    for name, thing in things.items():
        if thing.owner not in owners:
            raise Misstated(unknown(thing.owner, owners, "owner")).under("owner", name, "entitlements")
    return Cast(people=_described(stated, "people", {}, _person), entitlements=things, owners=owners)


def known_facts(action: Action) -> frozenset[str]:
    """Every key that a question about this action can be stated with."""
    kind = _KIND.get(action, AccountQuestion)
    about = (*(["what"] if kind in _ABOUT_ENTITLEMENTS else []), *(["for"] if kind in _LASTING else []))
    held = {AccessQuestion: ("held", "has", "open_grants"), DriftQuestion: ("has",)}.get(kind, ())
    people = _PEOPLE.get(action, _TO_AN_ACCOUNT)
    return frozenset({"action", "who", "now", *about, *held, *people, *facts_of(kind)})


def action_of(stated: Stated) -> Action:
    """What is asked; Misstated if that is nothing that policy knows."""
    if "action" not in stated:
        raise Misstated(f"says no action. Known here: {', '.join(Action)}")
    written = text(stated["action"], "action")
    if written not in set(Action):
        raise Misstated(unknown(written, list(Action), "action"), "action")
    return Action(written)


def question_from(stated: Stated, cast: Cast) -> Question:
    """The question that is stated; Misstated, with the key that will not do.

    Beside `action` and `who`: `what` (an entitlement) or `whom` (a person), `now`, and the facts of the question by
    the names that they have in handlers.decisions.policy. A person or an entitlement is a name of the cast, or
    { like = NAME } with what differs.
    """
    action = action_of(stated)
    refuse_unknown(stated, known_facts(action))
    kind = _KIND.get(action, AccountQuestion)
    people = {
        key: _one(stated, key, cast.people, "person", _person)
        for key in ("who", *_PEOPLE.get(action, _TO_AN_ACCOUNT))
        if stated.get(key, NONE) != NONE
    }
    if "who" not in people:
        raise Misstated("says nobody who asks. Write: who = NAME")
    parts: dict[str, Any] = {**_USUAL.get(kind, {}), **values(kind, stated), "now": _moment(stated)}
    parts |= {"action": action, "principal": people["who"].account, "recently": _lately(people.values())}
    if kind in _ABOUT_ENTITLEMENTS:
        what = _one(stated, "what", cast.entitlements, "entitlement", _entitlement)
        owner = _named(what.owner, cast.owners, "owner")
        parts |= {"entitlement": what, "owner": owner}
    if kind in _LASTING:
        parts["minutes"] = _minutes(stated, kind)
    if kind in _BESIDE:
        parts["having"] = _having(stated, cast)
    if kind is AccessQuestion:
        parts["held"] = _held(stated)
    return kind(**{**parts, **_others(action, people)})


def refuse_unknown(stated: Iterable[str], known: Collection[str]) -> None:
    """Misstated at the first key that is not among these."""
    for key in stated:
        if key not in known:
            raise Misstated(f"is not known here. {nearest(key, known)}", key)


def _others(action: Action, people: Mapping[str, Person]) -> dict[str, object]:
    """The people of a question beside who asks, under the names that the question has for them."""
    accounts = {key: person.account for key, person in people.items()}
    who = accounts["who"]
    if action in (Action.GRANT, Action.REQUEST):
        asked_by = accounts.get("asked_by")
        return {"requester": asked_by or who, "report": who if asked_by else None}
    if action is Action.REQUEST_FOR:
        return {"requester": who, "report": _needed(accounts, "whom")}
    if action in (Action.APPROVE, Action.REVOKE):
        return {"requester": _needed(accounts, "requester"), "report": accounts.get("report")}
    if action is Action.RECONCILE:
        return {"member": accounts.get("member")}
    if action is Action.DELEGATE:
        return {"delegate": accounts.get("delegate")}
    if action in (Action.RESUME, Action.BREAK_GLASS):
        return {}
    if _KIND.get(action) in (VouchQuestion, AttestQuestion, HelpQuestion, EmergencyReviewQuestion):
        return {"target": _needed(accounts, "whom")}
    return {"target": accounts.get("whom", who)}


def _needed(accounts: Mapping[str, Account], key: str) -> Account:
    if key not in accounts:
        raise Misstated(f"says nobody for this action. Write: {key} = NAME")
    return accounts[key]


def _minutes(stated: Stated, kind: type[Question]) -> int:
    usual = timedelta() if kind is DriftQuestion else timedelta(hours=1)
    return _in_minutes(length(stated["for"], "for", endless=True) if "for" in stated else usual)


def _held(stated: Stated) -> int:
    return _in_minutes(length(stated["held"], "held")) if "held" in stated else 0


def _having(stated: Stated, cast: Cast) -> Having:
    """What whoever is to have it has beside it: nothing, unless it is said; "unknown" is not nothing."""
    has, grants = stated.get("has", []), stated.get("open_grants", HAS_NOTHING.open_grants)
    beside = None
    if has != UNKNOWN:
        names = sorted(several(has, "has"))
        beside = tuple(
            _one({"has": name}, "has", cast.entitlements, "entitlement", _entitlement) for name in names
        )
    return Having(beside=beside, open_grants=None if grants == UNKNOWN else whole(grants, "open_grants"))


def _in_minutes(span: timedelta) -> int:
    return int(-(-span.total_seconds() // 60))


def _moment(stated: Stated) -> datetime:
    """Times are stated: a rule about hours would otherwise answer one thing by day and another by night."""
    now = stated.get("now")
    # In the first and the last year there is a zone in which it is no day that a calendar has.
    if not isinstance(now, datetime) or now.tzinfo is None or not MINYEAR < now.year < MAXYEAR:
        raise Misstated("needs a moment with its zone. Write: now = 2026-03-02T12:00:00Z", "now")
    return now


def _lately(people: Iterable[Person]) -> Recently:
    """Of one account named twice, whatever happened by either naming; who asks comes first."""
    hours, reported = dict[tuple[str, str], int](), set[tuple[str, str]]()
    for person in people:
        at = (person.account.directory, person.account.id)
        if person.lately.hours_since_reset is not None:
            hours.setdefault(at, person.lately.hours_since_reset)
        if person.lately.reported:
            reported.add(at)
    return Recently(hours_since_reset=hours, reported=frozenset(reported))


def _person(plain: Person | None, stated: Stated, name: str) -> Person:
    plain = plain or Person(
        account=replace(SOMEBODY, login=name, name=name.capitalize(), mail=f"{name}@example.com")
    )
    refuse_unknown(stated, {"like", *facts_of(Lately), *facts_of(Account)})
    account = replace(plain.account, id=name, **values(Account, stated))
    lately = replace(plain.lately, **values(Lately, stated))
    return Person(account=account, lately=lately)


def _entitlement(plain: Entitlement | None, stated: Stated, name: str) -> Entitlement:
    plain = plain or replace(_PLAIN_ENTITLEMENT, title=name, group=name)
    refuse_unknown(stated, {"like", "max", *facts_of(Entitlement)})
    longest = length(stated["max"], "max") if "max" in stated else plain.max_duration
    found = replace(plain, id=name, max_duration=longest, **values(Entitlement, stated))
    if not 1 <= found.risk <= 5:
        raise Misstated("must be from 1 to 5", "risk")
    return found


def _owner(plain: Owner | None, stated: Stated, name: str) -> Owner:
    refuse_unknown(stated, {"like", *facts_of(Owner)})
    return replace(
        plain or Owner(id=name, name=name, channel="", approvers=name), id=name, **values(Owner, stated)
    )


def _described(stated: Stated, table: str, known: Mapping[str, T], make: _Make[T]) -> dict[str, T]:
    """All that one table describes. Each may be like another, of the table or known, in any order."""
    written = stated.get(table, {})
    if not isinstance(written, Mapping):
        raise Misstated(f"must be a table. Write: [{table}]", table)
    made: dict[str, T] = {}

    def like(other: str, name: str, above: tuple[str, ...]) -> T:
        if other == name and other in known:
            return known[other]
        return one(other, _further(other, (*above, name)))

    def one(name: str, above: tuple[str, ...]) -> T:
        if name in made:
            return made[name]
        if name not in written:
            if name not in known:
                raise Misstated(unknown(name, [*known, *written], _WORDS[table]))
            return known[name]
        try:
            made[name] = _like(written[name], name, make, lambda other: like(other, name, above))
        except Misstated as wrong:
            raise wrong if wrong.place[:1] == (table,) else wrong.under(name, table) from None
        return made[name]

    for name in written:
        one(name, ())
    return made


def _further(name: str, above: tuple[str, ...]) -> tuple[str, ...]:
    if name in above:
        raise Misstated(f"goes round in a circle: {', '.join((*above, name))}", "like")
    if len(above) >= _LONGEST_CHAIN:
        raise Misstated("goes on for too long: say what it is like itself", "like")
    return above


def _one(stated: Stated, key: str, known: Mapping[str, T], word: str, make: _Make[T]) -> T:
    """Whom or what a key names: a name of the cast, or that one with what differs, under the same name."""
    if key not in stated:
        raise Misstated(f"names no {word}. Write: {key} = NAME")
    written = stated[key]
    try:
        if isinstance(written, str):
            return _named(written, known, word)
        if isinstance(written, Mapping) and isinstance(written.get("like"), str):
            return make(_named(written["like"], known, word), written, written["like"])
    except Misstated as wrong:
        raise wrong.under(key) from None
    raise Misstated("must be a name, or { like = NAME } with what differs", key)


def _like(written: object, name: str, make: _Make[T], other: Callable[[str], T]) -> T:
    if not isinstance(written, Mapping):
        raise Misstated("must be a table. Write { } for what is usual")
    return make(other(text(written["like"], "like")) if "like" in written else None, written, name)


def _named(name: str, known: Mapping[str, T], word: str) -> T:
    if name not in known:
        raise Misstated(unknown(name, known, word))
    return known[name]
