"""Every picture of the gallery: what it is of, in the order in which docs/messages.md shows them.

The page is written from this alone; which states of which messages have a picture is read from it by a test.
"""

from collections.abc import Hashable
from dataclasses import dataclass

from bot.slack.actions import Form
from handlers.exceptions.strange import Kind
from handlers.questions.answers import (
    AccessList,
    Courteous,
    DidYouMean,
    ForAnother,
    Help,
    LinkedAlready,
    Membership,
    NearlyUnderstood,
    NothingNamed,
    NotUnderstood,
    OwnedBy,
    OwnRequests,
    PasswordExpiry,
    SeveralNamed,
    Worried,
)
from handlers.questions.explained import CanAsk, WhyApproval, WhyRefused
from storage.states import FreezeKind, GrantState

REQUEST, APPROVAL = "the requester's message", "the owner's message"


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One picture. says: the line that stands above it. of: the module that its message comes from,
    by its path under bot/slack/messages, or from `forms` on.

    shows: the states, kinds, forms or answers that are seen in it.
    """

    name: str
    says: str
    of: str
    shows: tuple[Hashable, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Part:
    """Pictures under one heading. level: 2 for those whom they are for, 3 for what they are about."""

    heading: str
    level: int = 3
    opening: str = ""
    pictures: tuple[Picture, ...] = ()


def _of(module: str, *rows: tuple[str, str, tuple[Hashable, ...]]) -> tuple[Picture, ...]:
    return tuple(Picture(name=name, says=says, of=module, shows=shows) for name, says, shows in rows)


def _states(of: str, *states: GrantState) -> tuple[Hashable, ...]:
    return tuple((of, state) for state in states)


_ASKING = (
    *_of(
        "requests",
        ("draft-unfinished", "Something is missing: nothing is guessed.", _states(REQUEST, GrantState.DRAFT)),
        ("draft", "Asked in words: nothing is sent before the button.", _states(REQUEST, GrantState.DRAFT)),
        ("draft-stopped", "New access is stopped: the draft says so.", _states(REQUEST, GrantState.DRAFT)),
        ("draft-cancelled", "The draft was taken back.", _states(REQUEST, GrantState.WITHDRAWN)),
    ),
    *_of(
        "forms.request",
        ("form-request", "The form says what would happen before it is sent.", (Form.REQUEST,)),
    ),
    *_of(
        "asking",
        ("form-sent-in-part", "Of several things, one could not be sent.", (Form.NOTE,)),
        ("answer-held-already", "There is nothing to ask for.", ()),
    ),
    *_of(
        "requests",
        ("request-refused", "Policy says no, and why.", _states(REQUEST, GrantState.REFUSED)),
    ),
)

_ONE_REQUEST = (
    *_of(
        "requests",
        ("request-waiting", "It waits for its owner.", _states(REQUEST, GrantState.PENDING)),
    ),
    *_of(
        "inquiries",
        ("request-question", "An approver asks something.", ()),
        ("request-answered", "It was answered.", ()),
    ),
    *_of("forms.inquiry", ("form-answer", "The answer, before it is sent.", (Form.ANSWER,))),
    *_of(
        "requests",
        ("request-second-stage", "One team approved, for a shorter time; the other is asked.", ()),
        ("request-passed-on", "Nobody answered, so it went to whoever stands in.", ()),
        ("request-being-set-up", "Approved, and not there yet.", _states(REQUEST, GrantState.APPROVED)),
        ("request-active", "There, with its end.", _states(REQUEST, GrantState.ACTIVE)),
        ("request-active-at-once", "Given at once, since policy needs nobody's approval.", ()),
        ("request-ends-sooner", "The clock was ahead when it was given.", ()),
        ("request-approved-for-less", "An approver made the time shorter.", ()),
        ("request-for-a-report", "For somebody who reports to the requester.", ()),
    ),
    *_of(
        "reports",
        ("report-waiting", "The same for the one who is to have it, while it waits …", ()),
        ("report-active", "… and when they have it.", ()),
    ),
    *_of(
        "during",
        ("request-ends-soon", "Before the end: one tap asks for more time, the other gives it back.", ()),
        ("request-ends-while-extension-waits", "The extension waits for its owner …", ()),
    ),
    *_of(
        "requests",
        ("request-extension-waits", "… and has a message of its own.", ()),
        ("request-goes-on", "It was extended: there is no gap.", ()),
    ),
    *_of("during", ("request-ends-soon-settled", "What the reminder says then.", ())),
    *_of(
        "requests",
        ("request-ended", "It ended on time.", _states(REQUEST, GrantState.ENDED)),
        ("request-given-back", "It was given back before its time.", ()),
        (
            "request-being-taken-back",
            "The directory does not follow yet.",
            _states(REQUEST, GrantState.ENDING),
        ),
    ),
    *_of("during", ("request-was-ended", "Its owner ended it: whoever had it hears so and why …", ())),
    *_of(
        "requests",
        ("request-ended-early", "… and their message follows.", ()),
        ("request-denied", "Denied, with the reason.", _states(REQUEST, GrantState.DENIED)),
        ("request-lapsed", "Nobody answered in time.", _states(REQUEST, GrantState.LAPSED)),
        ("request-withdrawn", "Taken back by the requester.", _states(REQUEST, GrantState.WITHDRAWN)),
        ("request-not-granted", "Approved, but not allowed any more.", _states(REQUEST, GrantState.VOIDED)),
    ),
)

_ANSWERS = (
    *_of(
        "answers",
        ("answer-access", "What access do I have?", (AccessList,)),
        ("answer-member", "Am I in vpn-users?", (Membership,)),
        (
            "answer-held-for-a-time",
            "“I'm done with …”, “extend …”: what is held, and the way to give it back.",
            (),
        ),
        ("answer-no-member", "Am I in prod-db?", (Membership,)),
        ("answer-owner", "Who owns prod-db?", (OwnedBy,)),
        ("answer-expiry", "When does my password expire?", (PasswordExpiry,)),
    ),
    *_of(
        "abilities",
        ("answer-help", "Help.", (Help,)),
        ("answer-help-security", "It names what else this person may do, and to nobody else.", ()),
    ),
    *_of(
        "own_requests",
        ("answer-own-requests", "Where is my request? Whose turn it is, and since when.", (OwnRequests,)),
        ("answer-last-request", "The same where none waits any more.", ()),
        ("answer-no-request", "The same where there was none.", ()),
    ),
    *_of(
        "asked_back",
        ("answer-did-you-mean", "A name that there is not.", (DidYouMean,)),
        ("answer-did-you-mean-one", "The same where one name alone is near.", (DidYouMean,)),
        ("answer-nothing-named", "Access is wanted, and nothing is named.", (NothingNamed,)),
        ("answer-several-named", "Several things at once are for the form.", (SeveralNamed,)),
        ("answer-nearly-understood", "A misspelt command is asked back.", (NearlyUnderstood,)),
        ("answer-for-another", "Access for somebody else is for the form.", (ForAnother,)),
        ("answer-worried", "Somebody else may have the account.", (Worried,)),
        ("answer-hello", "A greeting.", (Courteous,)),
        ("answer-thanks", "Thanks.", ()),
        ("answer-fine", "An ok sends and decides nothing.", ()),
        ("answer-never-mind", "A word of regret.", ()),
        ("answer-decide", "Approving takes the button.", ()),
        ("answer-stuck", "Somebody has had enough of it.", ()),
        ("answer-secret", "A password, typed by mistake.", ()),
        ("answer-one-at-a-time", "Two wishes at once.", ()),
        ("answer-stop-typed", "Access is stopped by a command, and by nobody's guess.", ()),
        ("answer-not-understood", "What was not understood is not kept.", (NotUnderstood,)),
    ),
    *_of(
        "answers",
        ("answer-unknown", "The directory cannot be read: unknown, and never nothing.", ()),
        ("answer-reset", "The way to a new password.", ()),
    ),
    *_of(
        "explained",
        ("answer-can-ask", "What can I ask for?", (CanAsk,)),
        ("answer-why-approval", "Why does prod-db need approval?", (WhyApproval,)),
        ("answer-why-refused", "Why was I refused? And what would change it.", (WhyRefused,)),
    ),
    *_of(
        "resets",
        ("notice-password-changing", "A new password is about to take effect.", ()),
    ),
    *_of(
        "notices",
        ("notice-password-changed", "It was changed; one click says that it was not you …", ()),
    ),
    *_of(
        "resets",
        ("confirm-not-me", "… asks first …", ()),
        ("private-not-me", "… and stops it.", ()),
    ),
    *_of(
        "notices",
        ("notice-password-unknown", "Or nobody knows yet what came of it.", ()),
    ),
    *_of(
        "answers",
        ("answer-unlocked", "An unlock is done at once.", ()),
        ("answer-not-locked", "There was nothing to unlock.", ()),
        ("answer-link", "The first time: is this Slack account yours?", ()),
        ("answer-linked-already", "It is known already.", (LinkedAlready,)),
    ),
    *_of(
        "proof_news",
        ("notice-proofs-changed", "Somebody's proofs changed.", ()),
        ("notice-passkey-stopped", "A copy of a passkey was shown.", ()),
    ),
    *_of("vouching", ("answer-vouch", "Vouching for somebody: nobody is ever asked to by Wicket.", ())),
    *_of(
        "forms.vouching",
        ("form-vouch", "Whom, the code that they read out, and how one spoke to them.", (Form.VOUCH,)),
        ("form-vouch-prove", "First they show that it is them.", (Form.NOTE,)),
    ),
    *_of(
        "vouching",
        ("form-vouched", "It is taken …", (Form.NOTE,)),
        ("form-vouch-refused", "… or it is not theirs to say.", (Form.NOTE,)),
        ("notice-word-given", "Whoever vouched hears what was said in their name.", ()),
        ("notice-vouched", "Whom it is about hears of it before it counts …", ()),
        ("notice-vouched-counts", "… and once it does.", ()),
    ),
    *_of("helping", ("answer-help-desk", "Doing something for somebody else, as the help desk …", ())),
    *_of(
        "forms.helping",
        (
            "form-help-unlock",
            "… an unlock, with whom and ticket filled in as they were typed …",
            (Form.HELP_UNLOCK,),
        ),
    ),
    *_of(
        "helping",
        ("form-helped", "… and what came of it.", (Form.NOTE,)),
        ("notice-help-unlocked", "Whom it is about hears of it at once.", ()),
    ),
    *_of(
        "forms.helping",
        (
            "form-help-reset",
            "A reset: the help desk sees no password, no code and no link …",
            (Form.HELP_RESET,),
        ),
    ),
    *_of("helping", ("notice-help-reset", "… for the way to the page is the person's alone.", ())),
    *_of(
        "forms.helping",
        ("form-help-recheck", "Access that somebody misses, checked again …", (Form.HELP_RECHECK,)),
    ),
    *_of(
        "helping",
        ("form-rechecked", "… with what was put right, and what is left to its owner.", (Form.NOTE,)),
        ("notice-rechecked", "What it says to whom it is about.", ()),
        ("form-help-refused", "What the help desk must not do.", (Form.NOTE,)),
    ),
    *_of(
        "freezes",
        ("answer-stopped", "While new access is stopped.", ()),
        ("answer-resets-stopped", "While resets are stopped for everybody.", ()),
    ),
)

_HOME = _of(
    "home",
    ("home-empty", "Of somebody who holds nothing.", ()),
    ("home-full", "Of an approver: what waits comes first, page by page.", ()),
)

_DECIDING = (
    *_of(
        "approvals",
        ("approval-waiting", "It waits: facts, reasons, who can decide.", _states(APPROVAL, GrantState.PENDING)),
        ("approval-question", "A question and its answer stand in the thread.", ()),
        ("approval-one-of-two", "One of two approvals.", ()),
        ("approval-to-security", "The same where security's approvers are: each gets it directly.", ()),
        ("approval-to-manager", "And where policy asks the manager first.", ()),
        ("approval-void", "An approver left: their approval counts no longer.", ()),
        ("approval-extension", "Somebody who has it asks for more time.", ()),
    ),
    *_of("during", ("approval-reminder", "Half-way to its lapse, in the thread and the channel.", ())),
    *_of("approvals", ("approval-passed-on", "Whoever stands in gets it.", ())),
    *_of("during", ("approval-reminder-settled", "The reminder, when there is nothing left to do.", ())),
    *_of(
        "approvals",
        ("approval-being-set-up", "Approved, and not there yet.", _states(APPROVAL, GrantState.APPROVED)),
        ("approval-active", "Approved: who, when, why, and until when.", _states(APPROVAL, GrantState.ACTIVE)),
        ("approval-proved", "Approved by whoever proved who they are: how, and when.", ()),
        ("approval-being-taken-back", "Over, and not gone yet.", _states(APPROVAL, GrantState.ENDING)),
        ("approval-ended", "Ended on time.", _states(APPROVAL, GrantState.ENDED)),
        ("approval-ended-early", "Ended by its owner.", ()),
        ("approval-denied", "Denied.", _states(APPROVAL, GrantState.DENIED)),
        ("approval-lapsed", "Lapsed.", _states(APPROVAL, GrantState.LAPSED)),
        ("approval-withdrawn", "Taken back by the requester.", _states(APPROVAL, GrantState.WITHDRAWN)),
        ("approval-not-granted", "Not granted after all.", _states(APPROVAL, GrantState.VOIDED)),
    ),
)  # fmt: skip

_DECISION_FORMS = (
    *_of(
        "forms.decision",
        ("form-approve", "Approve, with every fact once more.", (Form.APPROVE,)),
        ("form-approve-for-less", "Approve for a shorter time.", (Form.APPROVE_LESS,)),
        ("form-deny", "Deny.", (Form.DENY,)),
        ("form-details", "What stands behind it.", (Form.NOTE,)),
    ),
    *_of(
        "forms.proof",
        ("form-approve-prove", "Approve what needs a fresh proof of who decides.", ()),
        ("form-approve-unproven", "Sent without it: what was typed stays.", ()),
        ("form-approve-proved", "Opened once more, after the proof.", ()),
        ("form-approve-code", "At the highest risk the request's code is retyped, too.", ()),
    ),
    *_of("forms.inquiry", ("form-question", "Ask the requester.", (Form.INQUIRE,))),
    *_of("forms.ending", ("form-end", "End it before its time.", (Form.END,))),
)

_CLICKERS = (
    *_of(
        "approvals",
        ("private-may-not-decide", "It belongs to another team.", ()),
        ("private-own-request", "It is their own request.", ()),
        ("private-not-yet", "Somebody else comes first.", ()),
        ("private-second-click", "It was decided already.", ()),
    ),
    *_of("during", ("private-may-not-end", "It is not theirs to end.", ())),
)

_REFUSALS = _of(
    "alerts.message",
    ("alert-refused-request", "Asked for what policy refuses.", (Kind.REFUSED_REQUEST,)),
    ("alert-refused-self-service", "Asked for help that one does not get by oneself.", (Kind.REFUSED_SELF_SERVICE,)),
    ("alert-wrong-person", "Clicked what is not theirs to decide.", (Kind.WRONG_APPROVER,)),
    ("alert-unproven", "Approved again and again without the proof that it needs.", (Kind.UNPROVEN,)),
    ("alert-turned-away", "Somebody who is not staff.", (Kind.NOT_A_PERSON,)),
    ("alert-identity-mismatch", "A Slack account that fits nobody for sure.", (Kind.IDENTITY_MISMATCH,)),
    ("alert-ambiguous", "Two accounts for one person.", (Kind.AMBIGUOUS_IDENTITY,)),
    ("alert-forged-click", "A button that Wicket never made.", (Kind.TAMPERED,)),
    ("alert-row-changed", "A grant that somebody changed in the database.", (Kind.ROW_CHANGED,)),
    ("alert-rows-unsigned", "After an upgrade: rows that no version has signed yet.", (Kind.ROWS_UNSIGNED,)),
    ("alert-clock-ahead", "The clock was set back, after it had granted something.", (Kind.CLOCK_AHEAD,)),
    ("alert-authority-lost", "Approved, but not allowed any more.", (Kind.AUTHORITY_LOST,)),
    ("alert-page-lockout", "Too many wrong codes on the secure page.", (Kind.PAGE_LOCKOUT,)),
    ("alert-cloned-passkey", "A passkey of which there seem to be two.", (Kind.CLONED_PASSKEY,)),
    ("alert-change-unsure", "Nobody knows whether a password was changed.", (Kind.CHANGE_UNSURE,)),
    ("alert-policy-error", "A policy that cannot be evaluated refuses.", (Kind.POLICY_ERROR,)),
)  # fmt: skip

_EMERGENCIES = (
    *_of(
        "forms.emergencies",
        ("form-break-glass", "What, for which incident, and why.", (Form.BREAK_GLASS,)),
        ("form-break-glass-prove", "Then who it is: nothing is given yet.", (Form.NOTE,)),
    ),
    *_of(
        "emergencies",
        ("emergency-asked", "The same to whoever did it, in case that it was somebody else.", ()),
        ("emergency-told", "The alert, while somebody outside Slack is still to be told.", ()),
        ("emergency-held", "Everybody was told, and the access is there.", ()),
        ("confirm-end-emergency", "Its owner's team and security end it at one click.", ()),
        ("emergency-over", "How it ended, and who did that.", ()),
    ),
    *_of(
        "emergency_reviews",
        (
            "alert-emergency-review",
            "Somebody else has to look at it, and who can …",
            (Kind.EMERGENCY_REVIEW,),
        ),
        ("emergency-review-due", "… which the alert says, too.", ()),
        ("emergency-review-reminder", "A working day before it is due.", ()),
        ("alert-emergency-review-late", "Nobody did: they break the glass no more until somebody does.", ()),
    ),
    *_of(
        "forms.emergency_reviews",
        ("form-review-emergency", "The review, with every fact whole.", (Form.REVIEW_EMERGENCY,)),
    ),
    *_of(
        "emergency_reviews",
        ("alert-emergency-unjustified", "It was not justified …", (Kind.EMERGENCY_UNJUSTIFIED,)),
    ),
    *_of(
        "forms.emergency_reviews",
        ("form-restore-eligibility", "… until security lets them again …", (Form.RESTORE_ELIGIBILITY,)),
    ),
    *_of(
        "emergency_reviews",
        ("alert-emergency-restored", "… and says why.", ()),
    ),
    *_of(
        "forms.emergency_reviews",
        ("form-restore-lost", "Where its row was lost, two of security say so …", (Form.RESTORE_LOST,)),
    ),
    *_of(
        "emergency_reviews",
        ("alert-emergency-lost", "… and after the first word it stands so.", (Kind.EMERGENCY_LOST,)),
        ("alert-drill-missed", "Nobody practised it for too long.", (Kind.DRILL_MISSED,)),
    ),
    *_of("forms.emergencies", ("form-drill", "A drill goes the same way …", ())),
    *_of(
        "emergency_reviews",
        ("emergency-drill", "… says so wherever it is told …", ()),
        ("alert-drill-review", "… and is reviewed alike.", ()),
    ),
    *_of(
        "alerts.message",
        ("alert-emergency-refused", "Somebody who is on no list.", (Kind.EMERGENCY_REFUSED,)),
    ),
)

_ACCOUNTS = (
    *_of(
        "resets",
        ("alert-not-me", "Somebody says that a change was not theirs: what was stopped.", (Kind.NOT_ME,)),
    ),
    *_of(
        "alerts.vouching",
        ("alert-vouching", "Somebody vouches for whom they may not.", (Kind.VOUCHING,)),
    ),
    *_of(
        "alerts.helping",
        ("alert-helping", "Somebody of the help desk acts for whom they must not.", (Kind.HELP_DESK,)),
    ),
    *_of("forms.alarms", ("form-release", "Let them in again.", (Form.RELEASE,))),
    *_of("resets", ("alert-not-me-lifted", "Who did, and how they knew.", ())),
    *_of(
        "forms.halting",
        ("form-whom", "A compromised account: whose …", (Form.WHOM,)),
        ("form-revoke-all", "… and what there is, before anything is done.", (Form.REVOKE_ALL,)),
    ),
    *_of("halting", ("alert-revoked-all", "Everything of one person revoked, and read back as gone.", ())),
    *_of(
        "alerts.accounts",
        ("alert-address-changed", "A reset after the mail address changed.", (Kind.ADDRESS_CHANGED,)),
    ),
    *_of(
        "freezes",
        ("alert-resets-stopped", "Too many resets at once: nobody resets by themselves.", (FreezeKind.RESETS,)),
    ),
    *_of("forms.freezes", ("form-resume-resets", "Let resets begin again.", (Form.RESUME,))),
    *_of("freezes", ("alert-resets-resumed", "Who did, and what they looked at.", ())),
)  # fmt: skip

_PETITIONS = (
    *_of("petitions_told", ("answer-lost", "All that somebody proves themselves with is lost.", ())),
    *_of("answers", ("answer-not-alone", "An account that nobody resets alone.", ())),
    *_of("forms.petitions", ("form-petition", "What happened, in their own words.", (Form.PETITION,))),
    *_of(
        "petitions",
        ("petition-asked", "Asked: who has to answer, and by when.", ()),
        ("petition-to-decide", "The same for those who decide: every fact whole.", ()),
    ),
    *_of("petitions_told", ("private-prove-first", "An approver first proves who they are.", ())),
    *_of("forms.petitions", ("form-attest", "How they know that it is them.", (Form.ATTEST,))),
    *_of(
        "petitions",
        ("petition-decided", "Two approved, each with the proof that they showed.", ()),
        ("petition-approved", "To whoever asked: its hour, and one click that stops it.", ()),
        ("petition-open", "Its hour has come.", ()),
        ("petition-used", "It was used.", ()),
    ),
    *_of(
        "alerts.petitions",
        ("alert-petition", "Every petition for a privileged account is told.", (Kind.PETITION,)),
    ),
    *_of("forms.petitions", ("form-deny-petition", "Why not.", (Form.DENY_PETITION,))),
    *_of(
        "petitions",
        ("petition-denied-decided", "Denied, for those who decide …", ()),
        ("petition-denied", "… and for whoever asked.", ()),
    ),
)

_DIRECTORY = (
    *_of(
        "alerts.directory",
        ("alert-overdue", "A removal that is late.", (Kind.REVOCATION_OVERDUE,)),
        ("alert-overdue-paged", "Later, with who can act and how; its owner's channel gets it, too.", ()),
        ("alert-overdue-settled", "When it is over.", ()),
        ("alert-outage", "A whole directory is late: one message.", (Kind.REVOCATION_OVERDUE,)),
        ("alert-not-following", "A directory that does not do as it says.", (Kind.EFFECT_FAILED,)),
        ("alert-not-compared", "A directory that cannot be read.", (Kind.NOT_COMPARED,)),
        ("alert-target-gone", "A group that went with a grant on it.", (Kind.TARGET_GONE,)),
        (
            "alert-left-catalogue",
            "Somebody has what left the catalogue: security ends it, if they do not.",
            (Kind.LEFT_CATALOGUE,),
        ),
        ("alert-directory-missing", "A directory that was taken out of the settings.", (Kind.DIRECTORY_MISSING,)),
        ("alert-not-streamed", "A SIEM that takes nothing any more.", (Kind.NOT_STREAMED,)),
    ),
    *_of(
        "alerts.message",
        ("alert-owner-unreachable", "A team that nobody can reach.", (Kind.OWNER_UNREACHABLE,)),
        ("alert-undeliverable", "A letter that the mail server does not take.", (Kind.UNDELIVERABLE,)),
        ("alert-undeliverable-outside", "A notice that no channel outside Slack takes.", ()),
    ),
    *_of(
        "floods",
        ("flood", "Many of one kind at once: all but the first few are one line.", ()),
        ("alert-escalated", "Nobody acknowledged it, so it was told outside Slack, too.", ()),
    ),
)  # fmt: skip

_DRIFT = (
    *_of("drift", ("alert-unexplained", "Given by other hands: what can be decided.", (Kind.UNEXPLAINED,))),
    *_of(
        "forms.drift",
        ("form-adopt", "Adopt it for a time.", (Form.ADOPT,)),
        ("form-declare", "Declare that it may stand.", (Form.DECLARE,)),
    ),
    *_of(
        "drift",
        ("alert-unexplained-removed", "Removed, and the directory agrees.", ()),
        ("alert-unexplained-declared", "Declared, until it is looked at again.", ()),
        ("alert-vanished", "Taken away by other hands.", (Kind.VANISHED,)),
        ("alert-found-standing", "Who stood in a group before Wicket.", (Kind.FOUND_STANDING,)),
        ("alert-review-due", "Time to look again at who stands in a group.", (Kind.REVIEW_DUE,)),
        ("alert-group-gone", "A group that is no longer there.", (Kind.GROUP_GONE,)),
        ("alert-left", "Somebody left: what ended at once.", (Kind.LEFT,)),
        (
            "alert-many-left",
            "Too many left at once: nothing ends before a person says so.",
            (Kind.MANY_LEFT,),
        ),
    ),
)

_STOPPED = (
    *_of(
        "freezes",
        ("alert-mismatch", "An entry of the record was edited past Wicket.", (FreezeKind.MISMATCH,)),
        ("alert-stopped", "The records were restored from an older copy.", (Kind.ACCESS_STOPPED, FreezeKind.RESTORED)),
    ),
    *_of("forms.freezes", ("form-resume", "Let new access begin again.", (Form.RESUME,))),
    *_of("freezes", ("alert-resumed", "Who did, and what they looked at.", ())),
    *_of("forms.halting", ("form-halt", "One person of security stops all new access.", (Form.HALT,))),
    *_of(
        "freezes",
        ("alert-halted", "Who stopped it and why; one of two says that it may begin again.", (FreezeKind.EMERGENCY,)),
        ("form-said", "Their word is kept.", ()),
    ),
    *_of(
        "alerts.record",
        ("alert-unchecked", "One process stops by itself, since nothing can be written down.", (Kind.UNCHECKED,)),
        ("alert-unchecked-gone", "That is gone; what comes again soon is counted there.", ()),
    ),
    *_of("checkpoints", ("checkpoint", "A signed checkpoint, kept out of the house.", ())),
)  # fmt: skip

_RECORD = (
    *_of("forms.story", ("form-story", "What happened with a request, entry by entry.", ())),
    *_of(
        "digests",
        ("digest", "The week in numbers, and what stands out.", ()),
        ("digest-quiet", "A quiet week.", ()),
    ),
    *_of(
        "alerts.record",
        ("alert-record-changed", "One more entry that was edited past Wicket.", (Kind.RECORD_CHANGED,)),
    ),
)  # fmt: skip
_WORK = (
    *_of("forms.exceptions", ("form-assign", "Who works on it from now on.", (Form.ASSIGN,))),
    *_of("alerts.work", ("alert-assigned", "Given to somebody, who has not looked yet.", ())),
    *_of("exceptions_told", ("exception-yours", "What they hear of it.", ())),
    *_of("alerts.work", ("alert-acknowledged", "Taken up: who is at it, and by when.", ())),
    *_of("forms.exceptions", ("form-resolve", "How it ended, with a few words.", (Form.RESOLVE,))),
    *_of("alerts.work", ("alert-resolved", "Resolved: by whom, when and why.", ())),
    *_of("open_exceptions", ("open-exceptions", "What is open, each day that anything is.", ())),
)  # fmt: skip
_DELEGATED = (
    *_of(
        "forms.delegations", ("form-delegate", "What, to whom, up to what, and until when.", (Form.DELEGATE,))
    ),
    *_of(
        "delegations",
        ("delegation-made", "Told to the team, to security and to whoever may approve now.", ()),
    ),
    *_of("approvals", ("approval-by-delegation", "Approved by delegation: by whose, and until when.", ())),
    *_of("delegations", ("delegation-ended", "Ended at a click, in the same message.", ())),
)
_PATTERNS = _of(
    "alerts.seen",
    ("alert-many-refusals", "Somebody tries door after door.", (Kind.MANY_REFUSALS,)),
    ("alert-many-asked", "Many different things asked for at once.", (Kind.MANY_ASKED,)),
    ("alert-each-other", "Two people approve each other's requests.", (Kind.APPROVING_EACH_OTHER,)),
    ("alert-approved-at-once", "Approvals that come too soon to have been read.", (Kind.APPROVED_AT_ONCE,)),
    ("alert-dormant", "A privileged request out of a long silence.", (Kind.DORMANT,)),
    ("alert-many-resets", "More resets at once than usual.", (Kind.MANY_RESETS,)),
)
_RULES = _of(
    "alerts.rules",
    ("alert-rules-changed", "What is other in policies, catalogue and settings.", (Kind.RULES_CHANGED,)),
    ("alert-rules-invalid", "Files that cannot be used: what held goes on.", (Kind.RULES_INVALID,)),
    ("alert-not-discovered", "A group that says of itself what cannot be used.", (Kind.NOT_DISCOVERED,)),
    ("alert-rules-differ", "A replica that goes by other files.", (Kind.RULES_DIFFER,)),
    ("alert-rules-proposed", "A change that two policy owners have to approve.", (Kind.RULES_PROPOSED,)),
    ("alert-rules-denied", "One of them denied it.", ()),
)

PARTS = (
    Part(heading="For staff", level=2, opening="In the conversation with Wicket."),
    Part(heading="Asking", pictures=_ASKING),
    Part(heading="One request", opening="One message for each request, edited in place.", pictures=_ONE_REQUEST),
    Part(heading="Plain questions", pictures=_ANSWERS),
    Part(heading="App Home", pictures=_HOME),
    Part(heading="For approvers", level=2, opening="In the channel of the team that owns it, or directly."),
    Part(heading="The request", opening="One message for each request, edited in place.", pictures=_DECIDING),
    Part(heading="Forms", pictures=_DECISION_FORMS),
    Part(heading="To whoever clicks in vain", opening="Only they see it.", pictures=_CLICKERS),
    Part(heading="Delegated approvals", opening="Somebody approves while others are away.", pictures=_DELEGATED),
    Part(heading="For security", level=2, opening="In the security channel: one message for each exception."),
    Part(heading="Whose work an exception is", opening="The same buttons stand below each.", pictures=_WORK),
    Part(heading="Refusals and strangers", pictures=_REFUSALS),
    Part(heading="Accounts that may be taken over", pictures=_ACCOUNTS),
    Part(
        heading="Breaking the glass",
        opening="One message, from before the access until after its end.",
        pictures=_EMERGENCIES,
    ),
    Part(heading="Petitions", opening="Two people say of somebody that it is them.", pictures=_PETITIONS),
    Part(heading="Late, failing, unreachable", pictures=_DIRECTORY),
    Part(heading="Differences and leavers", pictures=_DRIFT),
    Part(heading="New access is stopped", pictures=_STOPPED),
    Part(heading="The record", opening="What happened, told to whom it concerns.", pictures=_RECORD),
    Part(
        heading="Patterns in the record", opening="What no single entry shows; nothing is stopped by it.",
        pictures=_PATTERNS,
    ),
    Part(heading="Changes of the rules", opening="Policies, catalogue and settings.", pictures=_RULES),
)  # fmt: skip

PICTURES = tuple(picture for part in PARTS for picture in part.pictures)
_OPENING = """# What Wicket says

Every message and form as a person sees it, in every state that it can be in. `make pictures` takes them anew: the real
bot plays each scene in the demo's pretend workspace, on an afternoon at Lovelace Ltd, and nothing is painted.
"""


def page() -> str:
    """docs/messages.md, whole."""
    return "\n".join([_OPENING, *map(_part, PARTS)])


def _part(part: Part) -> str:
    lines = [f"{'#' * part.level} {part.heading}\n", *([f"{part.opening}\n"] if part.opening else [])]
    lines += [f"{one.says}\n\n![{one.says}](messages/{one.name}.png)\n" for one in part.pictures]
    return "\n".join(lines)
