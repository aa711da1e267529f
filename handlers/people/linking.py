"""Linking a Slack account to a person: the match by e-mail is a proposal, and the person proves it by signing in.

It never links by name or address alone, and never takes a link over from another Slack account.
"""

from sqlmodel import Session

from handlers.intents import PAGE
from handlers.recording import record
from handlers.secure_page.attempts import Attempts, Checked, Kinds
from handlers.secure_page.enrolment import check_password
from handlers.secure_page.visits import PageGround, Person, Proven, Refused, Visitor, person_behind
from storage import links
from storage.handles import move
from storage.outbox import owe
from storage.records import Handle
from storage.states import LinkState, Purpose, Result

_SIGN_IN = Kinds(action="link.proven", purposes=frozenset({Purpose.LINK}), second_factor=False)


class Linking:
    """Makes links. Every refusal looks like a wrong password (P-9)."""

    def __init__(self, ground: PageGround) -> None:
        self._ground = ground
        self._attempts = Attempts(ground)

    async def sign_in(self, visitor: Visitor, login: str, password: str) -> Proven | Refused:
        """Sign in to the proposed account with the directory's login and password; the link is made with it."""

        async def check(person: Person) -> Checked:
            return await check_password(self._ground, person, password, login)

        return await self._attempts.run(visitor, _SIGN_IN, check, self.accept)

    def accept(self, tx: Session, handle: Handle, person: Person) -> str:
        """Pin the Slack account to the person; why not, if either belongs to another already."""
        at, account = self._ground.now(), person.account
        if account is None:
            return "unknown"
        mine = links.link_of(tx, handle.slack_team, handle.slack_user)
        theirs = links.link_to(tx, handle.directory, account.id)
        if theirs is not None and (theirs.slack_team, theirs.slack_user) != (
            handle.slack_team,
            handle.slack_user,
        ):
            return "taken"
        same = mine is None or (mine.directory, mine.account) == (handle.directory, account.id)
        if mine is not None and mine.state == LinkState.ACTIVE and not same:
            return "taken"
        link = links.make_link(
            tx,
            at=at,
            slack_team=handle.slack_team,
            slack_user=handle.slack_user,
            directory=handle.directory,
            account=account.id,
            mail=account.mail,
            made_by="signed in",
        )
        move(tx, handle.id, was=Result.OPEN, now=Result.DONE, at=at)
        record(
            tx,
            at=at,
            action="link.made",
            outcome="done",
            actor=person_behind(handle),
            where=PAGE,
            correlation=handle.id,
            subject=account.id,
            facts={"made_by": "signed in", "slack_user": handle.slack_user, "link": link.id},
        )
        owe(tx, at=at, courier="slack", kind="linked", subject=handle.id, recipient=handle.slack_user)
        return ""
