"""Why, and what to do about it, word for word: the answer first, and nothing about anybody else."""

from datetime import timedelta

import pytest

from bot.slack.messages.answers import answer_message
from handlers.decisions.explaining import Change, Kind, Turn, Verdict
from handlers.decisions.policy import Approvals, PolicyDecision
from handlers.questions.explained import CanAsk, Explained, WhyApproval, WhyRefused
from tests.bot.slack.stories import NOW, clumsy, hears, problems, reads

DECISION = PolicyDecision(allowed=False, policy_ids=("x",), reasons=("x",), policy_set="")
BY_OWNER = Verdict(outcome="approval", decision=DECISION, reasons=(), missing=Approvals(owner=1))
AT_ONCE = Verdict(outcome="automatic", decision=DECISION, reasons=())
SHORTER = Turn(changes=(Change(kind=Kind.TIME, minutes=480),), verdict=AT_ONCE)
BOTH = Turn(changes=(Change(kind=Kind.TICKET), Change(kind=Kind.JUSTIFICATION)), verdict=BY_OWNER)
NO = Explained(
    entitlement="prod-db",
    owner="Data Platform",
    minutes=1800,
    outcome="refused",
    reasons=("That is too long.",),
)
NEEDS = Explained(
    entitlement="prod-db", owner="Data Platform", minutes=60, outcome="approval", reasons=("it is production",),
    missing={"owner": 1},
)  # fmt: skip
PLAIN = Explained(
    entitlement="wiki-edit", owner="IT", minutes=60, outcome="automatic", reasons=("It is low risk.",)
)
ASK = "[Ask for access…]"

ANSWERS = [
    (
        WhyRefused(
            how="refused", entitlement="prod-db", at=NOW, reasons=("That is too long.",),
            now=Explained(**{**vars(NO), "turns": (SHORTER, BOTH)}),
        ),
        "⛔ Your request for prod-db was refused 23 Nov 14:02 UTC. That is too long.\n"
        "It would be refused now as well.\nWhat you can do:\n• Ask for 8 hours or less: then it is given at once.\n"
        "• Ask with the number of a ticket and with your reason: then it needs one approval from Data Platform.",
        ASK,
    ),
    (
        WhyRefused(how="refused", entitlement="prod-db", at=NOW, reasons=("That is too long.",), now=NO),
        "⛔ Your request for prod-db was refused 23 Nov 14:02 UTC. That is too long.\n"
        "It would be refused now as well.\nWhat you can do: ask its owner, Data Platform, what there is instead.",
        ASK,
    ),
    (
        WhyRefused(how="denied", entitlement="prod-db", at=NOW, by="Grace Hopper", rationale="use staging", now=NEEDS),
        "⛔ Your request for prod-db was denied 23 Nov 14:02 UTC by Grace Hopper: “use staging”\n"
        "prod-db for 1 hour needs one approval from Data Platform: it is production.",
        ASK,
    ),
    (
        WhyRefused(how="lapsed", entitlement="prod-db", at=NOW, now=NEEDS),
        "⌛ Your request for prod-db lapsed 23 Nov 14:02 UTC: nobody answered it in time.\n"
        "prod-db for 1 hour needs one approval from Data Platform: it is production.",
        ASK,
    ),
    (
        WhyRefused(how="never"),
        "I know of no request of yours that was refused, denied or left without an answer.\n"
        "What you can do: write “why can't I have …?” with a name, or “what can I ask for?”.",
        ASK,
    ),
    (
        WhyRefused(how="never", entitlement="wiki-edit", now=PLAIN),
        "I know of no request of yours for wiki-edit that was refused.\n"
        "If you ask now for 1 hour, it is given at once.",
        ASK,
    ),
    (
        WhyApproval(now=Explained(**{**vars(NEEDS), "turns": (SHORTER,)})),
        "prod-db for 1 hour needs one approval from Data Platform: it is production.\nWhat you can do:\n"
        "• Ask for 8 hours or less: then it is given at once.",
        ASK,
    ),
    (WhyApproval(now=PLAIN), "wiki-edit needs no approval from anybody for 1 hour.\nIt is low risk.", ASK),
    (
        WhyApproval(now=NO),
        "⛔ prod-db for 1 day 6 hours is not possible. That is too long.\n"
        "What you can do: ask its owner, Data Platform, what there is instead.",
        ASK,
    ),
    (
        WhyApproval(now=Explained(**{**vars(NEEDS), "held": True})),
        "✅ You hold prod-db already, so there is nothing to approve.",
        "",
    ),
    (
        CanAsk(at_once=("wiki-edit", "vpn-users"), with_approval=(NEEDS,), refused=2, more=3, unknown=("lab",)),
        "✅ Given at once: wiki-edit and vpn-users.\nWith approval:\n• prod-db: one approval from Data Platform\n"
        "I can't read the directory lab right now. Ask me again in a few minutes.\n"
        "2 things are not possible for you. Ask “why can't I have …?” with a name.\n"
        "… and 3 more: the form finds them by name.\nAs policy says now; nothing was asked for.",
        ASK,
    ),
    (
        CanAsk(),
        "There is nothing that you could ask for right now and do not hold.\n"
        "As policy says now; nothing was asked for.",
        ASK,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "text", "buttons"), ANSWERS)
def test_each_answer_says_why_and_what_to_do(answer: object, text: str, buttons: str) -> None:
    message = answer_message(answer, NOW + timedelta())  # type: ignore[arg-type]  # one of the three
    assert reads(message) == "\n".join(filter(None, (text, buttons)))
    assert problems(message) == []
    assert clumsy(hears(message)) == []
