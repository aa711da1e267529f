"""Tables of cases: five lines ask any question, what nobody knows is refused with its line, and coverage counts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from handlers.decisions.attested import Attested
from handlers.decisions.cases import answered, coverage, read_cases, strange_ids
from handlers.decisions.cedar import CedarPolicy
from handlers.decisions.circumstances import HAS_NOTHING, Having
from handlers.decisions.policy import (
    AccessQuestion,
    AccountQuestion,
    Action,
    Approvals,
    AttestQuestion,
    DriftQuestion,
    GivenProof,
    Question,
    ResumeQuestion,
    VouchQuestion,
)
from handlers.decisions.stated_facts import PROOFS
from handlers.policies import shipped
from storage.catalogue import Entitlement
from storage.proofs import ProofKind
from tests.handlers.decisions.cast import CATALOGUE, DATA, NOON, PROD_DB

CAST = """
[people]
ada = {}
grace = { groups = ["owners"], hours_since_reset = 3 }
eve = { like = "ada", employment = "contractor", reported = true }

[entitlements]
prod-db = { risk = 4, environment = "production", max = "8h" }

[defaults]
now = 2026-03-02T12:00:00Z
who = "ada"
what = "prod-db"
"""


def question(case: str, cast: str = CAST) -> Question:
    """The one question of a table."""
    cases, wrongs = read_cases("own.toml", f'{cast}\n[[case]]\nname = "It holds"\nrefuse = []\n{case}')
    assert wrongs == ()
    return cases[0].question


def wrong(case: str, cast: str = CAST) -> tuple[int, str]:
    """What is wrong with a table of one case, and at which line: 1 is the line of its [[case]]."""
    above = f"{cast}\n"
    _, wrongs = read_cases("own.toml", f"{above}[[case]]\n{case}")
    (one,) = wrongs
    return one.line - above.count("\n"), one.sentence


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        (
            f"x = {'[' * 20_000}",
            "Its tables are nested too deep, or a number in it is too long. Write it plainer",
        ),
        (
            f"x = {'9' * 6_000}",
            "Its tables are nested too deep, or a number in it is too long. Write it plainer",
        ),
        (
            "[people]\n" + "\n".join(f'p{at} = {{ like = "p{at + 1}" }}' for at in range(3_000)),
            "people.p49.like: goes on for too long: say what it is like itself",
        ),
    ],
    ids=["deep", "number", "chain"],
)
def test_what_was_written_to_break_the_reader_is_wrong_like_anything_else(
    written: str, sentence: str
) -> None:
    """A-10: no table of cases makes the commands fail otherwise than by saying what is wrong with it."""
    cases, wrongs = read_cases("own.toml", written)
    assert (cases, [one.sentence for one in wrongs]) == ((), [sentence])


@pytest.mark.parametrize("now", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_moment_of_no_calendar_is_not_asked_about(now: str) -> None:
    assert wrong(f'name = "n"\naction = "grant"\nnow = {now}\nrefuse = []')[1].startswith(
        "now: needs a moment"
    )


def test_five_lines_ask_for_access() -> None:
    """What is not said is usual: an hour, with a justification, by and for whoever asks, without approvals."""
    asked = question('action = "request"')
    assert isinstance(asked, AccessQuestion)
    assert (asked.action, asked.principal.id, asked.requester.id) == (Action.REQUEST, "ada", "ada")
    assert (asked.minutes, asked.held, asked.now) == (60, 0, NOON)
    assert (asked.justification_given, asked.ticket_given, asked.approvals) == (True, False, Approvals())
    assert (asked.entitlement.risk, asked.entitlement.max_duration) == (4, timedelta(hours=8))
    assert asked.owner.approvers == "owners"


def test_an_approval_is_asked_with_all_that_policy_hears_of_it() -> None:
    asked = question("""
        action = "approve"
        who = "grace"
        requester = { like = "ada", active = false }
        for = "no end"
        held = "1h30m"
        approvals = { owner = 1 }
        role = "owner"
        way = "approve-less"
        rationale_given = false
        proof = { kinds = ["passkey"], seconds = 20 }
        code_retyped = true
        stands_in = true
        now = 2026-03-02T23:30:00+01:00
    """)
    assert isinstance(asked, AccessQuestion)
    assert (asked.principal.id, asked.requester.id, asked.requester.active) == ("grace", "ada", False)
    assert (asked.minutes, asked.held, asked.role, asked.way) == (0, 90, "owner", "approve-less")
    assert (asked.approvals, asked.rationale_given) == (Approvals(owner=1), False)
    assert asked.proof == GivenProof(kinds=frozenset({"passkey"}), seconds=20)
    assert (asked.code_retyped, asked.stands_in) == (True, True)
    assert asked.now == datetime(2026, 3, 2, 22, 30, tzinfo=UTC)
    assert asked.recently.hours_since_reset == {("local", "grace"): 3}


def test_who_asks_for_a_report_and_who_gets_it() -> None:
    """Before it is asked for, and as it is granted: then policy is asked about whoever is to have it."""
    asked = question('action = "request_for"\nwhom = "eve"\nrole = "manager"')
    granted = question('action = "grant"\nwho = "eve"\nasked_by = "ada"')
    assert isinstance(asked, AccessQuestion)
    assert isinstance(granted, AccessQuestion)
    assert (asked.principal.id, asked.requester.id, asked.holder.id) == ("ada", "ada", "eve")
    assert (granted.principal.id, granted.requester.id, granted.holder.id) == ("eve", "ada", "eve")
    assert granted.recently.reported == {("local", "eve")}


def test_what_they_have_beside_it_is_nothing_unless_it_is_said() -> None:
    """And unknown is not nothing (A-10)."""
    nothing, something = (
        question('action = "grant"'),
        question('action = "grant"\nhas = ["prod-db"]\nopen_grants = 3'),
    )
    unknown = question('action = "grant"\nhas = "unknown"\nopen_grants = "unknown"')
    assert isinstance(nothing, AccessQuestion)
    assert isinstance(something, AccessQuestion)
    assert isinstance(unknown, AccessQuestion)
    assert nothing.having == HAS_NOTHING
    assert something.having == Having(beside=(something.entitlement,), open_grants=3)
    assert unknown.having == Having(beside=None, open_grants=None)


def test_what_happened_to_somebody_who_is_named_twice_is_not_lost() -> None:
    asked = question('action = "approve"\nwho = { like = "ada", reported = true }\nrequester = "ada"')
    assert asked.recently.reported == {("local", "ada")}


def test_every_other_kind_of_question_can_be_asked() -> None:
    """Account, drift, resume, attest and vouch, each with what is its own."""
    account = question(
        'action = "unlock"\nunlocks_today = 1\nproofs = ["totp"]\nattested = { help_desk = 2 }'
    )
    drift = question(
        'action = "reconcile"\nwho = "grace"\nway = "adopt"\nfor = "2h"\nmember = "ada"\nrole = "owner"'
    )
    resume = question('action = "resume"\nkind = "emergency"\nrole = "security"')
    attest = question(
        'action = "attest"\nwhom = "eve"\nkind = "password"\nway = "deny"\naddress_moved = true'
    )
    vouch = question(
        'action = "vouch"\nwhom = "eve"\nspoken = "video"\nhours_linked = 71\ndays_since_return = 3'
    )
    assert isinstance(account, AccountQuestion)
    assert (account.target.id, account.unlocks_today, account.attested) == ("ada", 1, Attested(help_desk=2))
    assert isinstance(drift, DriftQuestion)
    assert drift.member is not None
    assert (drift.member.id, drift.way, drift.minutes, drift.role) == ("ada", "adopt", 120, "owner")
    assert isinstance(resume, ResumeQuestion)
    assert (resume.kind, resume.role) == ("emergency", "security")
    assert isinstance(attest, AttestQuestion)
    assert (attest.target.id, attest.kind, attest.way, attest.moved) == ("eve", "password", "deny", True)
    assert isinstance(vouch, VouchQuestion)
    assert (vouch.spoken, vouch.hours_linked, vouch.days_since_return) == ("video", 71, 3)


def test_what_is_usual_counts_where_it_can_be_asked_and_can_be_taken_back() -> None:
    cast = f'{CAST}\nrole = "owner"\nwhom = "grace"\nmember = "ada"\n'
    one_self = question('action = "view"\nwhom = "none"', cast)
    without = question('action = "reconcile"\nmember = "none"\nrole = "none"', cast)
    assert isinstance(one_self, AccountQuestion)
    assert one_self.target.id == "ada"
    assert isinstance(without, DriftQuestion)
    assert (without.member, without.role) == (None, None)


def test_cases_may_name_what_is_in_the_catalogue() -> None:
    """An operator's own cases speak of their own entitlements; a table's own description comes first."""
    table = """
        [people]
        ada = {}
        [[case]]
        name = "x"
        who = "ada"
        action = "request"
        what = "prod-db"
        now = 2026-03-02T12:00:00Z
        refuse = []
    """
    (case,), wrongs = read_cases("own.toml", table, CATALOGUE)
    assert wrongs == ()
    assert isinstance(case.question, AccessQuestion)
    assert (case.question.entitlement, case.question.owner) == (PROD_DB, DATA)
    described = f'[entitlements]\nprod-db = {{ like = "prod-db", risk = 1 }}\n{table}'
    (case,), _ = read_cases("own.toml", described, CATALOGUE)
    assert isinstance(case.question, AccessQuestion)
    assert case.question.entitlement == replace(PROD_DB, risk=1)


@pytest.mark.parametrize(
    ("case", "line", "said"),
    [
        ('name = "x"\naction = "request"\nrefuse = []\nonCall = true', 5, "Did you mean `on_call`?"),
        ('name = "x"\naction = "view"\nrefuse = []\nheld = "1h"', 5, "held: is not known here."),
        ('name = "x"\naction = "requst"\nrefuse = []', 3, "Did you mean `request`?"),
        ('name = "x"\nrefuse = []', 1, "says no action"),
        ('name = "x"\naction = "request"\nwho = "adda"\nrefuse = []', 4, "Did you mean `ada`?"),
        ('name = "x"\naction = "request"\nwhat = "prod"\nrefuse = []', 4, "Did you mean `prod-db`?"),
        ('name = "x"\naction = "view"\nwho = { like = "ada", actve = false }\nrefuse = []', 4, "`active`?"),
        ('name = "x"\naction = "view"\nwho = { active = false }\nrefuse = []', 4, "{ like = NAME }"),
        ('name = "x"\naction = "request"\nfor = "soon"\nrefuse = []', 4, "is no length of time"),
        ('name = "x"\naction = "request"\nheld = "no end"\nrefuse = []', 4, "is no length of time"),
        ('name = "x"\naction = "request"\napprovals = { boss = 1 }\nrefuse = []', 4, "approvals.boss"),
        ('name = "x"\naction = "request"\napprovals = { owner = true }\nrefuse = []', 4, "whole number"),
        ('name = "x"\naction = "request"\napprovals = 1\nrefuse = []', 4, "table in braces"),
        ('name = "x"\naction = "approve"\nrequester = "eve"\nproof = { seconds = 3 }\nrefuse = []', 5, "needs all of"),
        ('name = "x"\naction = "approve"\nrequester = "eve"\nway = "aprove"\nrefuse = []', 5, "`approve`?"),
        ('name = "x"\naction = "approve"\nrefuse = []', 1, "requester = NAME"),
        ('name = "x"\naction = "unlock"\nproofs = ["pass"]\nrefuse = []', 4, "cannot be `pass`"),
        ('name = "x"\naction = "unlock"\nproofs = "totp"\nrefuse = []', 4, "must be a list"),
        ('name = "x"\naction = "request"\nticket_given = "yes"\nrefuse = []', 4, "true or false"),
        ('name = "x"\naction = "request"\nnow = 2026-03-02T12:00:00\nrefuse = []', 4, "moment with its zone"),
        ('name = "x"\naction = "request"', 1, "says one of the two"),
        ('name = "x"\naction = "request"\nallow = ["a"]\nrefuse = []', 1, "says one of the two"),
        ('name = "x"\naction = "request"\nallow = []', 4, "must name a policy"),
        ('name = "x"\naction = "request"\nrefuse = "say-why"', 4, "list of policies"),
        ('action = "request"\nrefuse = []', 1, "needs a name"),
        ('name = "x"\naction = "request"\nrefuse = [', 4, "not valid TOML"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_with_its_line(case: str, line: int, said: str) -> None:
    """A typing error never makes a case that proves nothing; the sentence says what was meant or how to write it."""
    at, sentence = wrong(case)
    assert said in sentence
    assert at == line


@pytest.mark.parametrize(
    ("cast", "line", "said"),
    [
        ("[peeple]\nada = {}", 2, "Did you mean `people`?"),
        ('[people]\nada = { team = "x", employmnt = "service" }', 3, "Did you mean `employment`?"),
        ('[people]\nada = { employment = "servant" }', 3, "people.ada.employment"),
        ('[people]\nada = { like = "eve" }\neve = { like = "ada" }', 4, "goes round in a circle: ada, eve, ada"),
        ('[people]\nada = { like = "eva" }', 3, "there is no person `eva`"),
        ("[people]\nada = 3", 3, "must be a table"),
        ("[entitlements]\nx = { risk = 6 }", 3, "from 1 to 5"),
        ('[entitlements]\nx = { owner = "y" }', 3, "there is no owner `y`"),
        ("[defaults]\nnow = 2026-03-02T12:00:00Z\nonCall = true", 4, "Did you mean `on_call`?"),
        ("defaults = 3", 2, "[defaults]"),
    ],
)  # fmt: skip
def test_a_cast_that_will_not_do_is_refused_with_its_line(cast: str, line: int, said: str) -> None:
    """Once for the table, whatever its cases say."""
    _, (one,) = read_cases("own.toml", f"# Ours.\n{cast}\n[[case]]\nname = 'x'\n")
    assert said in one.sentence
    assert one.line == line


def test_two_cases_of_one_name_are_refused_and_the_others_kept() -> None:
    """Names are what a failure is known by."""
    case = '[[case]]\nname = "{}"\naction = "view"\nallow = ["view-oneself"]\n'
    cases, (one,) = read_cases("own.toml", CAST + "".join(case.format(name) for name in ("a", "a", "b")))
    assert [each.name for each in cases] == ["a", "b"]
    assert "has the name of a case before it" in one.sentence


def test_the_line_is_right_behind_text_of_several_lines() -> None:
    """What stands in a text is no key and no heading."""
    name = '"""\n[[case]]\nwho = 3\n"""'
    _, (one,) = read_cases(
        "own.toml", f'{CAST}\n[[case]]\nname = {name}\naction = "view"\nrefuse = []\nwhoo = 1'
    )
    assert one.line == CAST.count("\n") + 9


def test_every_proof_that_can_be_shown_can_be_stated() -> None:
    assert set(PROOFS) == {kind.value for kind in ProofKind}


def test_a_case_holds_only_by_the_policies_that_it_names() -> None:
    """The decision alone is not enough: what is refused for another reason is not what was meant."""
    policy = CedarPolicy.load(*shipped(), bound_to="")
    row = '[[case]]\nname = "{}"\naction = "view"\n{}\n'
    rows = [
        ("right", 'allow = ["view-oneself"]'),
        ("wrong way", "refuse = []"),
        ("other", 'allow = ["no-such"]'),
    ]
    cases, wrongs = read_cases("own.toml", CAST + "".join(row.format(*each) for each in rows))
    answers = answered(policy, cases)
    assert wrongs == ()
    assert [one.holds for one in answers] == [True, False, False]
    assert strange_ids(cases[2], policy.notes).startswith("There is no policy `no-such`.")
    assert strange_ids(cases[0], policy.notes) == ""
    reached = coverage(policy.notes, answers)
    assert (reached["view-oneself"].allowed, reached["view-oneself"].refused) == (3, 0)
    assert (reached["no-standing-admin"].allowed, reached["no-standing-admin"].refused) == (0, 0)


def test_an_entitlement_is_described_in_the_words_of_the_settings() -> None:
    """`max` and `standing`, as in wicket.toml."""
    cast = CAST.replace('max = "8h"', 'max = "2d", standing = true')
    asked = question('action = "grant"', cast)
    assert isinstance(asked, AccessQuestion)
    assert isinstance(asked.entitlement, Entitlement)
    assert (asked.entitlement.max_duration, asked.entitlement.standing_allowed) == (timedelta(days=2), True)
