"""What the schedule does, and how often: one duty for each thing that time or a committed transaction calls for.

It does nothing itself: a duty calls the handler or the courier whose work it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from bot.couriers.mail import MailCourier
from bot.couriers.patient import deliver_all
from bot.couriers.slack import BATCH, SlackCourier
from bot.discovering import DISCOVERY, RULES, Discovering
from bot.following_up import follow_ups
from bot.lookouts import lookouts
from bot.metrics import Metrics
from bot.reloading import Reloading
from bot.schedule import Duty
from bot.settings import Settings
from bot.watching import OwnerWatch
from handlers.alarms.raising import Alarms
from handlers.approvals.owners import Owners
from handlers.audit.bulletins import Bulletins
from handlers.audit.doubts import Doubts
from handlers.audit.streaming import Streaming
from handlers.audit.telling import Telling
from handlers.audit.tiling import Tiling
from handlers.audit.watching import Watching
from handlers.delegations.delegating import Delegating
from handlers.delegations.outcomes import WAKES as DELEGATED
from handlers.drift.finding import Drift
from handlers.emergencies.granting import Emergencies
from handlers.grants.effects import Effects
from handlers.grants.leavers import Leavers
from handlers.grants.leftovers import Leftovers
from handlers.grants.revocation import Revocation
from handlers.grants.revoking_all import WAKES as REVOKED
from handlers.grants.revoking_all import RevokingAll
from handlers.ground import Ground
from handlers.petitions.attesting import WAKES as PETITIONS
from handlers.petitions.openings import Openings
from handlers.requests.reminding import Reminding
from handlers.requests.summons import Summons
from handlers.rules.governing import Governing
from handlers.secure_page.changes import Changes
from handlers.secure_page.visits import PageGround
from handlers.vouching.cooling import Cooling
from storage.audit.checkpoint import Verifier
from storage.outbox import ALERT, GRAVE, NORMAL
from storage.reminders import WAKES

_DAY = 86400
CATALOGUE = "catalogue"


@dataclass(frozen=True, kw_only=True)
class Duties:
    """The duties of one bot."""

    settings: Settings
    ground: Ground
    page_ground: PageGround
    owners: Owners
    effects: Effects
    revocation: Revocation
    alarms: Alarms
    emergencies: Emergencies
    openings: Openings
    drift: Drift
    leavers: Leavers
    watching: Watching
    telling: Telling
    verifier: Verifier
    bulletins: Bulletins
    watch: OwnerWatch
    slack: SlackCourier
    mail: MailCourier
    escalations: Sequence[Duty]
    siem: Streaming | None
    governing: Governing
    reloading: Reloading | None
    discovering: Discovering
    metrics: Metrics
    directories: Sequence[str]

    def all(self, holdings: Duty) -> list[Duty]:
        """Every duty. holdings: the one over the effects, which a free slot wakes as well."""
        ground, doubts = self.ground, Doubts(self.ground)
        return [
            Duty(
                name="ends",
                every=0.5,
                work=self.revocation.end_due,
                until_next=self.revocation.until_next_end,
            ),
            Duty(name="lapses", every=0.5, work=self.revocation.lapse_unanswered),
            holdings,
            Duty(
                name="grave",
                every=1,
                woken_by="outbox",
                work=partial(self._deliver, GRAVE),
                until_next=self.slack.until_next_grave,
            ),
            Duty(name="alerts", every=1, woken_by="outbox", work=partial(self._deliver, ALERT)),
            Duty(name="outbox", every=1, woken_by="outbox", work=partial(self._deliver, NORMAL)),
            Duty(name="mail", every=1, woken_by="outbox", work=self.mail.deliver_due),
            *self.escalations,
            Duty(name="summons", every=1, woken_by="outbox", work=Summons(ground).tell_due),
            Duty(name="cut-off", every=60, work=Changes(self.page_ground).settle_cut_off),
            Duty(name="alarms", every=30, woken_by=REVOKED, work=self.alarms.settle_due),
            Duty(name="revoked", every=2, woken_by=REVOKED, work=RevokingAll(ground).look),
            Duty(name="emergencies", every=0.5, work=self.emergencies.go_on),
            Duty(name="delegations", every=30, woken_by=DELEGATED, work=Delegating(ground).end_due),
            Duty(name="petitions", every=5, woken_by=PETITIONS, work=self.openings.settle_due),
            Duty(name="cooling", every=10, work=Cooling(self.page_ground).settle_due),
            Duty(name="doubts", every=1, work=doubts.tell_due),
            Duty(name="rows", every=60, work=doubts.look),
            Duty(name="checkpoints", every=self.settings.audit.every_seconds, work=self.watching.look),
            Duty(name="strangers", every=10, work=self.watching.look_for_strangers),
            Duty(name="checks that failed", every=10, work=self.watching.look_again),
            # Apart from the checks, which may be what never ends.
            Duty(name="stops by itself", every=10, work=self.telling.look),
            *lookouts(self.settings, ground, self.watching, self.verifier, is_busy=self._is_busy),
            Duty(name="tiles", every=1, work=Tiling(ground.database).seal_due),
            Duty(name="bulletins", every=60, work=self.bulletins.owe_due),
            Duty(name="overdue", every=10, woken_by="overdue", work=self._watch_overdue),
            Duty(name="left over", every=300, woken_by=CATALOGUE, work=Leftovers(ground).look),
            Duty(name="clock", every=60, work=self.revocation.end_sooner),
            Duty(name="housekeeping", every=3600, work=self.revocation.forget_old),
            Duty(name="leavers", every=60, work=self.leavers.look),
            Duty(name="linked", every=self._drift_every, work=partial(self.leavers.look, everybody=True)),
            Duty(name="reminders", every=1, woken_by=WAKES, work=Reminding(ground, self.owners).remind_due),
            *follow_ups(self.settings, ground),
            Duty(name="owners", every=_DAY, woken_by=CATALOGUE, work=self.watch.look),
            Duty(name="owners in trouble", every=60, work=self.watch.look_again),
            Duty(name="rules", every=5, woken_by=RULES, work=self._rules),
            *([Duty(name="siem", every=1, work=self.siem.send_due)] if self.siem else []),
            *self._of_each_directory(),
        ]

    def _of_each_directory(self) -> list[Duty]:
        """A duty of its own for each, so that a hung directory delays no other."""
        every = self._drift_every
        return [
            *(
                Duty(
                    name=f"drift {name}", every=every, woken_by=CATALOGUE, work=partial(self.drift.look, name)
                )
                for name in self.directories
            ),
            *(
                Duty(
                    name=f"discovery {name}",
                    every=every,
                    woken_by=DISCOVERY,
                    work=partial(self.discovering.look, name),
                )
                for name in self.discovering.names
            ),
        ]

    @property
    def _drift_every(self) -> float:
        """Seconds between two looks at the same directory."""
        return self.settings.drift.every_minutes * 60

    async def _deliver(self, urgency: int) -> None:
        gives_way = urgency == NORMAL
        await deliver_all(
            partial(self.slack.deliver_due, urgency),
            batch=BATCH,
            is_busy=lambda: gives_way and self._is_busy(),
            ends_are_due=lambda: gives_way and self._ends_are_due(),
        )

    def _is_busy(self) -> bool:
        return self.effects.is_full or self._ends_are_due()

    def _ends_are_due(self) -> bool:
        """Whether access is being taken back by the hundred: that is a promise, and words about it come after it."""
        return self.revocation.is_ending or self.effects.takes_back

    async def _rules(self) -> None:
        if self.reloading is not None:
            await self.reloading.look()
        await self.governing.look()
        self.discovering.follow(differs=self.governing.differs)

    async def _watch_overdue(self) -> None:
        await self.revocation.tell_overdue()
        standing = await self.revocation.standing()
        late = self.ground.now() - standing.oldest if standing.oldest else timedelta(0)
        self.metrics.standing(
            leased=standing.leased, overdue=standing.overdue, oldest_seconds=late.total_seconds()
        )
