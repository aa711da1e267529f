"""“This wasn't me”: one click closes what is open, switches the account off, ends its sessions, tells security (P-6).

It can only stop things. What it stopped is let go by `releasing`, and nothing here resets or gives anything.
"""

from datetime import datetime, timedelta
from functools import partial
from typing import Literal

import structlog
from sqlmodel import Session

from handlers import recording
from handlers.alarms.releasing import switch_on
from handlers.alarms.reported import NoLink, Stopped
from handlers.alarms.undoing import end_what_was_set_up
from handlers.exceptions.forged import refuse_forged
from handlers.exceptions.raising import Kind, Severity, Strange, cause_of, named, tell_security
from handlers.ground import Ground
from handlers.intents import PAGE, Report
from handlers.outcomes import Repeated, Unknown
from handlers.patience import in_call_time
from handlers.petitions.ends import By, end_of, not_theirs
from handlers.petitions.outcomes import Why
from handlers.secure_page.handles import handle_in_link, link_text
from handlers.secure_page.visits import PageGround
from handlers.vouching.telling import told
from storage import alarms, handles, petitions, vouchings
from storage.alarms import Effect
from storage.directories.base import Account, Directory
from storage.exceptions import decide_exceptions
from storage.faults import DirectoryUnavailable
from storage.records import Alarm, Handle
from storage.secrets import Vault
from storage.states import Ended

log = structlog.get_logger(__name__)

# A letter is often read days later.
WORKS_FOR = timedelta(days=7)
HOUR = timedelta(hours=1)

Door = Literal["mail", "slack"]


class StopLinks:
    """The text of the links in letters. Another key makes them than those of the secure page, so they open nothing."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def text(self, handle: str) -> str:
        """What stands in the link about this visit: `<id>.<mac>`. The page is at `{public_url}/not-me/{text}`."""
        return link_text(self._vault, "stop", handle)

    def handle_in(self, text: str) -> str | None:
        """The visit that a link is about, if we wrote it."""
        return handle_in_link(self._vault, "stop", text)


class Alarms:
    """Raises alarms and sees to what each calls for; what the directory does not do at once is tried again."""

    def __init__(self, ground: Ground, page: PageGround) -> None:
        self._ground, self._page = ground, page
        self._links = StopLinks(page.vault)

    async def by_mail(self, text: str) -> Stopped | NoLink:
        """Somebody pressed the button behind the link of a letter. They need not say who they are: it only stops."""
        handle = await self._handle(self._links.handle_in(text))
        if handle is None or self._since(handle) + WORKS_FOR <= self._ground.now():
            return NoLink()
        by = By(actor=recording.stranger(handle.slack_team, ""), where=PAGE)
        return await self._sound(handle, await self._account(handle), "mail", by)

    async def by_slack(self, intent: Report) -> Stopped | Unknown | Repeated:
        """The person pressed the button in Slack; somebody else's is a forgery."""
        handle, account = await self._handle(intent.handle), intent.actor.account
        theirs = handle is not None and (handle.directory, handle.account) == (account.directory, account.id)
        if handle is None or not theirs:
            return await refuse_forged(self._ground, intent, "account.report_tampered", what="visit")
        return await self._sound(handle, account, "slack", By(**recording.by(intent)))

    async def settle_due(self) -> int:
        """Try again what is still to be done; how many there were. For the start and the schedule."""
        found = await self._ground.database.read(alarms.unsettled)
        for alarm in found:
            await self._settle(alarm.handle)
        return len(found)

    def _since(self, handle: Handle) -> datetime:
        """From when on its letters count: a visit that a petition opened began later than it was made."""
        at_once = handle.expires_at <= handle.created_at + self._page.handles.lifetime
        return handle.created_at if at_once else handle.expires_at

    async def _handle(self, handle_id: str | None) -> Handle | None:
        if handle_id is None:
            return None
        found = await self._ground.database.read(lambda tx: handles.handle_by_id(tx, handle_id))
        return found if found is not None and found.account else None

    async def _account(self, handle: Handle) -> Account | None:
        """As the directory has it; None also if it does not say, for this must not wait for it."""
        try:
            directory = self._ground.directory(handle.directory)
            return await in_call_time(directory.account(handle.account))
        except DirectoryUnavailable:
            return None

    async def _sound(self, handle: Handle, account: Account | None, door: Door, by: By) -> Stopped:
        def work(tx: Session) -> Stopped:
            petition = petitions.get(tx, handle.id)
            if petition is not None and petition.opens_at is None:  # nobody said yet that it is them
                is_new = not_theirs(tx, petition, by, self._ground.now())
                return Stopped(again=not is_new, petition=True)
            disabled = self._raise(tx, handle, account, door, by)
            return Stopped(again=disabled is None, held=disabled == Effect.HELD)

        stopped = await self._ground.database.write(work)
        if not stopped.again and not stopped.petition:
            await self._settle(handle.id)
        return stopped

    def _raise(
        self, tx: Session, handle: Handle, account: Account | None, door: Door, by: By
    ) -> Effect | None:
        """Everything that needs no directory, in one transaction: what becomes of the account.

        None if this visit was reported before.
        """
        at = self._ground.now()
        name = named(account.name, account.login) if account else handle.account
        disabled = self._how_to_disable(tx, handle, account)
        if not alarms.sound(
            tx, handle=handle.id, directory=handle.directory, account=handle.account, name=name, door=door,
            disabled=disabled, at=at,
        ):  # fmt: skip
            return None
        end_of(tx, directory=handle.directory, account=handle.account, why=Why.NOT_ME, by=by, at=at)
        closed = handles.close_all(tx, directory=handle.directory, account=handle.account, at=at)
        undone = end_what_was_set_up(tx, handle, at)
        words = vouchings.end_all(tx, handle.directory, handle.account, Ended.REPORTED, at)
        for word in words:
            told(tx, word, Ended.REPORTED, at=at, actor=by.actor, where=by.where)
        facts: dict[str, recording.Fact] = {
            "door": door, "purpose": handle.purpose, "result": handle.result, "closed": closed,
            "disabled": disabled, "directory": handle.directory, "proofs_ended": undone,
        }  # fmt: skip
        recording.record(
            tx, at=at, action="account.reported", outcome="done", actor=by.actor, where=by.where,
            correlation=handle.id, subject=handle.account, facts=facts,
        )  # fmt: skip
        strange = Strange(
            kind=Kind.NOT_ME,
            severity=Severity.HIGH,
            who=name,
            cause=handle.id,
            correlation=handle.id,
            facts={
                **facts,
                "handle": handle.id,
                "directory": handle.directory,
                "sessions": Effect.WANTED,
            },
        )
        tell_security(tx, at, strange)
        log.warning("account.reported", door=door, disabled=disabled)
        return disabled

    def _how_to_disable(self, tx: Session, handle: Handle, account: Account | None) -> Effect:
        """So many an hour at most are switched off: this door must not be the way to lock out a whole company."""
        earlier = alarms.open_of(tx, handle.directory, handle.account)
        if account is not None and not account.active and not any(
            one.disabled in (Effect.WANTED, Effect.DONE) for one in earlier
        ):  # fmt: skip
            return Effect.ALREADY
        if alarms.how_many_since(tx, self._ground.now(), HOUR) >= self._page.limits.alarms_an_hour:
            return Effect.HELD
        return Effect.UNSEEN if account is None else Effect.WANTED

    async def _settle(self, handle_id: str) -> None:
        """Switch off, then end sessions: in this order, so that no new one begins in between."""
        alarm = await self._ground.database.read(lambda tx: tx.get(Alarm, handle_id))
        if alarm is None or alarm.settled_at is not None:
            return
        try:
            directory = self._ground.directory(alarm.directory)
        except DirectoryUnavailable as fault:
            log.warning("alarm.directory", fault=str(fault))
            return
        if alarm.lifted_at is not None:
            await self._let_in(directory, alarm)
            return
        disabled, sessions = Effect(alarm.disabled), Effect(alarm.sessions)
        if disabled == Effect.UNSEEN and directory.capabilities.switch:
            disabled = await self._look(directory, alarm)
        if disabled.is_wanted:
            disabled = await _switch_off(directory, alarm.account, disabled)
        if sessions == Effect.WANTED:
            sessions = await _end_sessions(directory, alarm.account)
        noted = partial(self._note, handle_id=handle_id, disabled=disabled, sessions=sessions)
        stands = await self._ground.database.write(noted)
        if not stands:  # somebody lifted it while we were at it
            if disabled in (Effect.DONE, Effect.WANTED):  # what was not answered may be done
                await self._let_in(directory, alarm)
            return
        if disabled != Effect.DONE:
            return
        is_on = await _may_be_on(directory, alarm.account)  # somebody was let in before that was noted
        await self._ground.database.write(partial(self._looked, handle_id=handle_id, is_on=is_on))

    async def _let_in(self, directory: Directory, alarm: Alarm) -> None:
        """Take back what was done since it was lifted, unless another alarm wants the same; tried until it is known."""

        def begin(tx: Session) -> bool:
            lifted, others = alarms.get(tx, alarm.handle), alarms.open_of(tx, alarm.directory, alarm.account)
            if lifted is None or any(one.disabled in (Effect.WANTED, Effect.DONE) for one in others):
                return False
            alarms.unsettle(tx, lifted)  # if this ends before the last step, that is found and done
            return True

        is_over, was_tried = True, alarm.lifted_at is not None
        if await self._ground.database.write(begin):
            try:
                await switch_on(directory, alarm.account)
            except DirectoryUnavailable as fault:
                log.warning("alarm.not_let_in", fault=str(fault))
                is_over = False
        elif not was_tried:
            return
        await self._ground.database.write(partial(self._may_be_in, handle_id=alarm.handle, is_over=is_over))

    def _looked(self, tx: Session, *, handle_id: str, is_on: bool) -> None:
        alarm = alarms.get(tx, handle_id)
        if alarm is None:
            return
        if is_on:
            _want_anew(tx, alarm, Effect.DONE)
        elif alarm.disabled == Effect.DONE and not Effect(alarm.sessions).is_wanted:
            alarms.settle(tx, alarm, at=self._ground.now())

    def _may_be_in(self, tx: Session, *, handle_id: str, is_over: bool) -> None:
        """Whoever found it off by then found what we had done. is_over: nothing is left to be tried."""
        alarm = alarms.get(tx, handle_id)
        if alarm is not None:
            _want_anew(tx, alarm, Effect.DONE, Effect.ALREADY)
            if is_over:
                alarms.settle(tx, alarm, at=self._ground.now())

    async def _look(self, directory: Directory, alarm: Alarm) -> Effect:
        """Whether it is on, kept before it is switched off: afterwards nobody could tell how it was before."""
        try:
            if not await _is_on(directory, alarm.account):
                return Effect.ALREADY
        except DirectoryUnavailable:
            return Effect.UNSEEN

        def work(tx: Session) -> None:
            found = alarms.get(tx, alarm.handle)
            if found is not None and found.lifted_at is None:
                disabled = _came_of(Effect(found.disabled), Effect.WANTED)
                alarms.note(
                    tx, found, disabled=disabled, sessions=Effect(found.sessions), at=self._ground.now()
                )

        await self._ground.database.write(work)
        return Effect.WANTED

    def _note(self, tx: Session, handle_id: str, disabled: Effect, sessions: Effect) -> bool:
        at, alarm = self._ground.now(), alarms.get(tx, handle_id)
        if alarm is None or alarm.lifted_at is not None:
            return False
        disabled = _came_of(Effect(alarm.disabled), disabled)
        sessions = _came_of(Effect(alarm.sessions), sessions)
        if (alarm.disabled, alarm.sessions) == (disabled, sessions):
            return True
        alarms.note(tx, alarm, disabled=disabled, sessions=sessions, at=at)
        facts = {"disabled": disabled, "sessions": sessions}
        outcome = "failed" if disabled.is_wanted or sessions.is_wanted else "done"
        recording.record(
            tx, at=at, action="account.stopped", outcome=outcome, **recording.BY_ITSELF, correlation=handle_id,
            subject=alarm.account, facts=facts,
        )  # fmt: skip
        decide_exceptions(tx, at=at, cause=cause_of(Kind.NOT_ME, handle_id), facts=facts)
        return True


def _want_anew(tx: Session, alarm: Alarm, *came_to: Effect) -> None:
    """Its account may be on after all, whatever is open about it has come to: it is switched off once more."""
    for one in alarms.open_of(tx, alarm.directory, alarm.account):
        if one.disabled in came_to:
            alarms.want_anew(tx, one)


def _came_of(stands: Effect, found: Effect) -> Effect:
    """What came of it, by the row and by us: another replica may be at it, too, and what is off is off by it."""
    knows_more = stands == Effect.WANTED and found in (Effect.ALREADY, Effect.UNSEEN)
    return stands if knows_more or not stands.is_wanted else found


async def _switch_off(directory: Directory, account: str, so_far: Effect) -> Effect:
    """so_far: wanted, or unseen where it still is: then it is not touched."""
    if not directory.capabilities.switch:
        return Effect.UNABLE
    if so_far == Effect.UNSEEN:
        return so_far
    try:
        await in_call_time(directory.switch(account, active=False))
        return Effect.WANTED if await _is_on(directory, account) else Effect.DONE
    except DirectoryUnavailable:
        return so_far


async def _is_on(directory: Directory, account: str) -> bool:
    found = await in_call_time(directory.account(account))
    return found is not None and found.active


async def _may_be_on(directory: Directory, account: str) -> bool:
    """The same; yes where nobody knows."""
    try:
        return await _is_on(directory, account)
    except DirectoryUnavailable:
        return True


async def _end_sessions(directory: Directory, account: str) -> Effect:
    if not directory.capabilities.sessions:
        return Effect.UNABLE
    try:
        await in_call_time(directory.end_sessions(account))
    except DirectoryUnavailable:
        return Effect.WANTED
    return Effect.DONE
