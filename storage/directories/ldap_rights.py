"""What an operator should know of Wicket's account in an LDAP directory: which rights it has, lacks and need not have.

It changes nothing (ldap_probes says how), and what cannot be told is a warning, never "ok".
"""

from collections.abc import Collection, Iterator
from functools import partial

from storage.directories import ldap_findings as findings
from storage.directories import ldap_probes
from storage.directories.base import Finding, about_group
from storage.directories.ldap_accounts import Accounts
from storage.directories.ldap_groups import Groups
from storage.directories.ldap_probes import random_text, random_time
from storage.directories.ldap_session import NOTHING, Entry, Session
from storage.directories.ldap_shape import LdapShape

# People looked at, in the server's order, to find an ordinary one who has a password.
LOOKED_AT = 25
_DOCS = "See the rights in docs/ldap.md."
_OF_POLICY = ("pwdMaxAge", "pwdLockoutDuration", "pwdMustChange")


class Rights:
    """The examination of one directory's rights, on whichever of its servers answers."""

    def __init__(self, shape: LdapShape, groups: Groups, accounts: Accounts) -> None:
        self._shape, self._groups, self._accounts = shape, groups, accounts

    def examine(self, session: Session, names: Collection[str]) -> list[Finding]:
        """All lines. names: the groups of the catalogue."""
        shape = self._shape
        bases = [findings.about_base(session, base) for base in (shape.people_base, shape.groups_base)]
        if any(line.level == "failed" for line in bases):
            return bases
        return [
            *bases,
            *findings.or_the_fault("groups", self._of_groups(session, names)),
            *findings.or_the_fault("admin_groups", self._of_admin_groups(session, names)),
            *findings.or_the_fault("privileged accounts", self._of_administrators(session)),
            *findings.or_the_fault("people", self._of_people(session)),
        ]

    # Groups.

    def _of_groups(self, session: Session, names: Collection[str]) -> Iterator[Finding]:
        for name in sorted(names):
            yield from findings.or_the_fault(f"group {name}", self._of_group(session, name))
        if self._shape.group_kind != "posixGroup" and not self._shape.placeholder_member:
            yield Finding(
                level="warning",
                about="placeholder_member",
                found="It is not set, and the last member of a group cannot be taken out.",
                advice="Set it to a name that stays behind, such as cn=nobody.",
            )

    def _of_group(self, session: Session, name: str) -> Iterator[Finding]:
        group = self._groups.find(session, name)
        if group is None:
            yield about_group(name, exists=False, known=self._groups.names(session))
            return
        attribute = self._shape.member_attribute
        yield findings.of_members(
            name, ldap_probes.may_write(session, group.dn, attribute, self._new_member), attribute
        )

    def _of_admin_groups(self, session: Session, names: Collection[str]) -> Iterator[Finding]:
        if not self._shape.admin_groups:
            yield Finding(
                level="warning",
                about="admin_groups",
                found="None are named, so nobody counts as privileged.",
                advice="Name the groups whose members hold administrative power.",
            )
        wanted = {name.casefold() for name in names}
        for name in self._shape.admin_groups:
            about = f"admin group {name}"
            group = self._groups.find(session, name)
            if group is None:
                missing = about_group(name, exists=False, known=self._groups.names(session))
                yield Finding(
                    level="failed",
                    about=about,
                    found=f"{missing.found} Nobody is privileged by it.",
                    advice="Correct its name in admin_groups.",
                )
            elif name.casefold() not in wanted:
                right = ldap_probes.may_remove(
                    session, group.dn, self._shape.member_attribute, self._new_member
                )
                yield findings.beyond_need(
                    about, right,
                    lack="It exists, and Wicket's account may not change its members.",
                    have="Wicket's account may change its members, and so make anybody privileged.",
                    advice="Take this right away: no entitlement of the catalogue needs it.",
                )  # fmt: skip

    def _new_member(self) -> str:
        """A member that no group has."""
        login = self._shape.attributes.login
        return f"{login}={random_text()},{self._shape.people_base}" if self._shape.nests else random_text()

    # Privileged accounts.

    def _of_administrators(self, session: Session) -> Iterator[Finding]:
        if not self._shape.admin_groups:
            return
        admin = self._an_administrator(session)
        if admin is None:
            what = "whether Wicket's account may set their passwords, for none was found"
            yield findings.untold("privileged accounts", what, _DOCS)
            return
        yield findings.of_privileged(
            ldap_probes.may_remove(session, admin.dn, "userPassword", random_text), admin.dn
        )

    def _an_administrator(self, session: Session) -> Entry | None:
        """Somebody whom one of the groups holds, itself or through others; among the people or not."""
        found = [self._groups.find(session, name) for name in self._shape.admin_groups]
        frontier, seen = [group for group in found if group], set[str]()
        while frontier:
            group = frontier.pop(0)
            seen.add(group.dn)
            people, inner = self._groups.named_by(session, group)
            for dn in people:
                if (entry := session.read(dn, NOTHING)) is not None:
                    return entry
            frontier += [each for each in inner if each.dn not in seen]
        return None

    # Everybody else.

    def _of_people(self, session: Session) -> Iterator[Finding]:
        page = self._some(session)
        person = self._ordinary(session, page)
        if person is None:
            yield findings.untold(
                "people", "what Wicket's account may do, for no ordinary person was found", _DOCS
            )
            return
        yield from self._of_reading(session, person, page)
        yield from findings.or_the_fault("password policy", self._of_policy(session, person))
        yield from self._of_passwords(session, person)
        yield from self._of_locks(session, person)
        yield from self._of_facts(session, person)

    def _some(self, session: Session) -> list[Entry]:
        shape = self._shape
        pages = session.pages(
            shape.people_base, shape.people_filter, self._accounts.attributes, size=LOOKED_AT
        )
        return next(pages, [])

    def _ordinary(self, session: Session, page: list[Entry]) -> Entry | None:
        """Somebody who is not privileged; of those who show the age of their password first."""
        for entry in sorted(page, key=lambda each: not each.first("pwdChangedTime")):
            if not self._accounts.is_privileged(session, entry):
                return entry
        return None

    def _of_reading(self, session: Session, person: Entry, page: list[Entry]) -> Iterator[Finding]:
        names = self._shape.attributes
        wanted = set(self._accounts.attributes) - (
            {"memberOf"} if self._shape.membership == "member" else set()
        )
        hidden = set(ldap_probes.unseen(session, person.dn, sorted(wanted)))
        merely_told = hidden & {names.name, names.team, names.company, names.location}
        if needed := sorted(hidden - merely_told):
            yield Finding(
                level="failed",
                about="reading people",
                found=f"Not shown, or not known to the server: {', '.join(needed)}. It looks as if nobody had any.",
                advice=f"Let Wicket's account read them (is the overlay ppolicy on?). {_DOCS}",
            )
        if merely_told:
            yield Finding(
                level="warning",
                about="reading people",
                found=f"Not shown, or not known to the server: {', '.join(sorted(merely_told))}.",
                advice="Let Wicket's account read them, or correct [directories.NAME.attributes].",
            )
        shown = any(each.first("pwdChangedTime") for each in page)
        if shown and not hidden:
            yield Finding(level="ok", about="reading people", found="Everything that is needed is shown.")
        elif not shown and "pwdChangedTime" not in hidden:
            yield findings.untold(
                "reading people",
                f"the age of passwords: none of {len(page)} people shows pwdChangedTime",
                "See that the overlay ppolicy is on, and that Wicket's account may read it.",
            )

    def _of_policy(self, session: Session, person: Entry) -> Iterator[Finding]:
        policies = [self._shape.password_policy, person.first("pwdPolicySubentry")]
        named = list(dict.fromkeys(dn for dn in policies if dn))
        if not named:
            yield Finding(
                level="warning",
                about="password policy",
                found="None is named, so passwords never seem to expire and lockouts never to end.",
                advice="Set password_policy to the default policy of the directory.",
            )
        for dn in named:
            there = session.read(dn, NOTHING) is not None
            if hidden := ldap_probes.unseen(session, dn, _OF_POLICY) if there else [dn]:
                yield Finding(
                    level="failed",
                    about="password policy",
                    found=f"Not there, or not shown: {', '.join(hidden)}.",
                    advice=f"Correct password_policy, or let Wicket's account read {dn}.",
                )
            else:
                yield Finding(level="ok", about="password policy", found=f"{dn} is shown.")

    def _of_passwords(self, session: Session, person: Entry) -> Iterator[Finding]:
        right = ldap_probes.may_set_password(session, person.dn)
        yield findings.of_passwords(
            right, person.dn, wanted=self._shape.password_changes, right="=xw on userPassword of people"
        )
        yield from self._of_power_over_passwords(session, person, sets=right.held != "no")

    def _of_power_over_passwords(self, session: Session, person: Entry, *, sets: bool) -> Iterator[Finding]:
        about = "power over passwords"
        bound = ldap_probes.is_held_to_policy(session, person.dn)
        # Of somebody without a password the policy asks for no old one, so the answer would prove nothing.
        has_password = bool(person.first("pwdChangedTime"))
        if has_password and bound.held == "no":
            yield Finding(
                level="warning",
                about=about,
                found="A new password from Wicket's account passes by the password policy.",
                advice="Give =xw on userPassword and not manage, never use the root account, and turn ppolicy on.",
            )
        elif ldap_probes.has(session, person.dn, "userPassword"):
            yield Finding(
                level="warning",
                about=about,
                found="Wicket's account may search for passwords as they are stored, or even read them.",
                advice="Give =xw on userPassword, which is setting and signing in alone.",
            )
        elif not has_password:
            yield findings.untold(
                about, "how far it goes: nobody was found who shows the age of a password", findings.BY_HAND
            )
        elif sets and bound.held == "unknown":
            yield findings.untold(
                about, f"whether the password policy holds for it ({bound.said})", findings.BY_HAND
            )
        else:
            yield Finding(
                level="ok", about=about, found="It goes no further than the password policy allows."
            )

    def _of_locks(self, session: Session, person: Entry) -> Iterator[Finding]:
        write = partial(ldap_probes.may_write, session, person.dn)
        remove = partial(ldap_probes.may_remove, session, person.dn)
        yield findings.needed(
            "unlock", remove("pwdAccountLockedTime", random_time),
            have="Wicket's account may lift lockouts.",
            lack="Wicket's account may not lift lockouts.",
            right="write on pwdAccountLockedTime of people",
        )  # fmt: skip
        yield findings.needed(
            "switching accounts", write("pwdAccountLockedTime", random_time),
            have="Wicket's account may switch accounts off and on.",
            lack="Wicket's account may not switch accounts off.",
            right="write on pwdAccountLockedTime of people",
        )  # fmt: skip
        if self._shape.password_changes and self._must_change(session, person):
            yield findings.needed(
                "change after a reset", ldap_probes.may_take_off_reset(session, person.dn),
                have="Wicket's account may say that a person chose the new password themselves.",
                lack="The policy has pwdMustChange, so people must change a new password once more.",
                right="write on pwdReset of people",
            )  # fmt: skip

    def _must_change(self, session: Session, person: Entry) -> bool:
        dn = person.first("pwdPolicySubentry") or self._shape.password_policy
        policy = session.read(dn, ("pwdMustChange",)) if dn else None
        return policy is not None and policy.first("pwdMustChange").upper() == "TRUE"

    def _of_facts(self, session: Session, person: Entry) -> Iterator[Finding]:
        """What requests are judged by must not be Wicket's to write."""
        for attribute in self._shape.judged_by:
            is_name = attribute == self._shape.attributes.manager
            make = (lambda: f"cn={random_text()}") if is_name else random_text
            yield findings.of_fact(attribute, ldap_probes.may_remove(session, person.dn, attribute, make))
