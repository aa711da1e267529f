"""The files of the rules, watched: when they have changed and are at rest, they are read anew, beside the loop.

It judges nothing and lets nothing hold: what was read, or what is wrong with it, goes to handlers.rules.governing.
"""

import asyncio
import socket
from collections.abc import Callable
from functools import partial

import structlog

from bot.discovering import Discovering
from bot.discovery import Wrong
from bot.grounds import held_by
from bot.policies import fingerprint, load_rules, rules_of
from bot.settings import Settings
from handlers.decisions.policy import PolicyEngine
from handlers.drift.undiscovered import Undiscovered
from handlers.ground import Ground
from handlers.rules.governing import Governing, kept_set
from handlers.rules.holding import Held, Rules
from storage.audit.checkpoint import Verifier
from storage.audit.verification import walk_unless_bound
from storage.database import Database
from storage.faults import PolicyFault, SettingsFault

log = structlog.get_logger(__name__)

# Seconds. Whoever writes a file slowly has not stopped for so long.
SETTLED = 1.0

Reread = Callable[[], Settings]
"""The settings as they are written now. SettingsFault if they cannot be used."""


class Reloading:
    """reread: reads the settings anew. settled: for how many seconds nothing may change before it is read.

    discovering: what directories say beside the files, and what tells of whatever of it cannot be used.
    """

    def __init__(
        self,
        settings: Settings,
        governing: Governing,
        reread: Reread,
        *,
        settled: float = SETTLED,
        discovering: tuple[Discovering, Undiscovered] | None = None,
    ) -> None:
        self._running, self._governing, self._reread, self._settled = settings, governing, reread, settled
        self._paths, self._discovering = settings.rule_files, discovering
        # As they are now that they have just been read: what is written before the first look is a change.
        self._known = fingerprint(self._paths) + self._mark()
        self._is_asked = False

    def forget(self) -> None:
        """Read them at the next look, changed or not: somebody asks for it."""
        self._known, self._is_asked = "", True

    async def look(self) -> None:
        """Read what has changed. What is still being written waits for the next look."""
        found = await self._print()
        if found == self._known:
            return
        await asyncio.sleep(self._settled)
        if await self._print() != found:
            return
        self._is_asked = False  # whoever asks from now on asks for more than is read here
        try:
            settings, rules, wrong = await asyncio.to_thread(self._load)
        except (PolicyFault, SettingsFault) as fault:
            if await self._print() == found:
                await self._governing.refuse(str(fault), found)
                self._is_read(found)
            return
        if await self._print() != found:
            return  # whatever was read may be half of each
        if settings.rule_files != self._paths:
            self._paths, self._known = settings.rule_files, ""
            return
        if settings.security_digest != self._running.security_digest:
            log.warning(
                "settings.changed", mend="Restart: of wicket.toml only the rules are read while it runs."
            )
        await self._governing.take(rules)
        if self._discovering is not None:
            discovering, telling = self._discovering
            discovering.holds(rules.catalogue)
            await discovering.tell(telling, wrong)
        self._is_read(found)

    def _is_read(self, found: str) -> None:
        if not self._is_asked:
            self._known = found

    def _load(self) -> tuple[Settings, Rules, tuple[Wrong, ...]]:
        settings = self._reread()
        if self._discovering is None:
            return settings, load_rules(settings, self._running), ()
        joined = self._discovering[0].joined(settings)
        return settings, load_rules(settings, self._running, joined.catalogue), joined.wrong

    def _mark(self) -> str:
        return self._discovering[0].mark if self._discovering is not None else ""

    async def _print(self) -> str:
        return await asyncio.to_thread(fingerprint, self._paths) + self._mark()


def reloads(
    settings: Settings, ground: Ground, governing: Governing, reread: Reread | None, discovering: Discovering
) -> Reloading | None:
    """What takes up other rules while the bot runs; None where there is nothing to read anew."""
    if discovering.names:
        both = (discovering, Undiscovered(ground))
        return Reloading(settings, governing, reread or (lambda: settings), discovering=both)
    return Reloading(settings, governing, reread) if reread else None


def begin_with(
    settings: Settings, policy: PolicyEngine | None, database: Database, verifier: Verifier | None
) -> tuple[Held, str]:
    """The rules to begin with; and, where those of the files will not do, what is wrong and so holds nothing up.

    Only a set that two owners approved stands in for them; otherwise the PolicyFault passes through.
    """
    try:
        return held_by(settings, policy), ""
    except PolicyFault as fault:
        if not settings.policy.two_owners:
            raise
        # What was approved the record says.
        database.read_now(partial(walk_unless_bound, verifier=verifier))
        kept = database.read_now(kept_set)
        if kept is None:
            raise
        return Held(kept.rules(partial(rules_of, running=settings))), str(fault)


def govern(
    settings: Settings, ground: Ground, held: Held, changed: Callable[[], None] = lambda: None
) -> Governing:
    """What decides which rules hold in a bot with these settings. changed: called when others do."""
    return Governing(
        ground,
        held,
        partial(rules_of, running=settings),
        replica=socket.gethostname(),
        two_owners=settings.policy.two_owners,
        changed=changed,
    )
