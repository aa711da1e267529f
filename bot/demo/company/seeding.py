"""Sowing a sample company: into the directory, the tables and the pretend workspace.

Each can be repeated on what was sown before and changes nothing then; nothing here talks to a bot.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TypeAlias

from sqlmodel import Session

from bot.demo.company.lovelace import LOVELACE
from bot.demo.company.shapes import Company, Person, account_of
from bot.demo.phone import PhoneOwner, Phones
from bot.demo.workspace import Workspace
from handlers.intents import Where
from handlers.recording import OPERATOR, record
from storage.catalogue import Catalogue
from storage.directories.base import Directory
from storage.directories.local import LocalDirectory
from storage.identifiers import new_id
from storage.links import link_of, make_link
from storage.proofs import has_proofs, keep_pending_seed, replace_proofs
from storage.secrets import Vault
from storage.standings import Key, declare, is_watched, watch

DEMO = Where(transport="cli")
REVIEW = timedelta(days=90)
# Nobody is new there: whoever was linked lately vouches for nobody.
LINKED_BEFORE = timedelta(days=30)

Standing: TypeAlias = Mapping[str, Sequence[Key]]
"""Members by entitlement."""


def catalogue(company: Company = LOVELACE) -> Catalogue:
    """What can be asked for in this company."""
    return Catalogue(
        entitlements=MappingProxyType({item.id: item for item in company.entitlements}),
        owners=MappingProxyType({owner.id: owner for owner in company.owners}),
    )


async def seed_directory(directory: LocalDirectory, *, at: datetime, company: Company = LOVELACE) -> None:
    """Write accounts, groups and standing memberships down, unless they are there. at: aware UTC."""
    people = [person for person in company.people if person.in_directory]
    if await directory.account(people[-1].account) is not None:
        return
    for group in company.groups:
        await directory.add_group(group.name, admin=group.admin)
    for person in people:
        await _add(directory, person, at)
    for group in company.groups:
        await directory.put_in_group(group.name, *map(account_of, group.people), groups=group.groups)


async def _add(directory: LocalDirectory, person: Person, at: datetime) -> None:
    await directory.add_account(
        person.account,
        login=person.login,
        name=person.name,
        mail=person.mail,
        password=person.password,
        employment=person.employment,
        team=person.team,
        company=person.company,
        manager=account_of(person.manager) if person.manager else None,
        password_expires_at=at + timedelta(days=person.password_days),
    )
    await directory.open_session(person.account)
    if person.locked:
        await directory.change_account(person.account, locked=True)


def seed_links_and_proofs(
    tx: Session,
    vault: Vault,
    *,
    at: datetime,
    company: Company = LOVELACE,
    account_of: Callable[[str], str] = account_of,
) -> None:
    """Link everybody who is said to be linked, with an authenticator set up, on the record as any link is.

    account_of: the id that the directory gave to the account with this login.
    """
    for person in _linked(company):
        account = account_of(person.login)
        if link_of(tx, company.slack_team, person.slack) is None:
            _link(tx, company, person, account, at)
        if not has_proofs(tx, company.directory, account):
            _set_up_authenticator(tx, vault, company, person, account, at)


async def standing_members(directory: Directory, company: Company = LOVELACE) -> Standing:
    """Who stands in the group of each entitlement of the company, by the entitlement's id, as the directory says."""
    found: dict[str, list[Key]] = {}
    for each in company.entitlements:
        group = await directory.group(each.group)
        accounts = [("account", one) for one in sorted(group.direct)] if group else []
        found[each.id] = [*accounts, *(("group", one) for one in sorted(group.inner if group else ()))]
    return found


def seed_standings(tx: Session, found: Standing, *, at: datetime, company: Company = LOVELACE) -> None:
    """Account for who stands in its groups: declared where that is allowed, else as found at a first look."""
    for each in company.entitlements:
        place = {"directory": each.directory, "group": each.group}
        if is_watched(tx, each.directory, each.group):
            continue
        members = found[each.id]
        watch(tx, at=at, **place, entitlement=each.id, found=members)
        if each.standing_allowed:
            declare(
                tx, at=at, **place, entitlement=each.id, members=members, owner=each.owner, declared_by="demo",
                rationale="They had it when Wicket came.", review_at=at + REVIEW,
            )  # fmt: skip
            record(
                tx, at=at, action="drift.declared", outcome="done", actor=OPERATOR, where=DEMO,
                correlation=each.id, resource=each.id, facts={"by": "demo", "members": len(members)},
            )  # fmt: skip


def _linked(company: Company) -> Sequence[Person]:
    return [person for person in company.people if person.linked]


def _link(tx: Session, company: Company, person: Person, account: str, at: datetime) -> None:
    link = make_link(
        tx,
        at=at - LINKED_BEFORE,
        slack_team=company.slack_team,
        slack_user=person.slack,
        directory=company.directory,
        account=account,
        mail=person.mail,
        made_by="demo",
    )
    record(
        tx, at=at, action="link.made", outcome="done", actor=OPERATOR, where=DEMO, correlation=link.id,
        subject=account,
        facts={"made_by": "demo", "slack_user": person.slack, "link": link.id},
    )  # fmt: skip


def _set_up_authenticator(
    tx: Session, vault: Vault, company: Company, person: Person, account: str, at: datetime
) -> None:
    proof = new_id("h", at)
    keep_pending_seed(
        tx,
        handle=proof,
        directory=company.directory,
        account=account,
        sealed=vault.seal(person.seed),
        at=at,
    )
    replace_proofs(
        tx, handle=proof, directory=company.directory, account=account, step=0, hashed_codes=(), at=at
    )
    record(
        tx, at=at, action="proofs.changed", outcome="done", actor=OPERATOR, where=DEMO, correlation=proof,
        subject=account, facts={"by": "demo"},
    )  # fmt: skip


def seed_workspace(workspace: Workspace, company: Company = LOVELACE) -> None:
    """Give the workspace its people and channels, with the bot in every channel.

    Whoever shares a channel with the bot is no `is_stranger` to Slack, so only the team tells an outsider (SL-1).
    """
    for person in company.people:
        workspace.add_user(
            person.slack,
            name=person.login,
            real_name=person.name,
            email=person.mail,
            title=person.title,
            team_id=person.team_id,
            is_restricted=person.guest,
        )
    for channel in company.channels:
        workspace.add_channel(
            channel.id,
            name=channel.name,
            members=[company.person(login).slack for login in channel.members],
            is_private=channel.private,
            is_ext_shared=channel.shared,
            topic=channel.topic,
        )
        workspace.install_bot_in(channel.id)


def phone_owners(company: Company = LOVELACE) -> list[PhoneOwner]:
    """Everybody's phone; those who are linked have the authenticator that their proof is checked against."""
    return [
        PhoneOwner(
            user_id=person.slack,
            login=person.login,
            mail=person.mail,
            key=person.seed if person.linked else None,
        )
        for person in company.people
    ]


def welcome_mails(phones: Phones, company: Company = LOVELACE) -> None:
    """Tell everybody with an account what their sample password is, where they can look it up."""
    for person in company.people:
        if person.in_directory:
            phones.put_mail(
                person.slack,
                sender=f"IT desk <it-desk@{person.domain}>",
                subject="Your password in this demo",
                text=f"Login: {person.login}\nPassword: {person.password}\n\n"
                "The secure page asks for it when you link your Slack account or set up an authenticator.\n"
                "If you have changed it since, the new one counts.\n"
                "A real company would never mail you this.\n",
            )
