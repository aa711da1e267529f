"""What somebody on a help desk does for somebody else: their account unlocked, a reset started (R-6).

It hands nobody a password, a code or a link to somebody else's page, and the person is told with the act itself.
"""

import structlog
from sqlmodel import Session

from handlers import recording
from handlers.decisions.freezing import What
from handlers.decisions.helping import Act, HelpDesks
from handlers.exceptions.raising import named, tell_security
from handlers.ground import Ground
from handlers.help_desk.desks import Allowed, Desks, TwoPeople
from handlers.help_desk.outcomes import (
    ConsiderHelp,
    HelpFor,
    MayHelp,
    NotLockedNow,
    NotOfDesk,
    Outcome,
    Refused,
    ResetStarted,
    UnlockedFor,
)
from handlers.help_desk.rechecking import Rechecking
from handlers.help_desk.telling import show
from handlers.outcomes import Repeated
from handlers.people.found import find
from handlers.secure_page.asking import unlock_now
from handlers.secure_page.changes import UNLOCK, unsure
from handlers.secure_page.handles import Handles
from storage import deliveries
from storage.faults import WicketFault
from storage.handles import make_handle, move
from storage.links import link_to
from storage.records import DeskAct, Handle
from storage.states import Purpose, Result

log = structlog.get_logger(__name__)


class Helping:
    """Everything is asked anew when the form is sent, and taken once per delivery."""

    def __init__(self, ground: Ground, *, handles: Handles, desks: HelpDesks) -> None:
        self._ground, self._handles = ground, handles
        self._desks = Desks(ground, desks)
        self._rechecking = Rechecking(ground, self._desks)

    async def consider(self, intent: ConsiderHelp) -> MayHelp | NotOfDesk:
        """Whether this person is on a desk that may: before the form opens. Nobody is looked up for anybody else."""
        if not self._desks.of(intent):
            return await self._ground.database.write(
                lambda tx: self._desks.turn_away_stranger(tx, intent, None)
            )
        return MayHelp(act=intent.act, whom=await self._named(intent.whom))

    async def help(self, intent: HelpFor) -> Outcome:
        """Do it, or say why not. DirectoryUnavailable when the directory does not answer: then nothing was done."""
        two = await self._desks.two_people(intent) if self._desks.of(intent) else None
        match intent.act:
            case Act.UNLOCK:
                return await self._unlock(intent, two)
            case Act.RESET:
                return await self._ground.database.write(lambda tx: self._start_reset(tx, intent, two))
            case Act.RECHECK:
                return await self._rechecking.recheck(intent, two)

    async def _named(self, login: str) -> str:
        """The Slack id of whom a login names; "" if of nobody who is linked."""
        found = await find(self._ground, login) if login else None
        if found is None:
            return ""
        link = await self._ground.database.read(lambda tx: link_to(tx, found.directory, found.id))
        return link.slack_user if link is not None else ""

    async def _unlock(self, intent: HelpFor, two: TwoPeople | None) -> Outcome:
        begun = await self._ground.database.write(lambda tx: self._begin_unlock(tx, intent, two))
        if not isinstance(begun, tuple):
            return begun
        act, handle = begun
        known = await unlock_now(self._ground.directory(act.directory), act.account)
        try:
            await self._ground.database.write(
                lambda tx: self._end_unlock(tx, intent, act, handle, done=known)
            )
        except WicketFault as fault:  # it may be done by now; the schedule closes it
            log.error("desk.unlock_not_recorded", fault=str(fault))
            known = False
        return UnlockedFor(name=act.name, known=known)

    def _begin_unlock(
        self, tx: Session, intent: HelpFor, two: TwoPeople | None
    ) -> tuple[DeskAct, Handle] | Refused:
        """Durable before the directory is touched (T-3), as a change that is under way; and the person is told."""
        allowed = self._desks.weigh(tx, intent, two)
        if not isinstance(allowed, Allowed):
            return allowed
        at, found = self._ground.now(), allowed.two
        if not found.person.locked:
            self._desks.note(tx, intent, found.person, "desk.not_locked")
            return NotLockedNow(name=found.person.name)
        if not deliveries.take(tx, intent.delivery, at):
            return Repeated()
        handle = make_handle(
            tx, at=at, expires_at=at, purpose=Purpose.UNLOCK, directory=found.person.directory,
            account=found.person.id, slack_team=found.slack_team, slack_user=found.slack_user,
        )  # fmt: skip
        move(tx, handle.id, was=Result.OPEN, now=Result.CHANGING, at=at)
        return self._desks.begun(tx, intent, allowed, handle, "desk.unlock_started"), handle

    def _end_unlock(self, tx: Session, intent: HelpFor, act: DeskAct, handle: Handle, *, done: bool) -> None:
        at, result = self._ground.now(), Result.DONE if done else Result.UNKNOWN
        if not move(tx, handle.id, was=Result.CHANGING, now=result, at=at):
            return  # it took so long that it was ended as cut off
        recording.record(
            tx, at=at, action=UNLOCK.ended, outcome="done" if done else "failed", **recording.by(intent),
            correlation=handle.id, subject=act.account, facts={"desk": act.desk},
        )  # fmt: skip
        show(tx, act, at)
        if not done:
            tell_security(tx, at, unsure(handle, UNLOCK, result, named(act.name, act.login)))

    def _start_reset(self, tx: Session, intent: HelpFor, two: TwoPeople | None) -> ResetStarted | Refused:
        """Open a visit for the person alone: its link goes to them, and they prove there who they are as always."""
        allowed = self._desks.weigh(tx, intent, two, what=(What.RESETS,))
        if not isinstance(allowed, Allowed):
            return allowed
        at, found = self._ground.now(), allowed.two
        person = found.person
        if not deliveries.take(tx, intent.delivery, at):
            return Repeated()
        handle = self._handles.open_handle(
            tx, purpose=Purpose.RESET, directory=person.directory, account=person.id,
            slack_team=found.slack_team, slack_user=found.slack_user, at=at,
        )  # fmt: skip
        self._desks.begun(tx, intent, allowed, handle, "desk.reset_started")
        return ResetStarted(name=person.name)
