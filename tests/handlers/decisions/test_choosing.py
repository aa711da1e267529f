"""Which policies are put to Cedar: leaving out those that could never apply changes no answer, and saves their cost."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from secrets import randbelow

import pytest
from cedarpy import Schema
from hypothesis import settings

from handlers.decisions.cedar import CedarPolicy
from handlers.decisions.choosing import Choices
from handlers.decisions.policy import Action
from handlers.decisions.reading import Read
from handlers.decisions.statements import checked
from handlers.policies import shipped
from tests.handlers.decisions.cast import ADA, EVE, GRACE, PROD_DB, WIKI, access

_, SCHEMA = shipped()
PERMIT = '@id("all") @reason("Anybody may.") permit (principal, action, resource);\n'
TEAMS = ("Payments", "Search", 'a "quoted" one', "Ünïcode\u0000")
# What policies of a company may begin with, by what they are about: enough of each to be told apart by it.
FIRST_WORDS = {
    "team": (
        *(
            f'principal.team == "{team}"'
            for team in ("Payments", "Search", 'a \\"quoted\\" one', "Ünïcode\\0")
        ),
        '(principal.team == "Payments" || resource.risk == 4)',
        '!(principal.team == "Payments")',
    ),
    "owner": (*(f'resource.owner == Owner::"{owner}"' for owner in ("data", "other")), "resource.risk > 0"),
    "risk": (*(f"resource.risk == {risk}" for risk in (1, 4)), "resource.standingAllowed"),
    "standing": (
        *(f"resource.standingAllowed == {stands}" for stands in ("true", "false")),
        "resource.risk > 0",
    ),
    "asker": ('principal == Account::"ada"', 'context.requester == Account::"ada"', "principal.active"),
}
# What may follow: an overflow must refuse wherever it is come to, and nowhere else.
THEN = ("context.minutes > 60", "context.minutes < 0", "(9223372036854775807 + resource.risk) > 0")
SCOPES = (*["resource"] * 8, 'resource == Entitlement::"wiki-edit"', 'resource == Entitlement::"prod-db"')


ABOUT_GRANT = 'action == Action::"grant"'
ACTIONS = (
    *[ABOUT_GRANT] * 4,
    'action == Action::"approve"',
    'action in [Action::"approve", Action::"grant"]',
)


def policy(number: int, effect: str, scope: str, clause: str, action: str = ABOUT_GRANT) -> str:
    """One of a company's own policies."""
    return f'@id("own-{number}") @reason("No.") {effect} (principal, {action}, {scope})\n{clause};\n'


def own(family: str, then: Sequence[str], chance: Random) -> list[tuple[str, str, str, str, str]]:
    """Policies that begin alike: effect, scope, when or unless, and what they ask first and then."""
    of_each = (("permit", "forbid"), SCOPES, ("when", "when", "when", "unless"), FIRST_WORDS[family], then)
    return [
        (effect, scope, kind, first, later)
        for effect, scope, kind, first, later in zip(
            *(chance.choices(each, k=70) for each in of_each), strict=True
        )
    ]


QUESTIONS = [
    access(Action.GRANT, thing, by=by, minutes=minutes)
    for thing in (WIKI, PROD_DB, replace(PROD_DB, owner="other", standing_allowed=True))
    for by in (*(replace(ADA, team=team) for team in TEAMS), EVE)
    for minutes in (30, 120)
]


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("family", FIRST_WORDS)
def test_what_is_left_out_changes_no_answer(family: str, fails: bool) -> None:
    """Promise 3: by the policies that could apply, each question is answered as by all of them, errors included.

    Not by hypothesis: the first of its examples says seventy times the same, and takes as long as one that does not.
    """
    for _ in range(max(1, settings().max_examples // 25)):
        by_chance(own(family, THEN if fails else THEN[:2], Random(seed := randbelow(2**32))), seed)


def by_chance(policies: Sequence[tuple[str, str, str, str, str]], seed: int) -> None:
    """seed: by which the same policies are made again."""
    chosen, all_of_them = (
        CedarPolicy.load(
            {
                "own.cedar": PERMIT
                + "".join(
                    policy(
                        number,
                        effect,
                        scope,
                        f"{kind} {{ {form.format(f'{first} && {then}')} }}",
                        ACTIONS[number % len(ACTIONS)],
                    )
                    for number, (effect, scope, kind, first, then) in enumerate(policies)
                )
            },
            SCHEMA,
            bound_to="",
        )
        # The second is bound to nothing that could be seen.
        for form in ("{}", "!!({})")
    )
    for question in QUESTIONS:
        here, there = chosen.ask(question), all_of_them.ask(question)
        assert here == replace(there, policy_set=here.policy_set), seed
        click = [replace(question, action=Action.APPROVE, principal=GRACE, role="owner"), question]
        together, singly = chosen.ask_each(click), [all_of_them.ask(one) for one in click]
        assert together == [replace(one, policy_set=here.policy_set) for one in singly], seed


@pytest.mark.parametrize(
    ("read", "scope", "first"),
    [
        (("principal", "team"), "resource", 'principal.team == "{}" && '),
        (("resource", "owner"), "resource", 'resource.owner == Owner::"{}" && '),
        (("resource", ""), 'resource == Entitlement::"{}"', ""),
    ],
)
def test_a_thousand_policies_about_others_are_not_put_to_cedar(read: Read, scope: str, first: str) -> None:
    """What is bound to another team, owner or thing is left out; what is not known could be any of them."""
    text = PERMIT + "".join(
        policy(
            number,
            "forbid",
            scope.format(number),
            f"when {{ {first.format(number)}context.minutes > {number} }}",
        )
        for number in range(40)
    )
    choices = Choices({"grant": frozenset({"grant"})}, checked("own.cedar", text, Schema.from_str(SCHEMA)))
    values = sorted({note.bound[1] for note in choices.notes("grant") if note.bound is not None})
    assert len(values) == 40

    def put(*known: str | None) -> int:
        return len(choices.of("grant", {read: known}.__getitem__).notes)

    assert put("elsewhere") == 1
    assert put(values[7]) == 2
    assert put(values[7], values[8]) == 3  # of two questions at once
    assert put(None) == 41


def test_no_more_policies_are_kept_than_there_is_room_for_however_many_teams_ask() -> None:
    """Each team's set has all that is bound to none: so policies are counted, not sets. Who asked last is known."""
    text = PERMIT + "".join(
        policy(number, "forbid", "resource", f'when {{ principal.team == "{number}" }}')
        for number in range(20)
    )
    notes = tuple(checked("own.cedar", text, Schema.from_str(SCHEMA)))
    choices = Choices({"grant": frozenset({"grant"})}, notes, most_kept=9)
    team: Read = ("principal", "team")
    sets = [choices.of("grant", {team: [f'"{one}"']}.__getitem__) for one in (*range(20), 19, 16, 0)]
    assert [[note.id for note in each.notes] for each in sets[-3:]] == [
        ["all", "own-19"],
        ["all", "own-16"],
        ["all", "own-0"],
    ]
    assert sets[-3] is sets[19]
    assert sets[-2] is sets[16]
    assert sets[-1] is not sets[0]
    assert choices.kept == 8


def test_a_click_of_two_people_is_decided_by_the_policies_of_both() -> None:
    """An approval asks about its approver and about whoever gets it at once: each team's own policies count."""
    text = PERMIT + "".join(
        f'@id("own-{number}") @reason("No.") forbid (principal, action, resource is Entitlement)\n'
        f'when {{ principal.team == "team-{number}" }};\n'
        for number in range(20)
    )
    engine = CedarPolicy.load({"own.cedar": text}, SCHEMA, bound_to="")
    ada, grace = replace(ADA, team="team-3"), replace(GRACE, team="team-5")
    approve, grant = engine.ask_each(
        [
            access(Action.APPROVE, WIKI, principal=grace, requester=ada, role="owner"),
            access(Action.GRANT, WIKI, by=ada),
        ]
    )
    assert (approve.policy_ids, grant.policy_ids) == (("own-5",), ("own-3",))
