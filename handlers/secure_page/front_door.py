"""The page's own front door: a login typed there opens a visit like one from Slack, with the same proofs and counts.

It never says whether somebody is known (P-9), and sends nothing to anybody.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import Session

from handlers.decisions.freezing import What, what_stops
from handlers.intents import PAGE
from handlers.recording import record, stranger
from handlers.secure_page.visits import PageGround
from handlers.stops.standing import standing
from storage import links
from storage.directories.base import Account, Directory
from storage.handles import opened_at_door
from storage.states import Purpose

_LONGEST = 256
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A visit. text: what stands in its address; it carries no authority."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Shut:
    """The door is shut for everybody, while proofs are not to be relied on."""


class FrontDoor:
    """Opens visits. directory: whose logins are typed. an_hour: visits by one login; more look alike, to no end."""

    def __init__(self, ground: PageGround, *, directory: str, an_hour: int) -> None:
        self._ground, self._directory, self._an_hour = ground, directory, an_hour

    async def open(self, login: str, *, unlock: bool) -> Opened | Shut:
        """Open a visit for whoever has this login; for nobody it is one of which nothing can come.

        DirectoryUnavailable when the directory did not answer: that is alike for everybody, too.
        """
        typed, purpose = login.strip(), Purpose.UNLOCK if unlock else Purpose.RESET
        account = await account_behind(self._ground.directory(self._directory), typed)
        # Many spellings may be one login to the directory, and are counted as one.
        whose = (account.login if account is not None else typed).casefold()
        door = self._ground.vault.derive("front-door", f"{self._directory}\0{whose}").hex()[:32]
        return await self._ground.database.write(lambda tx: self._open(tx, account, door, purpose))

    def _open(self, tx: Session, account: Account | None, door: str, purpose: Purpose) -> Opened | Shut:
        ground, at = self._ground, self._ground.now()
        if what_stops(standing(tx), What.PROOFS) is not None:
            return Shut()
        link = links.link_to(tx, self._directory, account.id) if account is not None else None
        why = "unknown" if account is None else "not_linked" if link is None else ""
        if opened_at_door(tx, door, at - _HOUR) >= self._an_hour:
            why = why or "too_often"
        fits = account is not None and link is not None and not why
        handle = ground.handles.open_handle(
            tx,
            purpose=purpose,
            directory=self._directory,
            account=account.id if account is not None and fits else "",
            slack_team=link.slack_team if link is not None and fits else "",
            slack_user=link.slack_user if link is not None and fits else "",
            at=at,
            door=door,
        )
        record(
            tx,
            at=at,
            action="front_door.opened",
            outcome="done" if fits else "refused",
            actor=stranger("", ""),
            where=PAGE,
            correlation=handle.id,
            subject=account.id if account is not None else None,
            facts={"purpose": purpose, "why": why},
        )
        return Opened(text=ground.handles.handle_text(handle.id))


async def account_behind(directory: Directory, login: str) -> Account | None:
    """Whose login this is. It is looked up whatever was typed, so that it takes as long."""
    sound = login if 0 < len(login) <= _LONGEST and login.isprintable() else "-"
    found = await directory.account_by_login(sound)
    return found if sound == login else None
