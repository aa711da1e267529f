"""What each action of the audit log is in OCSF: a class and an activity, by the version of the schema.

It knows no entry; an action that nobody wrote down here is told as what it certainly is, something about an entity.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

Version = Literal["1.7.0", "1.9.0"]
VERSIONS: tuple[Version, ...] = get_args(Version)
"""1.9 was released in August 2026. Its numbers are those of the changes that the release names, #1603 and #1666."""

OTHER = 99


@dataclass(frozen=True, kw_only=True)
class EventClass:
    """A class of the category Identity & Access Management. about: which object says whom or what it is about."""

    uid: int
    name: str
    about: Literal["user", "entity", "group"]
    activities: Mapping[int, str]


@dataclass(frozen=True, kw_only=True)
class Activity:
    """What somebody did, as OCSF counts it. privilege: what a user or a group may from then on, or no longer."""

    of: EventClass
    id: int
    privilege: str = ""

    @property
    def type_uid(self) -> int:
        """Class and activity in one number."""
        return self.of.uid * 100 + self.id

    @property
    def name(self) -> str:
        """The activity's own word."""
        return "Other" if self.id == OTHER else self.of.activities[self.id]


ACCOUNT_CHANGE = EventClass(
    uid=3001,
    name="Account Change",
    about="user",
    activities={
        1: "Create", 2: "Enable", 3: "Password Change", 4: "Password Reset", 5: "Disable", 6: "Delete",
        7: "Attach Policy", 8: "Detach Policy", 9: "Lock", 10: "MFA Factor Enable", 11: "MFA Factor Disable",
        12: "Unlock",
    },
)  # fmt: skip
ENTITY = EventClass(
    uid=3004,
    name="Entity Management",
    about="entity",
    activities={
        1: "Create", 2: "Read", 3: "Update", 4: "Delete", 5: "Move", 6: "Enroll", 7: "Unenroll", 8: "Enable",
        9: "Disable", 10: "Activate", 11: "Deactivate", 12: "Suspend", 13: "Resume",
    },
)  # fmt: skip
USER_ACCESS = EventClass(
    uid=3005,
    name="User Access Management",
    about="user",
    activities={1: "Assign Privileges", 2: "Revoke Privileges"},
)
GROUP = EventClass(
    uid=3006,
    name="Group Management",
    about="group",
    activities={
        1: "Assign Privileges", 2: "Revoke Privileges", 3: "Add User", 4: "Remove User", 5: "Delete", 6: "Create",
        7: "Add Subgroup", 8: "Remove Subgroup",
    },
)  # fmt: skip
# Instead of 3001 and 3005, which 1.9 sets aside.
USER = EventClass(
    uid=3007,
    name="User Management",
    about="user",
    activities={
        1: "Create", 2: "Update", 3: "Delete", 4: "Enable", 5: "Disable", 6: "Lock", 7: "Unlock",
        8: "Password Change", 9: "Password Reset", 10: "Attach Policies", 11: "Detach Policies",
        12: "MFA Factor Enable", 13: "MFA Factor Disable", 14: "Assign Privileges", 15: "Remove Privileges",
        16: "Assign Roles", 17: "Remove Roles",
    },
)  # fmt: skip
CLASSES = (ACCOUNT_CHANGE, ENTITY, USER_ACCESS, GROUP, USER)

ACCOUNT_CHANGE_TO_USER = {1: 1, 2: 4, 3: 8, 4: 9, 5: 5, 6: 3, 7: 10, 8: 11, 9: 6, 10: 12, 11: 13, 12: 7}
USER_ACCESS_TO_USER = {1: 14, 2: 15}
_TO_USER: Mapping[int, Mapping[int, int]] = {
    ACCOUNT_CHANGE.uid: ACCOUNT_CHANGE_TO_USER,
    USER_ACCESS.uid: USER_ACCESS_TO_USER,
}

_MEMBERS: Mapping[str, int] = {"access.given": 3, "access.removed": 4}
# What somebody may do in Wicket. No directory knows of it, so it is no membership of a group as access is.
_ASSIGNED, _REVOKED = 1, 2
_PRIVILEGES: Mapping[str, tuple[int, str]] = {
    "delegation.made": (_ASSIGNED, "approve"),
    "delegation.ended": (_REVOKED, "approve"),
    "delegation.expired": (_REVOKED, "approve"),
    "emergency.eligibility_restored": (_ASSIGNED, "break_glass"),
}
_LAPSED = (_REVOKED, "break_glass")
_ACCOUNTS: Mapping[str, int] = {
    "password.changed": 4,
    "account.unlocked": 12,
    "account.stopped": 5,
    "account.released": 2,
}
_ENTITIES: Mapping[str, int] = {
    "grant.requested": 1,
    "grant.approved": 8,
    "grant.expired": 9,
    "emergency.asked": 1,
    "emergency.granted": 8,
    "emergency.lapsed": 11,
    "grant.ends_sooner": 3,
    "grant.ended_early": 9,
    "grant.given_back": 9,
    "grant.lapsed": 11,
    "grant.withdrawn": 11,
    "grant.voided": 11,
    "approval.given": 3,
    "approval.denied": 3,
    "approval.voided": 3,
    "approval.asked": 3,
    "approval.answered": 3,
    "access.stopped": 12,
    "access.resumed": 13,
    "link.made": 6,
    "link.suspended": 12,
    "drift.declared": 3,
    "drift.adopted": 3,
    "question.asked": 2,
    "drift.considered": 2,
    "drift.first_look": 2,
    "release.considered": 2,
    "resume.considered": 2,
    "revoke_all.considered": 2,
    **dict.fromkeys(
        ("exception.acknowledged", "exception.assigned", "exception.resolved", "exception.reopened"), 3
    ),
    "rules.began": 1,
    "rules.changed": 3,
    "emergency.accounted_for": 8,
    "emergency.recorded": 1,
    "emergency.restore_considered": 2,
    "emergency.review_considered": 2,
    "emergency.reviewed": 3,
}
# Whatever else is recorded of these is about one account, not about an entity.
_OF_ACCOUNTS = frozenset(
    {
        "account",
        "care",
        "desk",
        "enrol",
        "mail_code",
        "password",
        "petition",
        "proof",
        "proofs",
        "regain",
        "reset",
        "sign_in",
        "step_up",
        "unlock",
        "vouching",
    }
)


def activity_of(action: str, version: Version, *, adds: bool = True, to_group: bool = False) -> Activity:
    """What an action is. adds: of a change of proofs, whether there is one more; of a review, whether the person may
    break glass as before. to_group: it is a group that may, or no longer.
    """
    found = _PRIVILEGES.get(action, _LAPSED if action == "emergency.reviewed" and not adds else None)
    if found is not None:
        number, privilege = found
        return _in(version, GROUP if to_group else USER_ACCESS, number, privilege)
    return _in(version, *_in_1_7(action, adds=adds))


def _in(version: Version, of: EventClass, number: int, privilege: str = "") -> Activity:
    if version != "1.7.0" and of.uid in _TO_USER:
        of, number = USER, _TO_USER[of.uid].get(number, OTHER)
    return Activity(of=of, id=number, privilege=privilege)


def _in_1_7(action: str, *, adds: bool) -> tuple[EventClass, int]:
    if action in _MEMBERS:
        return GROUP, _MEMBERS[action]
    if action in _ACCOUNTS:
        return ACCOUNT_CHANGE, _ACCOUNTS[action]
    if action == "proofs.changed":
        return ACCOUNT_CHANGE, 10 if adds else 11
    if action in _ENTITIES:
        return ENTITY, _ENTITIES[action]
    if action.partition(".")[0] in _OF_ACCOUNTS:
        return ACCOUNT_CHANGE, OTHER
    return ENTITY, OTHER
