"""What the security channel reads of every kind of exception: what, who, what was done already, and where to look."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.messages.alerts.facts import Alert
from bot.slack.messages.alerts.message import alert_message
from bot.slack.messages.drift import DRIFT
from bot.slack.messages.emergency_reviews import FOLLOW_UPS
from handlers.exceptions.strange import Kind
from tests.bot.slack.stories import NOW, clumsy, hears, problems, reads

# The others are told by bot.slack.messages.drift, freezes, alarms and alerts_rules.
ALERTS = set(Kind) - DRIFT - FOLLOW_UPS - {Kind.ACCESS_STOPPED, Kind.NOT_ME, Kind.RULES_PROPOSED}
TAIL = "medium · 23 Nov 14:02 UTC · story g-1"
LATER = (NOW + timedelta(minutes=30)).isoformat()


def alert(kind: Kind, facts: dict[str, Any] | None = None, **changes: Any) -> Alert:
    """One exception of this kind about Ada, seen once."""
    told: dict[str, Any] = {
        "id": "x-1", "kind": kind, "severity": "medium", "who": "Ada Lovelace (ada)", "facts": facts or {},
        "correlation": "g-1", "count": 1, "first_at": NOW, "last_at": NOW,
    }  # fmt: skip
    return Alert(**{**told, **changes})


SEEN = [
    Kind.MANY_REFUSALS, Kind.MANY_RESETS, Kind.APPROVING_EACH_OTHER, Kind.APPROVED_AT_ONCE, Kind.DORMANT,
    Kind.MANY_ASKED,
]  # fmt: skip
GOLDEN = [
    (
        alert(
            Kind.EMERGENCY_REFUSED,
            {"stage": "told", "entitlement": "prod-db", "incident": "INC-1", "reasons": ["Nobody outside took it."]},
        ),
        "⚠️ Break-glass refused: prod-db for Ada Lovelace (ada)",
        "Incident INC-1. They had proved who they are, and the alert was on its way. "
        "Why, in the words for them: “Nobody outside took it.” Nothing was given.",
        TAIL,
    ),
    (
        alert(Kind.EMERGENCY_REFUSED, {"stage": "listed"}),
        "⚠️ Break-glass tried by Ada Lovelace (ada)",
        "Ada Lovelace (ada) is on no list of those who may take something in an emergency. Nothing was given.",
        TAIL,
    ),
    (
        alert(Kind.PETITION, {"kind": "proofs", "stage": "cancelled", "why": "not-me", "privileged": False}),
        "⚠️ Petition stopped: Ada Lovelace (ada)",
        "Ada Lovelace (ada) asked two people to say that it is them, for new proofs for lost ones. It is over: its "
        "person said that it was not them. Nothing was changed. Somebody else may be in their Slack or their mailbox: "
        "speak to them, in person or by phone.",
        TAIL,
    ),
    (
        alert(Kind.PETITION, {"kind": "password", "stage": "asked", "privileged": True}),
        "⚠️ Petition for a privileged account: Ada Lovelace (ada)",
        "Ada Lovelace (ada) asked two people to say that it is them, for a new password. Nothing is open yet; the "
        "petition itself stands in this channel.",
        TAIL,
    ),
    (
        alert(Kind.WRONG_APPROVER, {"petition": "Bob Noyce", "reasons": []}),
        "⚠️ Wrong person clicked: the petition of Bob Noyce",
        "Ada Lovelace (ada) tried to decide about the petition of Bob Noyce. They are not among those who may. "
        "Nothing was changed.",
        TAIL,
    ),
    (
        alert(Kind.ADDRESS_CHANGED, {"slack_user": "U0ADA", "changed_at": "2026-11-23T12:00:00+00:00"}),
        "⚠️ Refused: self-service for Ada Lovelace (ada), whose mail address is new",
        "Somebody with the Slack account U0ADA wanted to help themselves. The mail address of Ada Lovelace (ada) "
        "changed 23 Nov 12:00 UTC, and for 72 hours nothing is done on its strength. Nothing was changed; their old "
        "and their new address were told. If the change of address was not theirs, somebody else is about to be them.",
        TAIL,
    ),
    (
        alert(
            Kind.ADDRESS_CHANGED,
            {"slack_user": "U0ADA", "door": True, "changed_at": "2026-11-23T12:00:00+00:00"},
        ),
        "⚠️ Refused: self-service for Ada Lovelace (ada), whose mail address is new",
        "Somebody at the page's front door wanted to help themselves. The mail address of Ada Lovelace (ada) "
        "changed 23 Nov 12:00 UTC, and for 72 hours nothing is done on its strength. Nothing was changed; their old "
        "and their new address were told. If the change of address was not theirs, somebody else is about to be them.",
        TAIL,
    ),
    (
        alert(
            Kind.VOUCHING,
            {
                "reason": "report",
                "whom": "Grace Hopper (grace)",
                "reasons": ["They are above you, so somebody else has to vouch for them."],
            },
        ),
        "⚠️ Refused: Ada Lovelace (ada) vouches for their own boss",
        "Ada Lovelace (ada) tried to vouch for Grace Hopper (grace), whom they report to. Nothing was changed. "
        "Why, in the words for them: “They are above you, so somebody else has to vouch for them.”",
        TAIL,
    ),
    (
        alert(Kind.VOUCHING, {"reason": "flood"}),
        "⚠️ Asked too often to be vouched for: Ada Lovelace (ada)",
        "Somebody asks again and again for a code to be vouched for as Ada Lovelace (ada). "
        "For a day no code of theirs counts, and nobody was sent anything. Speak to them.",
        TAIL,
    ),
    (
        alert(Kind.WRONG_APPROVER, {"entitlement": "prod-db", "emergency": True, "reasons": ["You report to them."]}),
        "⚠️ Wrong person clicked: prod-db",
        "Ada Lovelace (ada) tried to review an emergency about prod-db. "
        "Why, in the words for them: “You report to them.” Nothing was changed.",
        TAIL,
    ),
    (
        alert(Kind.HELP_DESK, {"reason": "privileged", "whom": "Root (root)"}),
        "⚠️ Refused: Ada Lovelace (ada) acts for Root (root), who has administrative power",
        "Ada Lovelace (ada) tried to do something for the account of Root (root). Nothing was changed. "
        "Speak to both: this is how somebody gets at a privileged account.",
        TAIL,
    ),
    (
        alert(Kind.HELP_DESK, {"reason": "repeated", "whom": "", "tries": 3}),
        "⚠️ Refused again and again: Ada Lovelace (ada) acts for others",
        "Ada Lovelace (ada) tried several times to do something for people whom their help desk does not serve, or is "
        "on none. Nothing was changed. Speak to them.",
        TAIL,
    ),
    (
        alert(Kind.WRONG_APPROVER, {"release": "Bob Noyce (bob)", "reasons": []}),
        "⚠️ Wrong person clicked: Ada Lovelace (ada)",
        "Ada Lovelace (ada) tried to let Bob Noyce (bob) in again. They are not on the security team. "
        "Nothing was changed.",
        TAIL,
    ),
    (
        alert(
            Kind.REFUSED_REQUEST,
            {"entitlement": "prod-admin", "minutes": 60, "employment": "contractor", "company": "Vendor Co",
             "policies": ["contractors-never-admin", "not-beyond-maximum"],
             "reasons": ["Contractors cannot hold administrative access.", "That is longer than it may last."]},
            who="Eve Example (eve)",
        ),
        "⚠️ Refused: prod-admin asked by Eve Example (eve)",
        "Eve Example (eve) (contractor, Vendor Co) asked for prod-admin, for 1 hour. "
        "Why, in the words for them: “Contractors cannot hold administrative access. That is longer than it may last.” "
        "Nothing was granted.",
        TAIL + " · policy contractors-never-admin and not-beyond-maximum",
    ),
    (
        alert(Kind.REFUSED_REQUEST, {"entitlement": "prod-db", "minutes": 6000, "employment": "employee",
                                     "company": "Lovelace Ltd", "reasons": []}),
        "⚠️ Refused: prod-db asked by Ada Lovelace (ada)",
        "Ada Lovelace (ada) asked for prod-db, for 4 days 4 hours. No policy allows it. Nothing was granted.",
        TAIL,
    ),
    (
        alert(Kind.REFUSED_REQUEST, {"entitlement": "prod-db", "minutes": 6000, "employment": "employee",
                                     "reasons": ["That is longer than it may last."], "times": 3}),
        "⚠️ Refused: prod-db asked by Ada Lovelace (ada)",
        "Ada Lovelace (ada) asked for prod-db, for 4 days 4 hours. "
        "Why, in the words for them: “That is longer than it may last.” "
        "They were refused it 3 times within a day. Nothing was granted.",
        TAIL,
    ),
    (
        alert(Kind.REFUSED_SELF_SERVICE, {"purpose": "reset", "reasons": ["Accounts with power are not reset here."]}),
        "⚠️ Refused: a password reset, asked by Ada Lovelace (ada)",
        "Ada Lovelace (ada) asked for a password reset. "
        "Why, in the words for them: “Accounts with power are not reset here.” Nothing was changed.",
        TAIL,
    ),
    (
        alert(Kind.WRONG_APPROVER, {"entitlement": "prod-db", "requester": "Grace Hopper (grace)", "own": False,
                                    "reasons": ["No policy allows this."]}),
        "⚠️ Wrong person clicked: prod-db",
        "Ada Lovelace (ada) tried to decide the request of Grace Hopper (grace) for prod-db. "
        "Why, in the words for them: “No policy allows this.” Nothing was changed.",
        TAIL,
    ),
    (
        alert(Kind.WRONG_APPROVER, {"entitlement": "prod-db", "requester": "Ada Lovelace (ada)", "own": True,
                                    "reasons": ["Nobody approves their own request."]}),
        "⚠️ Wrong person clicked: prod-db",
        "Ada Lovelace (ada) tried to decide their own request for prod-db. "
        "Why, in the words for them: “Nobody approves their own request.” Nothing was changed.",
        TAIL,
    ),
    (
        alert(Kind.WRONG_APPROVER, {"entitlement": "prod-db", "drift": True,
                                    "reasons": ["Nobody decides about their own membership."]}),
        "⚠️ Wrong person clicked: prod-db",
        "Ada Lovelace (ada) tried to decide about a membership of prod-db. "
        "Why, in the words for them: “Nobody decides about their own membership.” Nothing was changed.",
        TAIL,
    ),
    (
        alert(Kind.POLICY_ERROR, {"entitlement": "prod-db", "errors": ["no such attribute: risk"]}),
        "⚠️ A policy could not be evaluated",
        "It was asked for Ada Lovelace (ada), about prod-db: no such attribute: risk. So it was refused, and it will "
        "be until the policy set is mended.",
        TAIL,
    ),
    (
        alert(Kind.POLICY_ERROR, {"purpose": "unlock", "errors": []}),
        "⚠️ A policy could not be evaluated",
        "It was asked for Ada Lovelace (ada), about an unlock: no more is known. So it was refused, and it will be "
        "until the policy set is mended.",
        TAIL,
    ),
    (
        alert(Kind.REVOCATION_OVERDUE, {"entitlement": "prod-db", "tries": 3, "due": NOW.isoformat(),
                                        "fault": "The directory did not answer in time."}),
        "⚠️ Revocation overdue: prod-db of Ada Lovelace (ada)",
        "It was due at 14:02 UTC. It is not confirmed. The directory did not answer in time. Tried 3 times so far. "
        "They may still have it. Wicket goes on trying.",
        TAIL,
    ),
    (
        alert(Kind.REVOCATION_OVERDUE, {"entitlement": "prod-db", "tries": 0, "due": "", "fault": ""}),
        "⚠️ Revocation overdue: prod-db of Ada Lovelace (ada)",
        "It was due. It is not confirmed. Not tried yet. They may still have it. Wicket goes on trying.",
        TAIL,
    ),
    (
        alert(Kind.REVOCATION_OVERDUE, {"entitlement": "prod-db", "tries": 3, "due": NOW.isoformat(),
                                        "fault": "The directory did not answer in time.", "settled": LATER}),
        "⚠️ Revocation overdue: prod-db of Ada Lovelace (ada)",
        "It was due at 14:02 UTC. It came late by 30 minutes. The last fault was: The directory did not answer "
        "in time. Settled 23 Nov 14:32 UTC: the directory agrees now.",
        TAIL,
    ),
    (
        alert(Kind.REVOCATION_OVERDUE, {"entitlement": "prod-db", "tries": 12, "due": NOW.isoformat(),
                                        "fault": "The directory did not answer in time.", "paged": LATER,
                                        "owner": "Data Platform"}),
        "⚠️ Revocation overdue by 30 minutes: prod-db of Ada Lovelace (ada)",
        "It was due at 14:02 UTC. It is not confirmed. The directory did not answer in time. Tried 12 times so far. "
        "They may still have it. Wicket goes on trying. Owner: Data Platform. Mend the directory, or take it from "
        "them there by hand: Wicket will see it and close this. Until then it is told again every hour.",
        TAIL,
    ),
    (
        alert(Kind.REVOCATION_OVERDUE, {"entitlement": "prod-db", "tries": 0, "due": NOW.isoformat(), "fault": "",
                                        "paged": LATER, "owner": ""}),
        "⚠️ Revocation overdue by 30 minutes: prod-db of Ada Lovelace (ada)",
        "It was due at 14:02 UTC. It is not confirmed. Not tried yet. They may still have it. Wicket goes on trying. "
        "Its owner is not in wicket.toml any more. Mend the directory, or take it from them there by hand: Wicket "
        "will see it and close this. Until then it is told again every hour.",
        TAIL,
    ),
    (
        alert(Kind.REVOCATION_OVERDUE, {"entitlement": "prod-db", "tries": 3, "due": NOW.isoformat(),
                                        "fault": "The directory did not answer in time.", "renewed": LATER}),
        "⚠️ Revocation overdue: prod-db of Ada Lovelace (ada)",
        "It was due at 14:02 UTC. It went on and was told anew 23 Nov 14:32 UTC.",
        TAIL,
    ),
    (
        alert(Kind.REVOCATION_OVERDUE, {"count": 40, "due": NOW.isoformat(), "owners": ["Data Platform", "IT"],
                                        "paged": LATER}, who="field"),
        "⚠️ Revocations overdue by 30 minutes: 40 in the directory field",
        "The first was due at 14:02 UTC. Not one of them is confirmed. Owners: Data Platform and IT. They may still "
        "have it. Wicket goes on trying; wicket grants overdue says who has what.",
        TAIL,
    ),
    (
        alert(Kind.TARGET_GONE, {"entitlement": "prod-db", "gone": "group", "group": "prod-db-rw"}),
        "⚠️ A group is gone: prod-db-rw",
        "The group is not in the directory any more, and prod-db of Ada Lovelace (ada) went with it; the grant is "
        "closed. Correct the catalogue, or make the group again.",
        TAIL,
    ),
    (
        alert(Kind.TARGET_GONE, {"entitlement": "prod-db", "gone": "account", "group": "prod-db-rw"}),
        "⚠️ An account is gone: Ada Lovelace (ada)",
        "It is not in the directory any more, and prod-db went with it; the grant is closed.",
        TAIL,
    ),
    (
        alert(Kind.DIRECTORY_MISSING, {"grants": 2}, who="field"),
        "⚠️ Not in wicket.toml any more: the directory field",
        "2 grants in it cannot be taken back by Wicket, which calls nothing gone that it cannot read. Put it back "
        "until they have ended, and restart.",
        TAIL,
    ),
    (
        alert(Kind.DIRECTORY_MISSING, {"grants": 2, "settled": LATER}, who="field"),
        "⚠️ Not in wicket.toml any more: the directory field",
        "It is there again, or nothing is left to take back in it, since 23 Nov 14:32 UTC.",
        TAIL,
    ),
    (
        alert(Kind.EFFECT_FAILED, {"count": 40, "fault": "It said no"}, who="field"),
        "⚠️ The directory does not follow: 40 changes in the directory field",
        "Giving and taking back do not succeed. It said no. Wicket goes on trying.",
        TAIL,
    ),
    (
        alert(Kind.NOT_COMPARED, {"count": 2, "names": ["prod-db", "wiki-edit"], "since": NOW.isoformat(),
                                  "fault": "It said no"}, who="field"),
        "⚠️ Not compared: the directory field",
        "2 entitlements in it could not be read since 23 Nov 14:02 UTC. Not read: prod-db and wiki-edit. It said no. "
        "What other hands change there is not seen meanwhile. Wicket looks again at each round.",
        TAIL,
    ),
    (
        alert(Kind.NOT_COMPARED, {"count": 2, "names": ["prod-db", "wiki-edit"], "settled": LATER}, who="field"),
        "⚠️ Not compared: the directory field",
        "All of it can be read again since 23 Nov 14:32 UTC, and was compared.",
        TAIL,
    ),
    (
        alert(Kind.EFFECT_FAILED, {"entitlement": "prod-db", "tries": 3, "removal": False, "fault": "It said no",
                                   "settled": LATER}),
        "⚠️ The directory does not follow: prod-db of Ada Lovelace (ada)",
        "Giving prod-db did not succeed at first. The last fault was: It said no. Settled 23 Nov 14:32 UTC: "
        "the directory agrees now.",
        TAIL,
    ),
    (
        alert(Kind.EFFECT_FAILED, {"entitlement": "prod-db", "tries": 1, "removal": False, "fault": "It said no"}),
        "⚠️ The directory does not follow: prod-db of Ada Lovelace (ada)",
        "Giving prod-db does not succeed. It said no. Tried 1 time so far. They do not have it yet. "
        "Wicket goes on trying.",
        TAIL,
    ),
    (
        alert(Kind.EFFECT_FAILED, {"entitlement": "prod-db", "tries": 3, "removal": True, "fault": "It said no."}),
        "⚠️ The directory does not follow: prod-db of Ada Lovelace (ada)",
        "Taking back prod-db does not succeed. It said no. Tried 3 times so far. They may still have it. "
        "Wicket goes on trying.",
        TAIL,
    ),
    (
        alert(Kind.CHANGE_UNSURE, {"purpose": "reset", "result": "unknown"}),
        "⚠️ Unknown: whether the password of Ada Lovelace (ada) was changed",
        "The directory did not answer in time, and Wicket does not try again by itself. They have been told; please "
        "look in the directory.",
        TAIL,
    ),
    (
        alert(Kind.CHANGE_UNSURE, {"purpose": "reset", "result": "sessions-open"}),
        "⚠️ Signed in elsewhere still: Ada Lovelace (ada)",
        "The password of Ada Lovelace (ada) was changed, but their sessions could not be ended. They have been told; "
        "please end the sessions in the directory.",
        TAIL,
    ),
    (
        alert(Kind.PAGE_LOCKOUT, {"wrong_in_a_row": 10}),
        "⚠️ Secure page locked for Ada Lovelace (ada)",
        "10 wrong codes or passwords in a row were given for Ada Lovelace (ada). No proof of theirs is accepted for 24 "
        "hours, and nothing was changed. If they are who they say, wicket proofs unlock LOGIN opens it earlier.",
        TAIL,
    ),
    (
        alert(Kind.PAGE_LOCKOUT, {"wrong_in_a_row": 100, "until_lifted": True}),
        "⚠️ Secure page locked for Ada Lovelace (ada)",
        "100 wrong codes or passwords in a row were given for Ada Lovelace (ada). Somebody has guessed for days: no "
        "proof of theirs is accepted any more, and nothing was changed. Speak to them; wicket proofs unlock LOGIN "
        "opens it, and it is time for new proofs.",
        TAIL,
    ),
    (
        alert(Kind.CLONED_PASSKEY, {"count_before": 7, "count_shown": 3}),
        "⚠️ A second one seems to exist of a passkey of Ada Lovelace (ada)",
        "It was shown with the count 3 after 7: its key is in two authenticators, and nobody can say which is theirs. "
        "It was refused and stopped, and they have been told. Ask them, and look at what was done with it before.",
        TAIL,
    ),
    (
        alert(Kind.IDENTITY_MISMATCH, {"slack_user": "U0ADA", "reason": "several matches"}),
        "⚠️ Not certain who this is: Ada Lovelace (ada)",
        "The Slack account U0ADA does not fit one person: several people in the directory have its e-mail address. "
        "It can do nothing until that is settled.",
        TAIL,
    ),
    (
        alert(Kind.AMBIGUOUS_IDENTITY, {"entitlement": "lab-db", "directory": "lab", "reason": "several",
                                        "accounts": ["l-1", "l-2"]}),
        "⚠️ Not certain whose account: Ada Lovelace (ada) in the directory lab",
        "Ada Lovelace (ada) asked for lab-db. In the directory lab 2 accounts have their number: l-1 and l-2. "
        "No account was taken for theirs, and nothing was granted. Please correct the numbers.",
        TAIL,
    ),
    (
        alert(Kind.AMBIGUOUS_IDENTITY, {"entitlement": "lab-db", "directory": "lab", "reason": "changed",
                                        "accounts": ["l-1", "l-2"]}),
        "⚠️ Not certain whose account: Ada Lovelace (ada) in the directory lab",
        "Ada Lovelace (ada) asked for lab-db. In the directory lab their number led to another account when they asked "
        "than it does now. First l-1, then l-2. No account was taken for theirs, and nothing was granted. "
        "Please correct the numbers.",
        TAIL,
    ),
    (
        alert(Kind.NOT_A_PERSON, {"slack_user": "U0GRETA", "reason": "guest"}, who="Greta Gast"),
        "⚠️ Turned away: Greta Gast",
        "Greta Gast (U0GRETA) is a guest. They tried to use Wicket. Nothing was done.",
        TAIL,
    ),
    (
        alert(Kind.AUTHORITY_LOST, {"entitlement": "prod-db", "reasons": ["An approval no longer counts."]}),
        "⚠️ Not granted after approval: prod-db for Ada Lovelace (ada)",
        "It was approved, but when policy was asked once more before giving it, the answer was no. "
        "Why, in the words for them: “An approval no longer counts.” Nothing was granted.",
        TAIL,
    ),
    (
        alert(Kind.UNPROVEN, {"entitlement": "prod-db", "requester": "Bob Noyce (bob)", "tries": 3}),
        "⚠️ Approval without a proof: prod-db",
        "Ada Lovelace (ada) pressed Approve 3 times on the request of Bob Noyce (bob) for prod-db, without the proof "
        "of who they are that it needs. Somebody else may sit at their Slack account: ask them, in person or by phone. "
        "Nothing was approved.",
        TAIL,
    ),
    (
        alert(Kind.TAMPERED),
        "⚠️ No button or form of ours: sent by Ada Lovelace (ada)",
        "Ada Lovelace (ada) sent a button or form that Wicket never made. Nothing was done.",
        TAIL,
    ),
    (
        alert(Kind.ROW_CHANGED, {"table": "grants", "row": "g-1", "entitlement": "prod-db"}),
        "⚠️ Not written by Wicket: a grant, Ada Lovelace (ada)",
        "In the database it is not as Wicket wrote it: prod-db for Ada Lovelace (ada). It counts no more: what it "
        "asked for is void, what it gave ends now. Find out who can write to the database, and compare it with the "
        "record.",
        TAIL,
    ),
    (
        alert(Kind.ROW_CHANGED, {"table": "passkeys", "row": "k-1"}),
        "⚠️ Not written by Wicket: a passkey, Ada Lovelace (ada)",
        "In the database it is not as Wicket wrote it (k-1). It does not count. "
        "Find out who can write to the database, and compare it with the record.",
        TAIL,
    ),
    (
        alert(Kind.ROWS_UNSIGNED, {"rows": 1204}, who="Wicket"),
        "⚠️ Rows of an older version still count unsigned",
        "1204 of those that give somebody something have no signature, and nothing new is signed. When every replica "
        "runs this version, run wicket keys sign: from then on none counts without one.",
        TAIL,
    ),
    (
        alert(Kind.UNDELIVERABLE, {"fault": "not_in_channel", "kind": "approval"}, who="C0DATAOWN"),
        "⚠️ Undeliverable: a message to #C0DATAOWN",
        "Wicket is not in that channel: invite it. The message is kept and tried again every few minutes.",
        TAIL,
    ),
    (
        alert(Kind.UNDELIVERABLE, {"fault": "It could not be made (KeyError).", "kind": "request"}, who="U0ADA"),
        "⚠️ Undeliverable: a message to U0ADA",
        "It could not be made (KeyError). The message is kept and tried again every few minutes.",
        TAIL,
    ),
    (
        alert(Kind.WRONG_APPROVER, {"entitlement": "prod-db", "requester": "Grace Hopper (grace)", "ending": True}),
        "⚠️ Wrong person clicked: prod-db",
        "Ada Lovelace (ada) tried to end what Grace Hopper (grace) has of prod-db. They are not among its approvers. "
        "Nothing was changed.",
        TAIL,
    ),
    (
        alert(Kind.OWNER_UNREACHABLE, {"trouble": "archived", "channel": "C0DATAOWN", "group": "data-owners",
                                       "fallback": "Platform"}, who="Data Platform"),
        "⚠️ Data Platform cannot be reached",
        "The channel #C0DATAOWN is archived. What waits for it is passed on to Platform. Take it out of the archive, "
        "or name another.",
        TAIL,
    ),
    (
        alert(Kind.OWNER_UNREACHABLE, {"trouble": "nobody", "channel": "C0DATAOWN", "group": "data-owners",
                                       "fallback": ""}, who="Data Platform"),
        "⚠️ Data Platform cannot be reached",
        "Nobody in the group data-owners is active and allowed to decide. Nobody stands in for it, so what waits for "
        "it will lapse. Put two people into it.",
        TAIL,
    ),
    (
        alert(Kind.NOT_STREAMED, {"since": NOW.isoformat(), "behind": 412, "fault": "It answered 503"}),
        "⚠️ The audit log is not taken by the system that it is sent to",
        "That is so since 23 Nov 14:02 UTC. It answered 503. 412 entries wait, and none is lost: Wicket goes on "
        "trying. Look at [siem] in wicket.toml, and at that system.",
        TAIL,
    ),
    (
        alert(Kind.NOT_STREAMED, {"since": NOW.isoformat(), "behind": 412, "settled": LATER}, who="audit log"),
        "⚠️ The audit log is not taken by the system that it is sent to",
        "That is so since 23 Nov 14:02 UTC. Since 23 Nov 14:32 UTC it takes them again.",
        TAIL,
    ),
    (
        alert(Kind.NOT_STREAMED, {"since": NOW.isoformat(), "behind": 412, "settled": LATER, "given_up": LATER},
              who="audit log"),
        "⚠️ The audit log is not taken by the system that it is sent to",
        "That is so since 23 Nov 14:02 UTC. At 23 Nov 14:32 UTC an operator gave that system up: nobody waits for it, "
        "and what it had not taken may be archived without it.",
        TAIL,
    ),
    (
        alert(Kind.RECORD_CHANGED, {"detail": "The audit entry e-1 at index 7 is not what was written."}, who="Wicket"),
        "⚠️ Changed past Wicket: another entry of the record",
        "The audit entry e-1 at index 7 is not what was written. New access is stopped already. Find out who can write "
        "to the database; wicket audit verify names all that does not fit.",
        TAIL,
    ),
    (
        alert(Kind.RECORD_CHANGED, {"detail": "The stored tree is not.", "tree": True, "settled": LATER}, who="Wicket"),
        "⚠️ Changed past Wicket: the stored tree of the record",
        "The stored tree is not. Since 23 Nov 14:32 UTC it fits again.",
        TAIL,
    ),
    (
        alert(
            Kind.LEFT_CATALOGUE,
            {"entitlement": "prod-db", "count": 2, "until": LATER, "grants": [["g-1", "Ada Lovelace (ada)"]]},
            who="prod-db",
        ),
        "⚠️ Not in the catalogue any more: prod-db",
        "2 grants give it still, and nobody owns it. The last ends 23 Nov 14:32 UTC. Whoever has it can give it back, "
        "and the security team can end each before its time. Or put it back into the catalogue.",
        TAIL,
    ),
    (
        alert(Kind.LEFT_CATALOGUE, {"entitlement": "prod-db", "count": 0, "settled": LATER}, who="prod-db"),
        "⚠️ Not in the catalogue any more: prod-db",
        "It is there again, or nobody has it any more, since 23 Nov 14:32 UTC.",
        TAIL,
    ),
    (
        alert(Kind.CLOCK_AHEAD, {"grants": 1, "ahead": 180}, who="Wicket"),
        "⚠️ The clock was set back",
        "1 grant was given when it was up to 3 hours ahead of what it is now. It would have lasted longer than was "
        "allowed, so its time counts from now. Either the clock was wrong then, or it is now: wicket check compares "
        "it with Slack's.",
        TAIL,
    ),
    (
        alert(Kind.CLOCK_AHEAD, {"grants": 26, "ahead": 4320}, who="Wicket"),
        "⚠️ The clock was set back",
        "26 grants were given when it was up to 3 days ahead of what it is now. They would have lasted longer than "
        "was allowed, so their time counts from now. Either the clock was wrong then, or it is now: wicket check "
        "compares it with Slack's.",
        TAIL,
    ),
    (
        alert(Kind.UNCHECKED, {
            "replica": "wicket-1", "since": NOW.isoformat(), "checks": ["checkpoints", "walk"],
        }, who="Wicket"),
        "⚠️ New access is stopped by wicket-1 alone: it cannot check the records",
        "It has given nothing new since 23 Nov 14:02 UTC; what ends, ends on time. The records could not be held "
        "against what was signed of them. The walk over the record cannot go on. It ends by itself once that can be "
        "done, and nobody can confirm it away. Find out who can write to the database; the log of the bot says what "
        "fails.",
        TAIL,
    ),
    (
        alert(Kind.UNCHECKED, {
            "replica": "wicket-1", "since": NOW.isoformat(), "checks": ["entries"], "settled": LATER,
        }, who="Wicket"),
        "⚠️ New access was stopped by wicket-1 alone: it could not check the records",
        "It gave nothing new since 23 Nov 14:02 UTC; what ended, ended on time. The walk found what is not as it was "
        "written, and the stop could not be written. Since 23 Nov 14:32 UTC all of that is done. What was found, if "
        "anything, has a message of its own.",
        TAIL,
    ),
    (
        alert(Kind.UNCHECKED, {
            "replica": "wicket-1", "since": NOW.isoformat(), "checks": ["signing"], "calm_since": LATER,
        }, who="Wicket"),
        "⚠️ New access was stopped by wicket-1 alone: it could not check the records",
        "It gave nothing new since 23 Nov 14:02 UTC; what ended, ended on time. The records could not be signed anew. "
        "Since 23 Nov 14:32 UTC all of that is done. If that lasts for 10 minutes, it is over; if not, it is counted "
        "here.",
        TAIL,
    ),
    (
        alert(Kind.NOT_LOOKED_OVER, {"what": "walk", "since": NOW.isoformat()}, who="Wicket"),
        "⚠️ Overdue: the walk over the whole record",
        "All of it was walked over last 23 Nov 14:02 UTC. What was edited since is not found by itself: wicket audit "
        "verify looks at all of it now. The log of the bot says what keeps it from going on.",
        TAIL,
    ),
    (
        alert(Kind.NOT_LOOKED_OVER, {"what": "walk", "since": NOW.isoformat(), "never": True}, who="Wicket"),
        "⚠️ Overdue: the walk over the whole record",
        "No walk has come to its end yet, and the record begins 23 Nov 14:02 UTC. What was edited since is not found "
        "by itself: wicket audit verify looks at all of it now. The log of the bot says what keeps it from going on.",
        TAIL,
    ),
    (
        alert(Kind.NOT_LOOKED_OVER, {"what": "detecting", "since": NOW.isoformat(), "waits": 7}, who="Wicket"),
        "⚠️ The detectors stand still",
        "Nothing of it was taken since 23 Nov 14:02 UTC. 7 entries wait, and none is lost. The log of the bot says "
        "what keeps it from going on.",
        TAIL,
    ),
    (
        alert(Kind.NOT_LOOKED_OVER, {"what": "siem", "since": NOW.isoformat(), "settled": LATER}, who="Wicket"),
        "⚠️ The record is not sent on",
        "Nothing of it was taken since 23 Nov 14:02 UTC. Since 23 Nov 14:32 UTC it goes on.",
        TAIL,
    ),
    (
        alert(Kind.NOT_LOOKED_OVER, {
            "what": "publishing", "since": NOW.isoformat(), "replica": "wicket-1", "file": "/state/<!here>.txt",
        }, who="Wicket"),
        "⚠️ Checkpoints do not leave the database",
        "wicket-1 has not been able to write them to /state/<!here>.txt since 23 Nov 14:02 UTC. Until it can, an older "
        "copy in the place of the database may not be noticed at a start: name a file that it can write, [audit] "
        "published. The log of the bot says what keeps it from going on.",
        TAIL,
    ),
    (
        alert(Kind.NOT_LOOKED_OVER, {
            "what": "publishing", "since": NOW.isoformat(), "replica": "wicket-1", "file": "/state/x.txt",
            "settled": LATER,
        }, who="Wicket"),
        "⚠️ Checkpoints do not leave the database",
        "wicket-1 has not been able to write them to /state/x.txt since 23 Nov 14:02 UTC. Since 23 Nov 14:32 UTC it "
        "goes on.",
        TAIL,
    ),
    *(
        (
            alert(kind, {
                "detector": "refusals", "settings": "person = 10, minutes = 60", "title": "Many refusals: Eve (eve)",
                "told": "Eve (eve) was refused 12 times.", "usual": "Usually once.", "since": NOW.isoformat(),
                "until": LATER,
            }),
            "⚠️ Many refusals: Eve (eve)",
            "Eve (eve) was refused 12 times. The first was 23 Nov 14:02 UTC, the last 23 Nov 14:32 UTC. Usually once. "
            "Nothing is stopped by this. It is tuned in wicket.toml, [detectors.refusals]: person = 10, minutes = 60.",
            TAIL,
        )
        for kind in SEEN
    ),
    (
        alert(Kind.DETECTOR_FAILED, {"error": "KeyError", "first": 7, "last": 9}, who="refusals"),
        "⚠️ A detector failed: refusals",
        "It broke over the audit entries 7 to 9 (KeyError), and says nothing of them. The others go on, and it is "
        "tried again with what comes next. The log says more; [detectors] in wicket.toml switches it off.",
        TAIL,
    ),
    (
        alert(Kind.RULES_CHANGED, {
            "set": "4ecab4e552c3832d", "known": True,
            "changed": {
                "policies_added": ["never-on-fridays"], "policies_changed": ["owner-approval"],
                "entitlements_changed": ["prod-db", "risk", "4", "2", "wiki", "max_duration", "60", "120",
                                         "wiki", "owner", "data", "it-desk"],
                "entitlements_written": ["blog", "max_duration", "240", "blog", "standing_allowed", "False",
                                         "blog", "group", "True"],
                "settings_changed": ["security.approvers_group"],
            },
        }, who="Wicket", correlation="rules"),
        "⚠️ The rules changed",
        "New policies: never-on-fridays\nPolicies that read otherwise: owner-approval\n"
        "Settings that bear on security and are others now: security.approvers_group\n"
        "blog: max 4 hours, standing no and group True\n"
        "prod-db: its risk was lowered from 4 to 2\n"
        "wiki: its longest duration was 1 hour, and is 2 hours\n"
        "wiki: owner was data, and is it-desk\n"
        "The hash of the set: 4ecab4e552c3",
        TAIL.replace("g-1", "rules"),
    ),
    (
        alert(Kind.RULES_INVALID, {"wrong": "policies/ours.cedar, line 3, column 38: unexpected token >"},
              who="Wicket", correlation="rules"),
        "⚠️ The new rules will not do",
        "policies/ours.cedar, line 3, column 38: unexpected token >. What held before goes on deciding. Mend that, "
        "and it is read again by itself.",
        TAIL.replace("g-1", "rules"),
    ),
    (
        alert(Kind.NOT_DISCOVERED, {"directory": "corp", "group": "wiki", "wrong": "risk: must be at most 5."},
              who="corp"),
        "⚠️ What a group says of itself cannot be used: wiki",
        "risk: must be at most 5. Nobody can ask for it until that is mended in corp.",
        TAIL,
    ),
    (
        alert(Kind.NOT_DISCOVERED, {"directory": "corp", "group": "", "wrong": "It did not answer", "settled": LATER},
              who="corp"),
        "⚠️ The groups of corp could not be looked through",
        "It did not answer. Since 23 Nov 14:32 UTC it can be used.",
        TAIL,
    ),
    (
        alert(Kind.RULES_DIFFER, {"replica": "wicket-2", "set": "4ecab4e552c3832d", "other": "00112233445566"},
              who="Wicket", correlation="rules"),
        "⚠️ Two replicas go by different rules: wicket-2",
        "wicket-2 decides by the set 4ecab4e552c3, and 001122334455 was told last. Give all of them the same files "
        "and settings.",
        TAIL.replace("g-1", "rules"),
    ),
    (
        alert(Kind.OWNER_UNREACHABLE, {"trouble": "no-group", "settled": LATER}, who="Data Platform"),
        "⚠️ Data Platform cannot be reached",
        "It can be again, since 23 Nov 14:32 UTC. Requests go to it as before.",
        TAIL,
    ),
    (
        alert(Kind.UNDELIVERABLE, {"courier": "mail", "fault": "nobody took it for three days"}),
        "⚠️ Undeliverable: a mail to Ada Lovelace (ada)",
        "The letter about their account could not be delivered: nobody took it for three days. Wicket gave up; please "
        "tell them another way, and look at their address in the directory.",
        TAIL,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("told", "title", "sentence", "tail"), GOLDEN)
def test_each_exception_reads_as_it_should(told, title, sentence, tail):
    message = alert_message(told)
    assert reads(message) == f"{title}\n{sentence}\n{tail}\n[What happened?]"
    assert hears(message).replace("`", "") == f"{title}. {sentence} ({tail})"
    assert problems(message) == []
    assert clumsy(reads(message)) == []


def test_what_to_do_about_a_fault_is_not_cut_off():
    """It stands behind the name of a group, which may be long in LDAP."""
    group = (
        "cn=production-database-read-and-write,ou=access,ou=groups,ou=engineering,dc=corp,dc=example,dc=com"
    )
    fault = (
        f"The directory staff does not let go of the last member of '{group}'; the setting placeholder_member names "
        "an entry to leave there."
    )
    told = alert(
        Kind.REVOCATION_OVERDUE, {"entitlement": "prod-db", "tries": 3, "due": LATER, "fault": fault}
    )
    assert fault in reads(alert_message(told))


def test_every_kind_of_exception_has_its_sentence():
    assert {told.kind for told, *_ in GOLDEN} == ALERTS


def test_repeats_are_counted_on_the_same_message():
    again = alert(Kind.TAMPERED, count=3, last_at=NOW + timedelta(hours=2))
    assert reads(alert_message(again)).endswith(
        "medium · 23 Nov 14:02 UTC · 3 times, last 23 Nov 16:02 UTC · story g-1\n[What happened?]"
    )


@pytest.mark.parametrize("kind", sorted(ALERTS))
def test_an_exception_of_which_little_is_known_has_no_holes(kind):
    """An older version may have kept other facts: the alert is told all the same."""
    bare = alert(kind, who="", severity="low")
    assert clumsy(hears(alert_message(bare))) == []
    assert problems(alert_message(bare)) == []


NASTY = st.text(max_size=50) | st.sampled_from(
    ["<!channel>", "&" * 3000, "*bold*", "`" * 500, "a\nb", "ﷺ" * 900]
)


@given(
    kind=st.sampled_from(sorted(ALERTS)),
    who=NASTY,
    facts=st.fixed_dictionaries(
        {},
        optional={
            **dict.fromkeys(
                ("entitlement", "employment", "company", "purpose", "requester", "fault", "slack_user",
                 "reason", "owner", "group", "gone"), NASTY
            ),
            **dict.fromkeys(("due", "paged", "renewed", "settled"), NASTY | st.sampled_from([LATER, "20261123"])),
            **dict.fromkeys(("reasons", "policies", "errors"), st.lists(NASTY, max_size=9)),
            **dict.fromkeys(("minutes", "tries", "wrong_in_a_row", "grants"), st.integers(0, 10**6)),
        },
    ),
)  # fmt: skip
def test_an_alert_always_fits_and_pings_nobody(kind, who, facts):
    """It must never be lost because a name is long (SL-8) or alive (SL-9)."""
    message = alert_message(alert(kind, facts, who=who))
    assert problems(message) == []
    assert len(reads(message).split("\n")) == 4
