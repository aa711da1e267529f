"""Answers to staff, word for word: the answer first, then why, then what to do next."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.slack.messages.answers import (
    answer_message,
    greeting_message,
    no_candidate_message,
    not_here_message,
    not_known_unlocked_message,
    not_locked_message,
    page_message,
    unlocked_message,
)
from bot.slack.messages.checkpoints import checkpoint_message
from bot.slack.messages.notices import notice_message
from handlers.decisions.grammar import understand
from handlers.decisions.names import Names
from handlers.decisions.understanding import BreakGlass, DelegateApprovals, HelpSomebody
from handlers.questions.answers import (
    Ability,
    AccessList,
    DidYouMean,
    Elsewhere,
    Held,
    Help,
    LinkedAlready,
    Membership,
    NearlyUnderstood,
    NotHere,
    NothingNamed,
    NotUnderstood,
    OwnedBy,
    PasswordExpiry,
    SeveralNamed,
)
from storage.catalogue import Catalogue
from storage.states import Purpose, Result
from tests.bot.slack.stories import NOW, clumsy, hears, problems, reads

READ = NOW - timedelta(seconds=4)
GRAFANA = Held(
    entitlement="grafana-edit", owner="Observability", until=NOW + timedelta(minutes=52), grant="g-1"
)
VPN = Held(entitlement="vpn-users", owner="IT desk", until=None, grant=None)
LAB_READ = Elsewhere(directory="lab", read_at=NOW)
LAB_AWAY = Elsewhere(directory="lab", read_at=None, unknown=("lab-db", "lab-notes"))
SHOP_UNSURE = Elsewhere(
    directory="shop", read_at=None, unknown=("till",), advice="I can't tell which account is yours."
)
NO_ONE = "No one, including me, will ever ask for a password or a code in Slack."

ANSWERS = [
    (
        AccessList(held=(GRAFANA, VPN), read_at=READ),
        "✅ You hold 2 things.\n• grafana-edit, until 23 Nov 14:54 UTC (in 52 minutes)\n"
        "• vpn-users, standing, from IT desk\nDirectory read 4 s ago. Done with it before? Say “I'm done with "
        "grafana-edit”. Where it can be extended, the button is below its own message.",
        "[Ask for access…]",
    ),
    (
        AccessList(held=(replace(GRAFANA, ending=True),), read_at=READ),
        "✅ You hold 1 thing.\n• grafana-edit, being taken back\nDirectory read 4 s ago.",
        "[Ask for access…]",
    ),
    (
        AccessList(held=(VPN,), read_at=NOW),
        "✅ You hold 1 thing.\n• vpn-users, standing, from IT desk\nDirectory read just now.",
        "[Ask for access…]",
    ),
    (
        AccessList(held=(), read_at=READ),
        "You hold nothing from the catalogue right now.\nDirectory read 4 s ago.",
        "[Ask for access…]",
    ),
    (
        AccessList(held=(VPN,), read_at=READ, elsewhere=(LAB_READ,)),
        "✅ You hold 1 thing.\n• vpn-users, standing, from IT desk\n"
        "Directory read 4 s ago. Directory lab read just now.",
        "[Ask for access…]",
    ),
    (
        AccessList(held=(VPN,), read_at=READ, elsewhere=(LAB_AWAY, SHOP_UNSURE)),
        "✅ You hold 1 thing that I know of.\n• vpn-users, standing, from IT desk\n"
        "• I don't know about lab-db or lab-notes. I can't read the directory lab right now. Ask me again in a few "
        "minutes.\n"
        "• I don't know about till. I can't tell which account is yours.\nDirectory read 4 s ago.",
        "[Ask for access…]",
    ),
    (
        AccessList(held=(), read_at=READ, elsewhere=(SHOP_UNSURE,)),
        "You hold nothing that I know of.\n• I don't know about till. I can't tell which account is yours.\n"
        "Directory read 4 s ago.",
        "[Ask for access…]",
    ),
    (
        Membership(entitlement="till", member=None, until=None, read_at=READ, advice="Ask the IT desk."),
        "I don't know whether you are in till. Ask the IT desk.",
        "",
    ),
    (
        Membership(entitlement="vpn-users", member=True, until=None, read_at=READ, owner="IT desk"),
        "✅ Yes, you are in vpn-users. Directory read 4 s ago.\n"
        "It has no end. Whoever wants to give it back asks IT desk.",
        "",
    ),
    (
        Membership(entitlement="prod-db", member=True, until=NOW + timedelta(hours=2), read_at=READ),
        "✅ Yes, you are in prod-db until 23 Nov 16:02 UTC. Directory read 4 s ago.",
        "",
    ),
    (
        Membership(entitlement="prod-db", member=False, until=None, read_at=READ),
        "No, you are not in prod-db. Directory read 4 s ago.",
        "[Ask for access…]",
    ),
    (
        OwnedBy(entitlement="prod-db", title="Production database", owner="Data Platform", channel="C0DATAOWN",
                risk=4, environment="production"),
        "prod-db (Production database) belongs to Data Platform, #C0DATAOWN. It is production, risk 4 of 5.",
        "[Ask for access…]",
    ),
    (PasswordExpiry(at=None, read_at=READ), "Your password does not expire.", "[Reset password]"),
    (
        PasswordExpiry(at=NOW + timedelta(days=12), read_at=READ),
        "Your password expires 05 Dec 14:02 UTC (in 12 days).",
        "[Reset password]",
    ),
    (PasswordExpiry(at=NOW, read_at=READ), "Your password expired 23 Nov 14:02 UTC.", "[Reset password]"),
    (
        DidYouMean(candidates=("prod-db", "prod-admin")),
        "I don't know that name. Did you mean prod-db or prod-admin? "
        "Please write it once more with the name you mean.",
        "",
    ),
    (
        DidYouMean(candidates=("prod-db",)),
        "I don't know that name. Did you mean prod-db? Ask for it here, or write once more with that name.",
        "[Ask for access…]",
    ),
    (
        DidYouMean(candidates=("prod-db",), wanted=False),
        "I don't know that name. Did you mean prod-db? Please write it once more with the name you mean.",
        "",
    ),
    (
        DidYouMean(candidates=()),
        "I don't know that name. Write “what can I ask for?” to see what there is, or choose from it.",
        "[Ask for access…]",
    ),
    (
        NearlyUnderstood(commands=("unlock", "reset")),
        "I didn't understand that. Did you mean “unlock my account” or “reset my password”? Say “help” for the rest.",
        "[Unlock my account]\n[Reset password]",
    ),
    (
        NearlyUnderstood(commands=("access",)),
        "I didn't understand that. Did you mean “my access”? Say “help” for the rest.",
        "[My access]",
    ),
    (
        SeveralNamed(entitlements=("prod-db", "crm-read")),
        "Here I take one thing at a time. The form takes several at once, and has them in it already.",
        "[Ask for access…]",
    ),
    (
        SeveralNamed(entitlements=tuple(f"thing-{number}" for number in range(11))),
        "Here I take one thing at a time. The form takes 10 at once, and has the first of them in it already.",
        "[Ask for access…]",
    ),
    (
        NothingNamed(),
        "I don't know yet what you need. Choose from what there is, or write its name.",
        "[Ask for access…]",
    ),
    (
        NotUnderstood(),
        "I didn't understand that. Right now I can show your access, ask for more, or reset your password. "
        "Say “help” for the rest.",
        "[My access]\n[Ask for access…]\n[Reset password]",
    ),
    (
        LinkedAlready(),
        "This Slack account is already linked to you. Ask me anything.",
        "[My access]\n[Ask for access…]\n[Reset password]",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "said", "buttons"), ANSWERS)
def test_each_answer_reads_as_it_should_with_and_without_blocks(answer, said, buttons):
    message = answer_message(answer, NOW)
    assert hears(message) == said
    assert reads(message) == "\n".join(part for part in (said, buttons) if part)
    assert problems(message) == []


def test_a_long_list_is_cut_after_ten_and_says_how_many_more():
    held = tuple(Held(entitlement=f"thing-{n}", owner="IT desk", until=None, grant=None) for n in range(14))
    said = hears(answer_message(AccessList(held=held, read_at=NOW), NOW))
    assert "You hold 14 things" in said
    assert said.count("•") == 10
    assert "… and 4 more. Ask “am I in …?” with a name to know about one." in said


def test_help_says_what_can_be_said_and_what_never_to_type():
    said = hears(answer_message(Help(), NOW))
    for words in ("what access do I have?", "reset my password", "unlock my account", "who owns prod-db?"):
        assert words in said
    assert "Never type a password or a code here" in said
    for words in ("freeze", "revoke", "break the glass", "delegate", "Bob"):
        assert words not in said


@pytest.mark.parametrize(
    ("may", "lines"),
    [
        (
            (Ability.DECIDE_FOR_TEAM,),
            [
                "delegate my approvals, while you are away · End now…, below what your team approved, takes it back"
            ],
        ),
        (
            (Ability.BREAK_GLASS,),
            ["break the glass, for access at once in an emergency · drill, to practise it"],
        ),
        (
            (Ability.STOP,),
            [
                "/wicket freeze stops all new access · two of you let it begin again, below its message in your "
                "channel",
                "/wicket revoke ada takes back all that one person has",
            ],
        ),
        (
            (Ability.UNLOCK_OTHERS, Ability.RECHECK_OTHERS),
            [
                "for others, with a ticket: unlock Bob's account for INC-4711 · check Bob's access for INC-4711"
            ],
        ),
    ],
)
def test_help_says_to_whom_it_is_open_what_else_they_may(may, lines):
    everybody, message = hears(answer_message(Help(), NOW)), answer_message(Help(may=may), NOW)
    last = "manage my proofs\n"
    assert hears(message) == everybody.replace(last, last + "".join(f"• {line}\n" for line in lines))
    assert problems(message) == []


def test_help_for_whoever_may_do_all_of_it_stays_short():
    message = answer_message(Help(may=tuple(Ability)), NOW)
    assert hears(message).count("•") == 12
    assert problems(message) == []


@pytest.mark.parametrize(
    "typed",
    [
        "delegate my approvals", "break the glass", "drill", "unlock Bob's account for INC-4711",
        "reset Bob's password for INC-4711", "check Bob's access for INC-4711",
    ],
)  # fmt: skip
def test_what_the_help_names_is_understood(typed):
    meant = understand(typed, Names(Catalogue(entitlements={}, owners={})))
    assert isinstance(meant, DelegateApprovals | BreakGlass | HelpSomebody)


# A petition has messages of its own, which link to the page that it opens.
@pytest.mark.parametrize("purpose", [one for one in Purpose if one != Purpose.REGAIN])
def test_the_way_to_the_secure_page_says_how_long_and_what_nobody_asks_for(purpose):
    """P-2: a link without authority, and the warning every time."""
    message = page_message(purpose, "https://wicket.example/p/abc", 10)
    assert hears(message).endswith(f"The link is for you alone and works for 10 minutes. {NO_ONE}")
    assert "https://wicket.example" not in message.text
    assert message.blocks[-1].to_dict()["elements"][0]["url"] == "https://wicket.example/p/abc"
    assert problems(message) == []
    assert "works for 1 minute." in hears(page_message(purpose, "https://wicket.example/p/abc", 1))


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (
            not_here_message(NotHere(purpose="reset", reasons=("Accounts with power are not reset here.",),
                                     instead="governed way")),
            "⛔ I can't do that here. Accounts with power are not reset here. Nothing was changed.\n"
            "What you can do: ask the security team; they do it with you.",
        ),
        (
            not_here_message(NotHere(purpose="reset", reasons=(), instead="set up proofs first")),
            "I can't reset your password yet: you have no authenticator set up here.\n"
            "What you can do: set one up now with your current password. If you no longer know it, ask the IT desk.",
        ),
        (
            not_here_message(NotHere(purpose="reset", reasons=(), instead="set up proofs first", vouches=True)),
            "I can't reset your password yet: you have no authenticator set up here.\n"
            "What you can do: set one up now with your current password. If you no longer know it, ask your manager or "
            "the help desk to vouch for you.",
        ),
        (
            unlocked_message(),
            "✅ Your account is unlocked. You can sign in again with the password you have.\n"
            "Were the wrong passwords not yours? Then reset your password now.",
        ),
        (
            not_known_unlocked_message(),
            "I asked the directory to unlock your account, and it did not confirm it: I don't know whether it was "
            "done.\nWhat you can do: try to sign in. If that fails, write “unlock my account” again in a few minutes.",
        ),
        (
            not_locked_message(),
            "Your account is not locked. If you can't sign in, the password may be the reason.",
        ),
        (
            no_candidate_message(several=True),
            "I can't tell who you are: more than one person in the directory has your e-mail address. "
            "The security team has been told.\n"
            "What you can do: ask the IT desk to correct your address, then come back.",
        ),
        (
            no_candidate_message(several=False),
            "I can't tell who you are: nobody in the directory has the e-mail address of this Slack account. "
            "The security team has been told.\n"
            "What you can do: ask the IT desk to correct your address, then come back.",
        ),
        (greeting_message("Hello."), "Hello."),
    ],
)  # fmt: skip
def test_what_else_is_said_to_staff(message, said):
    assert hears(message) == said
    assert problems(message) == []


# Where nothing is said of signing out everywhere.
OTHERWISE = (Result.NO_SESSIONS, Result.LINK_SENT, Result.PASS_MADE)
NOTICES = ("password-changed", "account-unlocked", "linked")


@pytest.mark.parametrize("kind", NOTICES)
@pytest.mark.parametrize("result", Result)
def test_a_notice_never_claims_more_than_is_known(kind, result):
    said = hears(notice_message(kind, result, NOW))
    assert clumsy(said) == []
    assert ("I don't know whether" in said) == (result == Result.UNKNOWN and kind in NOTICES[:2])
    ended = kind == "password-changed" and "✅" in said and result not in OTHERWISE
    assert ("signed out everywhere" in said) == ended
    if kind != "linked":
        assert said.endswith("Was this not you? Tell the security team at once.")


@pytest.mark.parametrize(("size", "words"), [(1, "1 entry"), (12345, "12,345 entries")])
def test_a_checkpoint_shows_its_whole_signed_text(size, words):
    signed = f"wicket.example/log\n{size}\nAbCdEf=\n\n— wicket Zm9v\n"
    message = checkpoint_message(at=NOW, size=size, signed=signed)
    assert signed in reads(message)
    assert (
        hears(message) == f"Audit checkpoint over {words}, taken 23 Nov 14:02 UTC. Root of the tree: AbCdEf="
    )
    assert problems(message) == []
