"""What an approver reads, word for word, and that no text of anybody can push a fact out of it (promise 9, SL-8)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.demo.workspace.view_rules import view_problems
from bot.slack.forms.decision import decision_form, details_form, less_form
from bot.slack.forms.inquiry import answer_form, question_form
from bot.slack.messages.approvals import approval_message
from bot.slack.messages.critical import critical_facts, details_text
from bot.slack.messages.deciding import not_allowed_text, too_late_text
from bot.slack.messages.inquiries import asked_message, inquiry_message, reply_message
from bot.slack.messages.requests import request_message
from bot.slack.words import in_quotes, visible
from handlers.outcomes import NotAllowed, TooLate
from handlers.requests.stories import Asked, Extension, GrantStory, LastTime
from storage.states import GrantState
from tests.bot.slack.stories import (
    ADA,
    ALAN,
    GRACE,
    NO,
    NOW,
    PROD_DB,
    approved,
    clumsy,
    ended,
    hears,
    problems,
    reads,
    story,
)

QUESTION = Asked(
    id="i-1",
    name="Grace Hopper",
    slack_user="U0GRACE",
    question="Which table?",
    at=NOW + timedelta(minutes=3),
)
LAST = LastTime(at=NOW - timedelta(days=42), minutes=60, by=("Grace Hopper",), end_reason="its time is over")

FACTS = """\
Access request: prod-db · read and write
Who  Ada Lovelace (ada, Payments, reports to Charles Babbage)
What  prod-db · read and write, production, risk 4 of 5
How long  2 hours from approval
Why  “fix INC-4711”
Policy asks because it is production and its risk is 4 of 5.
Ada Lovelace holds nothing else. They have never had this before.
"""
BUTTONS = "\n[Approve…]\n[Approve for less…]\n[Deny…]\n[Ask a question…]\n[Details]"
APPROVED = "Approved by Grace Hopper at 14:09 UTC: “ok for the incident”."

AFTER = {
    "pending": (story(), "Needed: one approval from Data Platform. Lapses 24 Nov 14:02 UTC." + BUTTONS),
    "half approved": (
        story(missing={"security": 1}, said=(GRACE,)),
        "1 of 2: Grace Hopper approved at 14:09 UTC for Data Platform. Needed: one approval from the security team. "
        "Lapses 24 Nov 14:02 UTC." + BUTTONS,
    ),
    "half approved, shorter": (
        story(
            said=(
                replace(GRACE, void="the time was made shorter after it"),
                replace(ALAN, rationale="one is enough"),
            ),
            asked=(QUESTION, replace(QUESTION, answer="Yes.", answered_at=NOW)),
        ),
        "1 of 2: Alan Turing approved at 14:11 UTC for security. "
        "Grace Hopper's approval is void: the time was made shorter after it. Needed: one approval from Data Platform. "
        "2 questions in the thread, 1 not answered yet. Lapses 24 Nov 14:02 UTC." + BUTTONS,
    ),
    "with those who can": (
        story(
            can={"owner": ("Grace Hopper", "Linus Pauling"), "security": ("Alan Turing",)},
            asked=(replace(QUESTION, answer="Yes.", answered_at=NOW),),
        ),
        "Needed: one approval from Data Platform. 1 question in the thread, answered. Lapses 24 Nov 14:02 UTC. "
        "Can decide now: Grace Hopper or Linus Pauling for Data Platform; Alan Turing for security."
        + BUTTONS,
    ),
    "low risk": (
        story(one_click=True, shown="ab12", can={"manager": tuple("abcdefg")}),
        "Needed: one approval from Data Platform. Lapses 24 Nov 14:02 UTC. "
        "Can decide now: a, b, c, d, e or 2 more for the requester, as their manager."
        + BUTTONS.replace("[Approve…]", "[Approve]"),
    ),
    "approved": (approved(GrantState.APPROVED), f"✅ {APPROVED} Being set up."),
    "active": (approved(), f"✅ {APPROVED} Active until 23 Nov 16:09 UTC."),
    "active by a clock that was ahead": (
        approved(expires_at=GRACE.at),
        f"✅ {APPROVED} Active until 23 Nov 14:09 UTC. "
        "The clock was ahead when this was given, so it ends sooner than was said at first.",
    ),
    "active by two": (
        approved(said=(GRACE, ALAN)),
        "✅ Approved by Grace Hopper at 14:09 UTC: “ok for the incident” and by Alan Turing at 14:11 UTC: “seen”. "
        "Active until 23 Nov 16:09 UTC.",
    ),
    "active and extended": (
        approved(extension=Extension(until=GRACE.at + timedelta(hours=4), minutes=120)),
        f"✅ {APPROVED} Active until 23 Nov 16:09 UTC. It goes on until 23 Nov 18:09 UTC.",
    ),
    "ended by somebody": (
        ended(end_reason="ended early", ended_by="Linus Pauling", end_rationale="the incident is over"),
        f"⌛ Ended at 16:09 UTC by Linus Pauling: “the incident is over”. {APPROVED}",
    ),
    "ending": (
        approved(GrantState.ENDING, end_reason="its time is over"),
        f"⌛ Being taken back: its time is over. {APPROVED}",
    ),
    "ended": (ended(), f"⌛ Ended at 16:09 UTC: its time is over. {APPROVED}"),
    "given back": (
        ended(end_reason="given back"),
        f"⌛ Ended at 16:09 UTC: given back before its time. {APPROVED}",
    ),
    "ended where sessions go on": (
        ended(removal_takes_effect="at the next sign-in"),
        f"⌛ Ended at 16:09 UTC: its time is over. The removal takes effect at the next sign-in. {APPROVED}",
    ),
    "denied": (
        story(GrantState.DENIED, said=(NO,)),
        "⛔ Denied by Grace Hopper at 14:09 UTC: “use staging-db for this”. Nothing was granted.",
    ),
    "lapsed": (story(GrantState.LAPSED), "⌛ Lapsed: nobody answered in time. Nothing was granted."),
    "lapsed half approved": (
        story(GrantState.LAPSED, said=(GRACE,)),
        f"⌛ Lapsed: not enough approvals came in time. Nothing was granted. {APPROVED}",
    ),
    "withdrawn": (
        story(GrantState.WITHDRAWN, ended_at=NOW),
        "⌛ Withdrawn by the requester at 14:02 UTC. Nothing was granted.",
    ),
    "voided": (
        approved(GrantState.VOIDED, end_reason="The person who asked is no longer active."),
        f"⛔ Not granted: The person who asked is no longer active. {APPROVED}",
    ),
}


@pytest.mark.parametrize("name", AFTER)
def test_each_state_reads_as_it_should(name):
    told, expected = AFTER[name]
    message = approval_message(told)
    button = "\n[End now…]" if told.state == GrantState.ACTIVE else ""
    asks = "" if told.state == GrantState.PENDING else "\n[What happened?]"
    assert reads(message) == FACTS + expected + button + asks
    assert problems(message) == []


@pytest.mark.parametrize("name", AFTER)
def test_the_words_alone_say_the_same(name):
    """For notifications and for those who hear instead of see: every fact and how it stands."""
    told, expected = AFTER[name]
    heard = hears(approval_message(told))
    said = expected.partition("\n[")[0]
    state, can, names = said.partition(" Can decide now")
    assert heard == (
        "Access request: prod-db · read and write. "
        "Who: Ada Lovelace (ada, Payments, reports to Charles Babbage); "
        "What: prod-db · read and write, production, risk 4 of 5; "
        "How long: 2 hours from approval; Why: “fix INC-4711”. "
        "Policy asks because it is production and its risk is 4 of 5. Ada Lovelace holds nothing else. "
        "They have never had this before. " + f"{can}{names} {state}".strip()
    )


def test_a_contractor_is_called_one():
    told = story(requester=replace(ADA, employment="contractor"))
    assert critical_facts(told)[0] == (
        "Who",
        "Ada Lovelace (ada, Payments, contractor, reports to Charles Babbage)",
    )


def test_a_person_of_whom_little_is_known_leaves_no_empty_brackets():
    nobody = replace(ADA, login="", team="", manager="")
    assert critical_facts(story(requester=nobody))[0] == ("Who", "Ada Lovelace")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"holds": ("k8s-deploy",)}, "holds k8s-deploy. They have never"),
        ({"holds": tuple("abcdefg")}, "holds 7 other things, the riskiest a, b, c, d and e. They have never"),
        (
            {"had": 2, "last": LAST},
            "They have had this 2 times before.\n"
            "Last time: until 12 Oct 2026, for 1 hour, approved by Grace Hopper, ended on time.",
        ),
        (
            {"had": 1, "last": replace(LAST, by=(), end_reason="given back")},
            "Last time: until 12 Oct 2026, for 1 hour, given at once, given back early.",
        ),
        (
            {"had": 1, "last": replace(LAST, by=("Grace", "Linus"), end_reason="they have left")},
            "for 1 hour, approved by Grace and Linus, ended: they have left.",
        ),
        ({"minutes": 60, "asked_minutes": 120}, "How long  1 hour from approval (2 hours were asked for)"),
        (
            {"had": 1, "had_last": NOW - timedelta(days=42)},
            "They have had this once before, until 12 Oct 2026.",
        ),
        (
            {"had": 2, "had_last": NOW - timedelta(days=42)},
            "They have had this 2 times before, last until 12 Oct 2026.",
        ),
        ({"had": 7}, "They have had this 7 times before."),
        ({"reasons": ()}, "from approval\nWhy  “fix INC-4711”\nAda Lovelace holds nothing else"),
        ({"missing": {"owner": 2}}, "Needed: 2 approvals from Data Platform."),
    ],
)
def test_the_background_is_told_in_plain_grammar(changes, words):
    assert words in reads(approval_message(story(**changes)))


@pytest.mark.parametrize("state", sorted(set(GrantState) - {GrantState.DRAFT, GrantState.REFUSED}))
def test_a_story_with_little_in_it_has_no_holes(state):
    bare = story(
        state, entitlement=None, owner=None, reasons=(), missing={}, lapses_at=None, removal_takes_effect="",
    )  # fmt: skip
    assert clumsy(hears(approval_message(bare))) == []
    assert clumsy(details_text(bare).replace("*  ", "* ")) == []


def test_the_longest_names_a_catalogue_may_have_still_fit():
    """The operator's own limits (63 and 75 characters) are more than a headline holds."""
    long = replace(PROD_DB, id="p" * 63, access="a" * 75, title="t" * 75)
    message = approval_message(story(entitlement=long, entitlement_id=long.id))
    assert problems(message) == []
    assert f"{'p' * 63} · {'a' * 75}, production, risk 4 of 5" in reads(message)


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (
            NotAllowed(entitlement="prod-db", owner_name="Data Platform", reasons=("No policy allows this.",),
                       can=("Grace Hopper", "Linus Pauling")),
            "You can't decide this one: *prod-db* belongs to Data Platform, and you are not among its approvers. "
            "Grace Hopper and Linus Pauling can. Nothing was changed.",
        ),
        (
            NotAllowed(entitlement="prod-db", owner_name="Data Platform",
                       reasons=("Nobody approves their own request.",), can=("Grace Hopper",)),
            "You can't decide this one: *prod-db* belongs to Data Platform. Nobody approves their own request. "
            "Grace Hopper can. Nothing was changed.",
        ),
        (
            NotAllowed(entitlement="prod-db", owner_name="Data Platform", reasons=()),
            "You can't decide this one: *prod-db* belongs to Data Platform, and you are not among its approvers. "
            "Nothing was changed.",
        ),
    ],
)  # fmt: skip
def test_the_wrong_person_hears_who_can_decide(outcome, said):
    assert not_allowed_text(outcome) == said


@pytest.mark.parametrize(
    ("state", "by", "said"),
    [
        ("active", "Grace Hopper", "Grace Hopper approved this at 14:02 UTC. Nothing more to do."),
        ("ended", "Grace Hopper", "Grace Hopper approved this at 14:02 UTC. Nothing more to do."),
        ("denied", "Grace Hopper", "Grace Hopper denied this at 14:02 UTC. Nothing more to do."),
        ("pending", "Grace Hopper", "You approved this already. It waits for somebody else's approval now."),
        ("lapsed", "", "This request lapsed: nobody answered in time. Nothing more to do."),
        ("lapsed", "Grace Hopper", "This request lapsed: nobody answered in time. Nothing more to do."),
        ("withdrawn", "Grace Hopper", "The requester took this back. Nothing more to do."),
        ("voided", "Grace Hopper", "This request can no longer be granted. Nothing more to do."),
        ("refused", "", "This request was refused. Nothing more to do."),
        ("approved", "", "This is approved and is being set up. Nothing more to do."),
        ("ending", "", "This access is being taken back already. Nothing more to do."),
        ("ended", "", "This access has ended already. Nothing more to do."),
        ("draft", "", "This was decided already. Nothing more to do."),
    ],
)
def test_the_second_clicker_hears_what_settled_it(state, by, said):
    heard = too_late_text(TooLate(entitlement="prod-db", state=state, by=by, at=NOW))
    assert heard.replace("<!date^1795442520^{time}|14:02 UTC>", "14:02 UTC") == said


def test_a_decision_without_its_time_still_says_who():
    heard = too_late_text(TooLate(entitlement="prod-db", state="active", by="Grace Hopper", at=None))
    assert heard == "Grace Hopper approved this. Nothing more to do."


# Whatever anybody managed to get into a name, a team, a justification or a rationale.

SIGNS = st.sampled_from(
    ["&", "<", ">", "*", "_", "`", "~", ":", "@", "<!channel>", "”", "\n", "\u202e", "\x00", "ﷺ", "🧨", "a"]
)
NASTY = st.one_of(st.text(), st.lists(SIGNS).map("".join), st.builds(str.__mul__, SIGNS, st.integers(1, 500)))
NAMES = st.builds(lambda text: f"{text[:100]}", NASTY)
WORDS = st.builds(lambda text: (text or "x")[:500], NASTY)
TIMES = st.none() | st.datetimes().map(lambda at: NOW.replace(year=1990 + at.year % 60))
SAIDS = st.builds(
    replace,
    st.sampled_from([GRACE, ALAN, NO]),
    name=NAMES,
    rationale=WORDS,
    void=st.sampled_from(["", "they have left"]),
)
ASKED = st.builds(
    replace, st.just(QUESTION), name=NAMES, question=WORDS, answer=WORDS, answered_at=st.none() | st.just(NOW)
)
STORIES = st.builds(
    replace,
    st.builds(story, st.sampled_from(GrantState)),
    requester=st.builds(replace, st.just(ADA), name=NAMES, team=NAMES, manager=NAMES),
    justification=WORDS,
    entitlement=st.sampled_from([PROD_DB, None]),
    minutes=st.integers(0, 525_600),
    reasons=st.lists(st.sampled_from(["it is production", "its risk is 4 of 5"]), max_size=5).map(tuple),
    missing=st.dictionaries(st.sampled_from(["owner", "security", "manager"]), st.integers(0, 3)),
    foreseen=st.sampled_from(["", "automatic", "approval", "refused"]),
    automatic=st.booleans(),
    said=st.lists(SAIDS, max_size=3).map(tuple),
    holds=st.lists(st.just("k" * 63), max_size=40).map(tuple),
    asked=st.lists(ASKED, max_size=5).map(tuple),
    asked_minutes=st.integers(0, 525_600),
    last=st.none() | st.builds(replace, st.just(LAST), by=st.lists(NAMES, max_size=7).map(tuple)),
    can=st.dictionaries(
        st.sampled_from(["owner", "security", "manager"]), st.lists(NAMES, max_size=8).map(tuple)
    ),
    one_click=st.booleans(),
    shown=st.sampled_from(["", "0123456789abcdef0123"]),
    had=st.integers(0, 9),
    end_reason=st.sampled_from(["", "its time is over", "given back", "No policy allows this."]),
    removal_takes_effect=st.sampled_from(["", "at once", "at the next sign-in"]),
    lapses_at=TIMES, expires_at=TIMES, active_at=TIMES, ended_at=TIMES, had_last=TIMES,
)  # fmt: skip


def squeezed(text: str) -> str:
    """Without what makes text inert and without spaces, to look for words in it."""
    alike = str.maketrans("\uff06\u2039\u203a\u2217\u02cd\u223c\u02cb", "&<>*_~`")
    return "".join(text.translate(alike).replace("\u2060", "").split())


@given(STORIES)
def test_any_story_is_taken_by_slack_and_keeps_every_fact_an_approver_needs(told: GrantStory):
    """Promise 9, SL-8: who, what, how long, why and risk are whole, in the blocks and in the words."""
    message = approval_message(told)
    assert problems(message) == []
    facts = [
        told.requester.name,
        told.requester.login,
        told.requester.team,
        told.requester.manager,
        "prod-db",
    ]
    facts += [in_quotes(told.justification), *(["production, risk 4 of 5"] if told.entitlement else [])]
    for fact in facts:
        assert squeezed(visible(fact)) in squeezed(reads(message))
        assert squeezed(visible(fact)) in squeezed(hears(message))
    assert [label for label, _ in critical_facts(told)] == ["Who", "What", "How long", "Why"]
    # Nobody adds lines of their own to ours.
    ours = len([line for line in (told.reasons, "who has what", told.last) if line])
    buttons = len(message.blocks[-1].to_dict()["elements"])
    divider = told.state != GrantState.PENDING
    assert len(reads(message).split("\n")) == len(message.blocks) + 2 + ours + (buttons - 1) - divider


@pytest.mark.parametrize("sign", ["&", "<", "*", ":a", "@a", "`", "ﷺ", "🧨", "”"])
@pytest.mark.parametrize("state", ["pending", "active", "ended", "denied", "voided"])
def test_five_hundred_of_one_sign_everywhere_still_fit(sign, state):
    name, words = (sign * 100)[:100], (sign * 500)[:500]
    told = approved(
        GrantState(state),
        requester=replace(ADA, name=name, team=name, manager=name),
        justification=words,
        said=tuple(
            replace(one, name=name, rationale=words)
            for one in (GRACE, ALAN, NO if state == "denied" else ALAN)
        ),
        holds=("k" * 63,) * 40,
    )
    for message in (approval_message(told), request_message(told)):
        assert problems(message) == []
    assert squeezed(in_quotes(words)) in squeezed(hears(approval_message(told)))


@given(STORIES)
def test_any_story_fits_the_requesters_message_and_every_form(told: GrantStory):
    assert problems(request_message(told)) == []
    forms = [
        decision_form(told, approve=True, why=["You are on call."], explains=False),
        decision_form(told, approve=False),
        less_form(told, why=["You are on call."]),
        question_form(told),
        details_form(told),
        *(answer_form(one.id, one.name, one.question) for one in told.asked),
    ]
    for form in forms:
        assert view_problems(form.to_dict(), expected="modal") == []


@given(STORIES.filter(lambda told: told.asked))
def test_any_question_and_answer_is_taken_by_slack_and_stays_mere_words(told: GrantStory):
    """SL-9: whole, inert, below the request, and with nobody called who cannot act on it any more."""
    for asked in told.asked:
        for message in (asked_message(told, asked), inquiry_message(told, asked), reply_message(told, asked)):
            assert problems(message) == []
            words = asked.answer if message is reply_message else asked.question
            if message.below is None or "answered" not in hears(message):
                assert squeezed(in_quotes(words)) in squeezed(hears(message))
        assert inquiry_message(told, asked).below == ("approval", "g-1")
        called = "<@U0GRACE>" in reply_message(told, asked).text
        assert called == (told.state == GrantState.PENDING)


def test_access_in_another_directory_says_where_it_goes():
    """Promise 9: what an approver decides includes whose account gets it."""
    told = story(directory="lab", account="l-ada")
    assert dict(critical_facts(told))["What"].endswith(", risk 4 of 5, in the directory lab")
    assert "*Goes to*  the account `l-ada` of the directory lab" in details_text(told)
    assert "directory" not in dict(critical_facts(story()))["What"]
    assert "Goes to" not in details_text(story())
