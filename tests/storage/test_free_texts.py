"""No column holds what people type that erasing does not know of."""

from sqlmodel import SQLModel

from storage.audit.tables import TABLES
from storage.free_text_places import places

NUMBERS = {"UtcMicros", "Integer", "BigInteger", "Boolean"}
# Ids, names, states, keys, and sentences of ours: nothing that somebody thought up in a field for words. An incident's
# number is a fact of the record as well, and stays (docs/audit.md).
NOT_TYPED = frozenset(
    {
        "aaguid", "about", "account", "acknowledged_by", "act", "approval", "approver", "approver_name",
        "asker", "asker_name", "assignee", "assignee_directory", "assignee_name", "before", "began_by",
        "browser", "by", "catalogue", "cause", "channel", "composition", "content", "correlation", "counted",
        "courier", "credential", "day", "declared_by", "delegate", "delegate_name", "delegate_slack",
        "delegation", "delegator", "delegator_name", "delegator_slack", "desk", "directory", "disabled",
        "door", "emergency", "employment", "end_reason", "ended", "ended_by", "entitlement", "entitlements",
        "exception", "extends", "fallback", "finding", "fold", "foreseen", "freeze", "frontier",
        "given_again", "grant", "grants", "group", "handle", "helper", "helper_name", "helper_slack", "id",
        "idle", "incident", "issuer", "key", "kind", "known", "last_fault", "lifted_by", "login", "mac",
        "made_by", "mail", "manager", "manager_name", "member", "missing", "name", "note", "owner",
        "passed_on_to", "passed_on_why", "petition", "place", "policy_set", "proof", "proof_of", "proved_by",
        "proven", "public_key", "purpose", "reasons", "recipient", "refused_why", "reminder",
        "requester_account", "requester_directory", "requester_employment", "requester_login",
        "requester_name", "requester_team", "resolution", "resolved_by", "restored_by", "restored_by_name",
        "result", "reviewed_by", "reviewed_by_name", "role", "rule_set", "secret", "sender", "session",
        "sessions", "severity", "shown", "slack_team", "slack_user", "sources", "spoken", "standing", "state",
        "sub", "subject", "target_account", "target_login", "target_name", "team", "thing", "told", "told_by",
        "transports", "ts", "user_handle", "value", "voucher", "voucher_name", "voucher_slack", "what", "who",
        "whom", "zone",
    }
)  # fmt: skip
# The first is looked through for words of its story; in the others stand numbers, names and sentences of ours.
FACTS = {"exceptions.facts", "freezes.facts", "voided_approvals.why"}


def test_every_column_of_words_is_one_that_is_erased() -> None:
    """A-16: whoever adds a field for words says here, or in storage.free_text_places, what becomes of them."""
    known = {place.name for place in places()} | FACTS
    record = {table.name for table in TABLES}
    undecided = [
        f"{table.name}.{column.name}"
        for table in SQLModel.metadata.sorted_tables
        if table.name not in record
        for column in table.columns
        if type(column.type).__name__ not in NUMBERS
        and column.name not in NOT_TYPED
        and f"{table.name}.{column.name}" not in known
    ]
    assert undecided == []


def test_every_place_is_a_column_that_there_is() -> None:
    tables = SQLModel.metadata.tables
    assert [one.name for one in places() if one.column not in tables[one.table].c] == []
    assert len({one.name for one in places()}) == len(places())
