"""The tables of the evidence: comma-separated values, as RFC 4180 has them, that no spreadsheet takes for formulas.

It looks nothing up: names of people are given to it.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from bot.evidence.cases import Case
from bot.evidence.emergencies import Broken, frequency

Names = Mapping[str, str]

# A spreadsheet runs a cell that begins with one of these (OWASP, CSV injection): the last four are as wide as a
# Chinese character.
_SIGNS = "=+\\-@\uff1d\uff0b\uff0d\uff20"
# Where semicolons part the cells, as in much of Europe, ours is not seen to be one; nor across a tab or a line's end. A
# quote that stands there is written twice, and is then taken for a cell's empty beginning.
_FORMULA = re.compile(f'^(?=[{_SIGNS}\t\r\n])|(?<=[;\t\r\n])(?="*[{_SIGNS}])')
_COMMAND = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")

POPULATION = (
    "request", "asked_at", "requester", "requester_name", "subject", "subject_name", "entitlement", "minutes", "ticket",
    "justification", "outcome", "approvers", "approved_at", "due_at", "given_at", "ended_at", "ended_how", "ended_by",
    "ended_why", "removed_at", "kept_by_another", "late_seconds", "policies", "policy_set", "entries",
)  # fmt: skip
DECISIONS = (
    "request", "entitlement", "at", "approver", "approver_name", "role", "decision", "rationale", "proof", "policies",
    "entry", "delegation", "delegator", "delegator_name",
)  # fmt: skip

EMERGENCIES = (
    "emergency", "month", "asked_at", "began_at", "person", "person_name", "entitlement", "kind", "times_that_month",
    "incident", "minutes", "justification", "proof", "ended_at", "ended_how", "ended_by", "ended_why", "removed_at",
    "kept_by_another", "reviewed_at", "reviewer", "reviewer_name", "finding", "late", "to_change", "entries",
)  # fmt: skip


def population(cases: Iterable[Case], names: Names) -> str:
    """A row for each request."""
    return _table(
        POPULATION,
        (
            (
                case.id, _moment(case.asked_at), case.requester, names.get(case.requester, ""), case.subject,
                names.get(case.subject, ""), case.entitlement, str(case.minutes), case.ticket, case.justification,
                case.outcome, " ".join(one.by for one in case.decisions if one.what == "approved"),
                _moment(case.approved_at), _moment(case.due_at), _moment(case.given_at), _moment(case.ended_at),
                case.ended_how, case.ended_by, case.ended_why, _moment(case.removed_at), "yes" if case.kept else "",
                "" if case.late is None else f"{case.late:.3f}", " ".join(case.policies), case.policy_set,
                " ".join(case.entries),
            )
            for case in cases
        ),
    )  # fmt: skip


def decisions(cases: Iterable[Case], names: Names) -> str:
    """A row for each decision of an approver."""
    return _table(
        DECISIONS,
        (
            (
                case.id, case.entitlement, _moment(one.at), one.by, names.get(one.by, ""), one.role, one.what,
                one.rationale, one.proof, " ".join(one.policies), one.entry, one.delegation, one.delegator,
                names.get(one.delegator, ""),
            )
            for case in cases
            for one in case.decisions
        ),
    )  # fmt: skip


def emergencies(found: Sequence[Broken], names: Names) -> str:
    """A row for each time that somebody broke the glass, drills among them, with how often they did in that month."""
    often = frequency(found)
    return _table(
        EMERGENCIES,
        (
            (
                one.id, one.month, _moment(one.asked_at), _moment(one.at), one.person, names.get(one.person, ""),
                one.entitlement, one.kind, str(often[one.month, one.person, one.entitlement, one.kind]), one.incident,
                str(one.minutes), one.justification, one.proof, _moment(one.ended_at), one.ended_how, one.ended_by,
                one.ended_why, _moment(one.removed_at), "yes" if one.kept else "",
                _moment(one.reviewed_at), one.reviewer, names.get(one.reviewer, ""),
                one.finding, "yes" if one.late else "", one.words, " ".join(one.entries),
            )
            for one in found
        ),
    )  # fmt: skip


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([cell(value) for value in row] for row in rows)
    return out.getvalue()


def cell(value: str) -> str:
    """The value, with an apostrophe before what a spreadsheet would run, and nothing in it that a terminal would;
    entries.jsonl has it as it was typed.
    """
    return _FORMULA.sub("'", _COMMAND.sub("\N{REPLACEMENT CHARACTER}", value))


def _moment(at: datetime | None) -> str:
    return "" if at is None else at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
