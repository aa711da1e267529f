"""What an operator should know of Wicket's account in Active Directory: which rights it has, lacks and need not have.

It changes nothing: the directory says itself what may be written, and a password is asked about with one that is none.
"""

from collections.abc import Callable, Collection, Iterator

from storage.directories import ldap_findings as findings
from storage.directories.ad_accounts import AdAccounts
from storage.directories.ad_groups import AdGroups, in_chain
from storage.directories.ad_shape import AdShape
from storage.directories.ad_values import STANDING_IN
from storage.directories.base import Finding, about_group
from storage.directories.ldap_names import all_of, any_of
from storage.directories.ldap_probes import Right
from storage.directories.ldap_session import (
    CONSTRAINT_VIOLATION,
    INSUFFICIENT_ACCESS,
    UNWILLING,
    Entry,
    Session,
    replace,
)

# People looked at, in the server's order, to find an ordinary one.
LOOKED_AT = 25
_DOCS = "See the rights in docs/active-directory.md."
# Constructed by the directory for whoever asks: the attributes that this account may write here ([MS-ADTS] 3.1.1.4.5).
_WRITABLE = "allowedAttributesEffective"
# No password: it has no quotes around it and is not even whole characters, so nothing can come of it.
_NO_PASSWORD = b"x"
_MARKED = "(adminCount=1)"
# Not the accounts that sign tickets: on a reset the directory gives them a password of its own making, whatever it
# was sent, and two of those end every ticket there is.
_SIGNS_NO_TICKETS = "(!(|(sAMAccountName=krbtgt)(sAMAccountName=krbtgt_*)))"


class AdRights:
    """The examination of one domain's rights, on whichever of its domain controllers answers."""

    def __init__(self, shape: AdShape, groups: AdGroups, accounts: AdAccounts) -> None:
        self._shape, self._groups, self._accounts = shape, groups, accounts

    def examine(self, session: Session, names: Collection[str], *, ends_memberships: bool) -> list[Finding]:
        """All lines. names: the groups of the catalogue."""
        bases = [
            findings.about_base(session, base) for base in (self._shape.people_base, self._shape.groups_base)
        ]
        if any(line.level == "failed" for line in bases):
            return bases
        return [
            *bases,
            *findings.or_the_fault("groups", self._of_groups(session, names)),
            *findings.or_the_fault("administrators' groups", self._of_admin_groups(session, names)),
            *findings.or_the_fault("privileged accounts", self._of_administrators(session)),
            *findings.or_the_fault("people", self._of_people(session)),
            _about_ends(ends_memberships),
        ]

    def _of_groups(self, session: Session, names: Collection[str]) -> Iterator[Finding]:
        for name in sorted(names):
            group = self._groups.find(session, name)
            if group is None:
                yield about_group(name, exists=False, known=self._groups.names(session))
            else:
                yield findings.of_members(name, _may_write(session, group, "member"), "member")

    def _of_admin_groups(self, session: Session, names: Collection[str]) -> Iterator[Finding]:
        for name in self._shape.admin_groups:
            if not self._groups.called(session, name):
                yield Finding(
                    level="failed",
                    about=f"admin group {name}",
                    found="There is no such group in the domain. Nobody is privileged by it.",
                    advice="Correct its name in admin_groups.",
                )
        wanted = {name.casefold() for name in names}
        powerful = self._groups.powerful(session)
        within_reach = [
            name
            for group in powerful
            for name in group.all(self._shape.attributes.group_name)
            if name.casefold() not in wanted and _may_write(session, group, "member").held == "yes"
        ]
        yield findings.beyond_need(
            "administrators' groups",
            Right(held="yes" if within_reach else "no", said=""),
            have=f"Wicket's account may change the members of {', '.join(sorted(within_reach))}.",
            lack=f"Wicket's account may not change the members of any of the {len(powerful)} there are.",
            advice="Take this right away: no entitlement of the catalogue needs it.",
        )

    def _of_administrators(self, session: Session) -> Iterator[Finding]:
        """One whom the directory protects, and one whom only `admin_groups` makes an administrator."""
        named = [group for name in self._shape.admin_groups for group in self._groups.called(session, name)]
        filters = [_MARKED]
        if named:
            filters.append(any_of(in_chain("memberOf", group.dn) for group in named))
        found = [self._first(session, self._shape.domain, each, lambda _: True) for each in filters]
        admins = {entry.dn: entry for entry in found if entry}
        if not admins:
            yield findings.untold(
                "privileged accounts",
                "whether Wicket's account may set their passwords: none was found",
                _DOCS,
            )
        for dn, entry in admins.items():
            yield findings.of_privileged(_may_set_password(session, entry), dn)

    def _of_people(self, session: Session) -> Iterator[Finding]:
        person = self._first(
            session, self._shape.people_base, "", lambda entry: self._is_ordinary(session, entry)
        )
        if person is None:
            yield findings.untold(
                "people", "what Wicket's account may do, for no ordinary person was found", _DOCS
            )
            return
        yield self._about_reading(person)
        yield findings.of_passwords(
            _may_set_password(session, person), person.dn, wanted=self._shape.password_changes,
            right="the extended right Reset Password on people",
        )  # fmt: skip
        for about, attribute in (("unlock", "lockoutTime"), ("switching accounts", "userAccountControl")):
            yield findings.needed(
                about, _may_write(session, person, attribute),
                have=f"Wicket's account may do it (asked about {person.dn}).",
                lack=f"Wicket's account may not do it (asked about {person.dn}).",
                right=f"write on {attribute} of people",
            )  # fmt: skip
        for attribute in self._shape.judged_by:
            yield findings.of_fact(attribute, _may_write(session, person, attribute))

    def _about_reading(self, person: Entry) -> Finding:
        always = set(STANDING_IN) - {"adminCount"}
        hidden = sorted(name for name in {*always, self._shape.attributes.login} if not person.all(name))
        if hidden:
            return Finding(
                level="failed",
                about="reading people",
                found=f"Not shown: {', '.join(hidden)} (of {person.dn}).",
                advice=f"Let Wicket's account read all of people. {_DOCS}",
            )
        return Finding(level="ok", about="reading people", found="What every account has is shown.")

    def _first(
        self, session: Session, base: str, filter_: str, fits: Callable[[Entry], bool]
    ) -> Entry | None:
        """The first person below the base who fits, of as many as are looked at."""
        wanted = all_of(self._shape.people_filter, _SIGNS_NO_TICKETS, *([filter_] if filter_ else []))
        page = next(session.pages(base, wanted, self._accounts.attributes, size=LOOKED_AT), [])
        return next((entry for entry in page if fits(entry)), None)

    def _is_ordinary(self, session: Session, entry: Entry) -> bool:
        return not self._accounts.is_privileged(session, entry)


def _may_write(session: Session, entry: Entry, attribute: str) -> Right:
    shown = session.read(entry.dn, (_WRITABLE,))
    writable = {name.casefold() for name in shown.all(_WRITABLE)} if shown else set()
    return Right(held="yes" if attribute.casefold() in writable else "no", said="")


def _may_set_password(session: Session, entry: Entry) -> Right:
    """The directory looks at the right first, and only then at what it was given, which it cannot take."""
    answer = session.modify(entry.dn, {"unicodePwd": replace(_NO_PASSWORD)})
    said = f"{answer.name}: {answer.message}" if answer.message else answer.name
    if answer.code == INSUFFICIENT_ACCESS:
        return Right(held="no", said=said)
    return Right(held="yes" if answer.code in (UNWILLING, CONSTRAINT_VIOLATION) else "unknown", said=said)


def _about_ends(able: bool) -> Finding:
    return Finding(
        level="ok",
        about="memberships with an end",
        found="The forest ends memberships itself, a while after Wicket should have."
        if able
        else "The forest does not end memberships itself; Wicket does.",
    )
