"""Who is speaking: Slack's word about the account, the pinned link, and the person in the directory, each looked up.

It never matches by name; an e-mail match is only a proposal that the person proves on the secure page (promise 5).
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from sqlmodel import Session

from handlers import recording
from handlers.decisions.identity import NotAPerson, SlackProfile, why_not
from handlers.exceptions.raising import Kind, Severity, Strange, tell_security
from handlers.ground import Ground
from handlers.intents import Actor, Where
from handlers.outcomes import Repeated
from handlers.patience import in_time
from handlers.secure_page.handles import Handles
from storage import deliveries, links
from storage.addresses import folded, same
from storage.directories.base import Account
from storage.faults import StorageUnavailable
from storage.identifiers import new_id
from storage.links import PinnedLink
from storage.outbox import owe
from storage.states import LinkState, Purpose


@dataclass(frozen=True, kw_only=True)
class Refused:
    """This account speaks for nobody here; it was recorded and the security channel knows."""

    reason: NotAPerson


@dataclass(frozen=True, kw_only=True)
class NotLinked:
    """A colleague's account that nobody has proved to be theirs yet, or whose link rests."""

    profile: SlackProfile
    suspended: bool


@dataclass(frozen=True, kw_only=True)
class NotTold:
    """Slack told no confirmed e-mail for a linked account: who it is stays unknown, this time."""


@dataclass(frozen=True, kw_only=True)
class LinkOffered:
    """Where to prove it: a handle of the secure page, or None with the reason why there is no way here."""

    handle: str | None
    problem: Literal["", "no match", "several matches", "repeated"]


class Identity:
    """teams, enterprise: where our people are. trust_mail: whether Slack's confirmed e-mail alone makes a link."""

    def __init__(
        self,
        ground: Ground,
        *,
        handles: Handles,
        teams: frozenset[str],
        enterprise: str | None,
        trust_mail: bool,
    ) -> None:
        self._ground = ground
        self._handles = handles
        self._teams = teams
        self._enterprise = enterprise
        self._trust_mail = trust_mail

    def is_colleague(self, profile: SlackProfile) -> bool:
        """Whether this may be one of us at all, linked or not: no guest, bot, outsider or deactivated account."""
        return why_not(profile, teams=self._teams, enterprise=self._enterprise) is None

    async def establish(
        self, profile: SlackProfile, where: Where, delivery: str
    ) -> Actor | NotLinked | NotTold | Refused | Repeated:
        """The person behind a Slack account, as the directory has them now. Faults mean "unknown": nobody.

        A refusal is recorded once for each delivery and takes no delivery itself: a form that stayed open is sent
        again when the reason is gone. Whoever is let in takes it with what they do.
        """
        reason = why_not(profile, teams=self._teams, enterprise=self._enterprise)
        if reason is not None:
            return await self._refuse(profile, where, delivery, reason)
        link = await self._ground.database.glance(lambda tx: links.link_of(tx, profile.team, profile.user))
        if link is None:
            return await self._trusted(profile, where) or NotLinked(profile=profile, suspended=False)
        if link.state != LinkState.ACTIVE:
            return NotLinked(profile=profile, suspended=True)
        if link.directory in self._ground.people_of:
            # It was made before the settings said whose people these are.
            await self._suspend(profile, where, link, "people no longer sign in from its directory")
            return NotLinked(profile=profile, suspended=True)
        account = await in_time(self._ground.home(link.directory).account(link.account))
        if account is None or not account.active:
            return await self._refuse(profile, where, delivery, NotAPerson.DEACTIVATED)
        # Only an address that Slack tells can differ: one it does not tell is unknown, and refuses without suspending.
        told = {folded(account.mail), *([folded(profile.mail)] if profile.mail else [])}
        if told != {folded(link.mail)}:
            await self._suspend(profile, where, link, "the e-mail address changed")
            return NotLinked(profile=profile, suspended=True)
        if not profile.mail:
            return await self._not_told(profile, where, delivery, link)
        await self._note_zone(profile, link)
        return Actor(account=account, slack_team=profile.team, slack_user=profile.user)

    async def likely(self, slack_user: str) -> Account | None:
        """Whose Slack account this would be, before Slack said anything of it: for what may be prepared meanwhile.

        It lets nobody in. Whoever is, is established.
        """

        def look(tx: Session) -> list[PinnedLink]:
            found = (links.link_of(tx, team, slack_user) for team in sorted(self._teams))
            return [one for one in found if one is not None and one.state == LinkState.ACTIVE]

        found = await self._ground.database.glance(look)
        if len(found) != 1 or found[0].directory in self._ground.people_of:
            return None
        account = await in_time(self._ground.home(found[0].directory).account(found[0].account))
        return account if account is not None and account.active else None

    async def _note_zone(self, profile: SlackProfile, link: PinnedLink) -> None:
        """Remember where they are, for letters. It can wait: what they came for is never refused over it."""
        if profile.timezone in ("", link.zone):
            return
        with suppress(StorageUnavailable):
            await self._ground.database.write(lambda tx: links.note_zone(tx, link.id, profile.timezone))

    async def offer_link(
        self, profile: SlackProfile, where: Where, delivery: str, *, by_message: bool
    ) -> LinkOffered:
        """Open the page on which this person proves that the Slack account is theirs."""
        candidates = await in_time(self._candidates(profile))

        def work(tx: Session) -> LinkOffered:
            now = self._ground.now()
            if not deliveries.take(tx, f"{delivery}:link", now):
                return LinkOffered(handle=None, problem="repeated")
            if len(candidates) != 1:
                problem: Literal["no match", "several matches"] = (
                    "several matches" if candidates else "no match"
                )
                self._mismatch(tx, profile, where, problem)
                return LinkOffered(handle=None, problem=problem)
            found = candidates[0]
            handle = self._handles.open_handle(
                tx,
                purpose=Purpose.LINK,
                directory=found.directory,
                account=found.id,
                slack_team=profile.team,
                slack_user=profile.user,
                at=now,
            )
            recording.record(
                tx,
                at=now,
                action="link.offered",
                outcome="done",
                actor=recording.stranger(profile.team, profile.user),
                subject=found.id,
                where=where,
                correlation=handle.id,
            )
            if by_message:
                owe(tx, at=now, courier="slack", kind="page", subject=handle.id, recipient=profile.user)
            return LinkOffered(handle=handle.id, problem="")

        return await self._ground.database.write(work)

    async def _candidates(self, profile: SlackProfile) -> list[Account]:
        """Whose address it is, in every home. One that does not answer leaves it unknown whether it is one person's."""
        if not profile.mail:
            return []
        homes = self._ground.homes.values()
        found = await asyncio.gather(*(home.accounts_by_mail(profile.mail) for home in homes))
        return [
            account
            for accounts in found
            for account in accounts
            if account.active
            and account.employment != "service"
            and same(account.mail, profile.mail)  # a directory may look for letters that are only alike
        ]

    async def _trusted(self, profile: SlackProfile, where: Where) -> Actor | None:
        """A link by e-mail alone, where the operator said that the workspace's sign-on makes it trustworthy.

        For an employee's first link only: whoever has administrative power, works for another company or was
        linked before signs in to prove it.
        """
        if not self._trust_mail:
            return None
        candidates = await in_time(self._candidates(profile))
        if len(candidates) != 1:
            return None
        found = candidates[0]
        if found.employment != "employee" or found.privileged:
            return None

        def work(tx: Session) -> None:
            now = self._ground.now()
            proved = links.link_of(tx, profile.team, profile.user) is not None  # as somebody, meanwhile
            if proved or links.ever_linked(tx, found.directory, found.id):
                return
            link = links.make_link(
                tx,
                at=now,
                slack_team=profile.team,
                slack_user=profile.user,
                directory=found.directory,
                account=found.id,
                mail=found.mail,
                made_by="trusted e-mail",
            )
            recording.record(
                tx,
                at=now,
                action="link.made",
                outcome="done",
                actor=recording.WICKET,
                subject=found.id,
                where=where,
                correlation=link.id,
                facts={
                    "made_by": "trusted e-mail",
                    "slack_user": profile.user,
                    # The setting that allowed it is part of what this hash covers.
                    "policy_set": self._ground.policy.policy_set,
                },
            )

        await self._ground.database.write(work)
        link = await self._ground.database.read(lambda tx: links.link_of(tx, profile.team, profile.user))
        pinned = link is not None and (link.directory, link.account) == (found.directory, found.id)
        if link is None or not pinned or link.state != LinkState.ACTIVE:
            return None
        return Actor(account=found, slack_team=profile.team, slack_user=profile.user)

    async def _refuse(
        self, profile: SlackProfile, where: Where, delivery: str, reason: NotAPerson
    ) -> Refused | Repeated:
        def work(tx: Session) -> Refused | Repeated:
            now = self._ground.now()
            if not deliveries.take(tx, f"{delivery}:{reason}", now):
                return Repeated()
            self._tell(
                tx, profile, where, "identity.refused", Kind.NOT_A_PERSON, reason, new_id("i", now),
                facts={"team": profile.team},
            )  # fmt: skip
            return Refused(reason=reason)

        # Other bots talk all day and bolt lets their messages through: they are refused, but no news.
        return Refused(reason=reason) if reason == NotAPerson.BOT else await self._ground.database.write(work)

    async def _not_told(
        self, profile: SlackProfile, where: Where, delivery: str, link: PinnedLink
    ) -> NotTold | Repeated:
        def work(tx: Session) -> NotTold | Repeated:
            now = self._ground.now()
            if not deliveries.take(tx, f"{delivery}:not told", now):
                return Repeated()
            recording.record(
                tx,
                at=now,
                action="identity.not_told",
                outcome="refused",
                actor=recording.stranger(profile.team, profile.user),
                subject=link.account,
                where=where,
                correlation=link.id,
                facts={"reason": "Slack told no confirmed e-mail address"},
            )
            return NotTold()

        return await self._ground.database.write(work)

    async def _suspend(self, profile: SlackProfile, where: Where, link: PinnedLink, reason: str) -> None:
        def work(tx: Session) -> None:
            if links.suspend(
                tx, link.id, mail=link.mail
            ):  # several deliveries may find the same change at once
                self._mismatch(tx, profile, where, reason, link=link)

        await self._ground.database.write(work)

    def _mismatch(
        self, tx: Session, profile: SlackProfile, where: Where, reason: str, link: PinnedLink | None = None
    ) -> None:
        if link is None:
            action, story = "link.refused", new_id("i", self._ground.now())
        else:  # by its own story it is known that it rests, whatever the row says
            action, story = "link.suspended", link.id
        self._tell(
            tx, profile, where, action, Kind.IDENTITY_MISMATCH, reason, story,
            subject=link.account if link is not None else None,
        )  # fmt: skip

    def _tell(
        self,
        tx: Session,
        profile: SlackProfile,
        where: Where,
        action: str,
        kind: Kind,
        reason: str,
        correlation: str,
        *,
        subject: str | None = None,
        facts: Mapping[str, str] | None = None,
    ) -> None:
        """On the record, and told to the security channel with these facts besides."""
        now = self._ground.now()
        recording.record(
            tx, at=now, action=action, outcome="refused", actor=recording.stranger(profile.team, profile.user),
            subject=subject, where=where, correlation=correlation, facts={"reason": reason},
        )  # fmt: skip
        strange = Strange(
            kind=kind, severity=Severity.MEDIUM, who=profile.name or profile.user,
            cause=f"{profile.team}:{profile.user}:{reason}", correlation=correlation,
            facts={"reason": reason, "slack_user": profile.user, **(facts or {})},
        )  # fmt: skip
        tell_security(tx, now, strange)
