"""The cast of the decision tests: a few people, what they ask for and who owns it, each changeable by keyword.

It never holds expectations: those stand in the tests.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from handlers.decisions.policy import AccessAction, AccessQuestion, AccountAction, AccountQuestion, Action
from storage.catalogue import Catalogue, Entitlement, Owner
from storage.directories.base import Account

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

DATA = Owner(id="data", name="Data Platform", channel="C0DATA", approvers="data-owners")
SECURITY_GROUP = "security-team"


def person(name: str, **changes: Any) -> Account:
    """An active employee without groups or power, called `name`."""
    plain = Account(
        id=name.lower(),
        directory="local",
        person="",
        login=name.lower(),
        name=name,
        mail=f"{name.lower()}@example.com",
        employment="employee",
        team="Payments",
        company="Example",
        manager="charles",
        active=True,
        locked=False,
        privileged=False,
        must_change_password=False,
        direct_groups=frozenset(),
        groups=frozenset(),
        password_changed_at=None,
        password_expires_at=None,
        read_at=NOON,
    )
    return replace(plain, **changes)


ADA = person("Ada")
CHARLES = person("Charles", manager=None)
GRACE = person("Grace", groups=frozenset({"data-owners"}))
LINUS = person("Linus", groups=frozenset({"data-owners"}))
SAM = person("Sam", groups=frozenset({SECURITY_GROUP}))
EVE = person("Eve", employment="contractor", company="Vendor Co")
ROBOT = person("Robot", employment="service")


def thing(name: str, **changes: Any) -> Entitlement:
    """A harmless tool outside production, for up to 24 hours, owned by Data Platform."""
    plain = Entitlement(
        id=name,
        title=name,
        directory="local",
        group=name,
        owner="data",
        risk=1,
        environment="corporate",
        kind="tool",
        access="use",
        max_duration=timedelta(hours=24),
    )
    return replace(plain, **changes)


WIKI = thing("wiki-edit")
STAGING_DB = thing("staging-db", risk=3, environment="staging", kind="database")
PROD_LOGS = thing("prod-logs", risk=2, environment="production")
PROD_DB = thing("prod-db", risk=4, environment="production", kind="database")
STAGING_ADMIN = thing("staging-admin", risk=2, environment="staging", kind="admin")
PROD_ADMIN = thing(
    "prod-admin", risk=4, environment="production", kind="admin", max_duration=timedelta(hours=1)
)
VAULT = thing("vault-root", risk=5, environment="production", kind="secrets")

CATALOGUE = Catalogue(
    entitlements={
        item.id: item for item in (WIKI, STAGING_DB, PROD_LOGS, PROD_DB, STAGING_ADMIN, PROD_ADMIN, VAULT)
    },
    owners={DATA.id: DATA},
)


def overflowing(effect: str, action: Action) -> str:
    """A policy that Cedar accepts and cannot evaluate for a risk of 2 or more; for less it applies."""
    return (
        f'@id("sums") @reason("The sum is too large.")\n{effect} (principal, action == Action::"{action}", resource)\n'
        "when { resource.risk * 9223372036854775807 > 9 };\n"
    )


def access(action: AccessAction, what: Entitlement, *, by: Account = ADA, **changes: Any) -> AccessQuestion:
    """A question about an hour of `what`; the requester is `by` unless told otherwise."""
    plain = AccessQuestion(
        action=action,
        principal=by,
        entitlement=what,
        owner=DATA,
        requester=by,
        minutes=60,
        justification_given=True,
        ticket_given=False,
        now=NOON,
    )
    return replace(plain, **changes)


def account(action: AccountAction, *, by: Account = ADA, **changes: Any) -> AccountQuestion:
    """A question about one's own account, without proofs, unless told otherwise."""
    return replace(AccountQuestion(action=action, principal=by, target=by, now=NOON), **changes)
