"""Which controls of which frameworks the audit log is evidence for, by which entries, and where it falls short.

It judges nobody: a count says that something happened and is on record, never that a control is met.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

CSF, SP_800_53, NHI, AI_RMF, SOC_2 = "NIST CSF 2.0", "SP 800-53r5", "OWASP NHI Top 10", "AI RMF", "SOC 2"


@dataclass(frozen=True, kw_only=True)
class Control:
    """One control. shows: what Wicket does for it, and what the entries show. actions: the entries that count, whatever
    their outcome. refused: those of which only the refused count.

    gap: what Wicket cannot show, to be evidenced elsewhere; never empty, for no tool covers a control alone.
    """

    framework: str
    id: str
    shows: str
    actions: tuple[str, ...]
    gap: str
    refused: tuple[str, ...] = ()

    @property
    def counted_by(self) -> str:
        """The entries that count, in one line."""
        return " ".join((*self.actions, *(f"{action} (refused)" for action in self.refused)))

    def count(self, counts: Mapping[tuple[str, str], int]) -> int:
        """How many entries there are of it."""
        return sum(
            number
            for (action, outcome), number in counts.items()
            if action in self.actions or (outcome == "refused" and action in self.refused)
        )


_Row = tuple[str, str, tuple[str, ...], str] | tuple[str, str, tuple[str, ...], str, tuple[str, ...]]


def _of(framework: str, *rows: _Row) -> tuple[Control, ...]:
    return tuple(
        Control(
            framework=framework, id=id_, shows=shows, actions=actions, gap=gap, refused=refused[0] if refused else ()
        )
        for id_, shows, actions, gap, *refused in rows
    )  # fmt: skip


_GIVEN = ("access.given", "access.removed", "access.kept")
_DECIDED = ("approval.given", "approval.denied", "grant.approved", "grant.refused")
_BROKEN = ("emergency.granted", "emergency.recorded", "emergency.reviewed", "emergency.review_overdue")
_LEFT = ("person.left", "leavers.confirmed", "leavers.halted")
_PROVEN = ("proof.given", "link.proven", "sign_in.returned")
# What each try to show who one is goes by; a refused one is counted towards the lock, a failed one got no answer.
_TRIED = ("proof.given", "link.proven")
_DRIFT = (
    "drift.unexplained",
    "drift.vanished",
    "drift.review_due",
    "drift.declared",
    "drift.adopted",
    "drift.removed",
)

CONTROLS: Sequence[Control] = (
    *_of(
        CSF,
        (
            "PR.AA-01", "Slack accounts are tied to identities of the directory, and untied when either changes.",
            ("link.made", "link.suspended", *_LEFT), "Accounts are made and deleted in the directory, not here.",
        ),
        (
            "PR.AA-02", "Whoever ties an account, or sets up a proof, shows first who they are; tries that did not "
            "count are among these.",
            ("link.proven", "proofs.changed"), "Proofing of new staff is the company's own process.",
        ),
        (
            "PR.AA-03", "Proofs given on the secure page, right and wrong ones.", _PROVEN,
            "Signing in to Slack itself and to other systems.",
        ),
        (
            "PR.AA-05", "Each access is asked for, decided by policy and people, given for a time, and taken back.",
            (*_DECIDED, *_GIVEN, "drift.review_due"), "Access that nobody manages through Wicket.",
        ),
        (
            "PR.PS-04", "Every decision, effect and refusal is recorded, in a log that proves itself.",
            ("log.epoch_opened", *_DECIDED, *_GIVEN), "Logs of what people do with their access.",
        ),
        (
            "DE.CM-03", "Refused requests, wrong approvers, proofs that did not count, reported accounts and stopped "
            "resets; the grave ones reach the security channel.",
            ("grant.refused", "approval.refused", "account.reported", "resets.stopped"),
            "Activity outside of Slack and the secure page.", _TRIED,
        ),
        (
            "GV.RR-04", "Whoever leaves the directory loses requests, grants and authority at once.", _LEFT,
            "Screening, and what is agreed with people when they join.",
        ),
    ),
    *_of(
        SP_800_53,
        ("AC-2(2)", "Temporary access ends by itself, and is read back.", ("grant.expired", "access.removed",
         "access.removal_overdue"), "Accounts as a whole are not made for a time."),
        ("AC-2(3)", "People who are gone or switched off lose what they hold.", _LEFT,
         "Accounts that nobody uses are not looked for."),
        ("AC-2(4)", "One entry for each change, and for each that failed.", (*_GIVEN, "access.change_failed"),
         "Changes to accounts made elsewhere are seen only where they touch a managed group."),
        ("AC-2(7)", "Standing members of managed groups have an owner and a day of review.",
         ("drift.declared", "drift.review_due", "drift.found_left"), "Roles inside of applications."),
        ("AC-2(13)", "An account that its person reports is switched off and loses its sessions.",
         ("account.reported", "account.stopped", "account.released"), "Detection of misuse that nobody reports."),
        ("AC-3(2)", "Approvals by two people are separate entries, each under the policy that asked for it.",
         ("approval.given",), "Commands inside of a system."),
        ("AC-5", "Nobody decides about their own request; tries are recorded.", ("approval.refused",
         "approval.given"), "Conflicts between duties that the policies do not name."),
        ("AC-6(7)", "What stands in managed groups without a grant is found and decided about.", _DRIFT,
         "Groups that are not in the catalogue."),
        ("AC-6(9)", "Each breaking of the glass, and its review by somebody else, in time or late.", _BROKEN,
         "What was done with that access."),
        ("AC-7", "Proofs that did not count, of which wrong ones lock the page, and locks that were lifted.",
         ("proofs.unlocked",), "Sign-ins to other systems.", _TRIED),
        ("AU-3", "Each entry says what, when, where, who, with what outcome and under which policy.",
         (*_DECIDED, *_GIVEN), "Entries before Wicket was installed."),
        ("AU-9(3)", "Hashed into a tree whose signed heads are kept elsewhere.", ("log.epoch_opened",
         "access.stopped", "access.unchecked", "access.resumed"),
         "Where checkpoints are kept is the operator's choice."),
        ("AU-11", "Old entries are archived whole, verified and signed for before they leave, each time on record.",
         ("log.archived", "log.unarchived"), "That the files are kept, and for how long, is the operator's matter."),
        ("AU-12", "One story from the request to the end, by one id.", (*_DECIDED, *_GIVEN), "None within Wicket."),
        ("IA-5(1)", "A new password only after proofs, checked, and told on two ways.",
         ("password.announced", "password.changed", "reset.refused"), "Passwords set in other ways."),
        ("IR-3", "Breaking the glass is practised, and a drill that did not take place is told.",
         ("emergency.practised", "emergency.drill_missed"), "Other ways of responding to incidents."),
        ("PS-4", "What ended when somebody left, with a report.", _LEFT, "Devices, badges and knowledge."),
    ),
    *_of(
        NHI,
        ("NHI1", "Leavers lose access and authority.", _LEFT, "Service accounts that they owned are not handed over."),
        ("NHI5", "No standing admin: access is for a time.", ("grant.approved", "grant.expired", "grant.refused"),
         "Rights of service accounts."),
        ("NHI8", "Policies keep environments apart.", ("grant.refused",), "Requests of workloads are not taken yet."),
        ("NHI10", "Every entry says whether a person or a service acted.", _DECIDED,
         "People who use a service account's key."),
    ),
    *_of(
        AI_RMF,
        ("GOVERN 1.5", "Who decided what is on record and can be looked at by period.", _DECIDED,
         "Models themselves are not monitored."),
        ("GOVERN 3.2", "High risk is decided by people; Wicket holds no model.", ("approval.given",
         "approval.denied"), "Oversight of what an AI agent does with access that a person gave it."),
    ),
    *_of(
        SOC_2,
        ("CC6.1", "Access goes by policy over live facts.", (*_DECIDED, *_GIVEN), "Encryption and networks."),
        ("CC6.2", "Authorized before it is given, taken back when it is over.", ("grant.approved", "access.given",
         "access.removed", *_LEFT), "Credentials that are issued elsewhere."),
        ("CC6.3", "By role, least privilege and separation of duties; reviewed.", (*_DECIDED, *_DRIFT),
         "Reviews of access outside the catalogue."),
    ),
)  # fmt: skip
