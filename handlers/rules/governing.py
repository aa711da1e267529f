"""Which rules hold: what was loaded is kept, told and, where two owners are to approve it, proposed to them first.

It reads no file. A set that will not do, or that nobody approved yet, never takes the place of the one that holds.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlmodel import Session

from handlers import recording
from handlers.decisions.composition import Composition, Difference, differences
from handlers.exceptions.raising import Kind, Severity, Strange, cause_of, tell_security
from handlers.ground import ROLLED_OUT_WITHIN, Ground
from handlers.rules.holding import Held, Rules, content_of
from storage import deliveries, rule_sets
from storage.audit.vouched import is_ours
from storage.catalogue import Catalogue, as_plain, from_plain
from storage.exceptions import decide_exceptions, settle_exceptions
from storage.faults import PolicyFault
from storage.records import RuleSet
from storage.rule_sets import STORY, Loaded, Witnessed
from storage.states import RuleSetState

log = structlog.get_logger(__name__)

WICKET = "Wicket"
# Of one kind of change, so many names go into the record.
_NAMED = 100

Rebuild = Callable[[Mapping[str, str], Catalogue], Rules]
"""Rules from policies and a catalogue that were kept. PolicyFault if they will not do (any more)."""

UNWITNESSED = (
    "The approved rules in the database are not those that the audit log tells of, so nothing is decided by them. "
    "Find out who could change the database (`wicket audit verify`). To begin with what the files say, start once "
    "with two_owners = false under [policy]."
)

MEDDLED_WITH = (
    "A change that waits for its owners is not in the database as the audit log tells of it, so it was withdrawn. "
    "Find out who could change the database (`wicket audit verify`), then let the files be read anew."
)


class Governing:
    """The rules of one bot. replica: its name among several. two_owners: whether a change waits for two approvals.

    changed: called when other rules hold than before.
    """

    def __init__(
        self,
        ground: Ground,
        held: Held,
        rebuild: Rebuild,
        *,
        replica: str,
        two_owners: bool = False,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._ground, self._held, self._rebuild = ground, held, rebuild
        self._replica, self._two_owners = replica, two_owners
        self._files, self._changed = held.newest, changed
        self._differs_since: datetime | None = None
        self._proposal = ""

    @property
    def newest(self) -> Rules:
        """The rules that hold."""
        return self._held.newest

    @property
    def differs(self) -> bool:
        """Whether another set holds by the store than here."""
        return self._differs_since is not None

    async def begin(self, wrong: str) -> None:
        """At the start. wrong: why the rules of the files cannot be used, so that approved ones hold; else ""."""
        if wrong:
            await self.refuse(wrong, hashlib.sha256(wrong.encode()).hexdigest())
        else:
            await self.take(self._files)

    async def take(self, rules: Rules) -> None:
        """What the files say now, at the start and after each change of them: it holds, or is proposed."""
        self._files = rules
        if self._two_owners:
            await self._follow_settings(rules)
        waits = await self._ground.database.write(lambda tx: self._take(tx, rules))
        if not waits:
            self._put(rules)
        elif (approved := await self._approved()) is not None:
            self._put(approved)

    async def refuse(self, wrong: str, content: str) -> None:
        """What the files say now will not do: told once for each content, and what held goes on holding."""
        await self._ground.database.write(lambda tx: self._refuse(tx, wrong, content))

    async def look(self) -> None:
        """Follow what was approved elsewhere; tell of a replica that goes by other files than the rest."""
        if self._two_owners and (approved := await self._approved()) is not None:
            self._put(approved)
        await self._tell_if_differing()

    def _put(self, rules: Rules) -> None:
        before = self._held.newest.policy.policy_set
        self._held.replace(rules)
        if rules.policy.policy_set != before:
            log.info("rules.hold", policy_set=rules.policy.policy_set)
            self._changed()

    async def _approved(self) -> Rules | None:
        """The set that holds by the store, if it is another than ours. PolicyFault if the log does not tell of it."""
        kept = await self._ground.database.read(kept_set)
        if kept is None or kept.row.content == self._held.newest.content:
            return None
        is_ours = kept.is_witnessed and kept.row.content == self._files.content
        return self._files if is_ours else kept.rules(self._rebuild)

    async def _follow_settings(self, rules: Rules) -> None:
        """Where these files are to wait, what was approved holds by the settings of now: told before they are."""
        kept = await self._ground.database.read(kept_set)
        if kept is None or kept.row.content == rules.content:
            return  # nothing waits
        held = self._held.newest
        approved = held if held.content == kept.row.content else kept.rules(self._rebuild)
        if approved.policy.policy_set != kept.row.policy_set:
            await self._ground.database.write(lambda tx: self._change_settings(tx, approved))

    def _change_settings(self, tx: Session, approved: Rules) -> None:
        before = rule_sets.active(tx)
        told = rule_sets.told_of(tx, before)
        if before is not None and before.content == approved.content and _are_one(before, told):
            self._change(tx, approved, before, told)

    def _take(self, tx: Session, rules: Rules) -> bool:
        """Whether it waits for its owners."""
        now, before = self._ground.now(), rule_sets.active(tx)
        told = rule_sets.told_of(tx, before)
        if self._two_owners and not _are_one(before, told):
            raise PolicyFault(UNWITNESSED)
        settle_exceptions(tx, at=now, causes=[cause_of(Kind.RULES_INVALID, self._replica)])
        same_content = before is not None and before.content == rules.content
        if self._proposal and (mine := rule_sets.get(tx, self._proposal)) and mine.content != rules.content:
            withdraw(tx, mine, now)
        if before is not None and before.policy_set == rules.policy.policy_set and _are_one(before, told):
            return False
        if before is not None and self._two_owners and not same_content:
            self._propose(tx, rules, before, told)
            return True
        self._change(tx, rules, before, told)
        return False

    def _change(self, tx: Session, rules: Rules, before: RuleSet | None, told: Witnessed | None) -> None:
        now = self._ground.now()
        if not deliveries.take(tx, _once(before, rules), now):
            return
        changed = _difference(before, told, rules)
        if before is not None:
            rule_sets.end(tx, before, RuleSetState.FORMER, at=now)
        if rule_sets.add(tx, _loaded(rules), RuleSetState.ACTIVE, at=now) is None:
            return
        first = before is None and told is None
        action = "rules.began" if first else "rules.changed"
        recording.record(
            tx, at=now, action=action, outcome="done", **recording.BY_ITSELF, correlation=STORY,
            facts={**hashes(rules), **in_record(changed)},
        )  # fmt: skip
        if not first:
            tell_of(tx, now, Kind.RULES_CHANGED, Severity.MEDIUM, rules.policy.policy_set, {
                "set": rules.policy.policy_set, "before": before.policy_set if before else "",
                "known": _is_witnessed(before, told), "changed": changed,
            })  # fmt: skip

    def _propose(self, tx: Session, rules: Rules, before: RuleSet, told: Witnessed | None) -> None:
        now = self._ground.now()
        known = [row.id for row in rule_sets.proposed(tx) if row.content == rules.content]
        if known or rule_sets.was_denied(tx, rules.content):
            self._proposal = known[0] if known else ""
            return
        row = rule_sets.add(tx, _loaded(rules), RuleSetState.PROPOSED, at=now)
        if row is None:
            return
        self._proposal = row.id
        changed = _difference(before, told, rules)
        recording.record(
            tx, at=now, action="rules.proposed", outcome="done", **recording.BY_ITSELF, correlation=STORY,
            facts={**hashes(rules), **in_record(changed), "proposal": row.id},
        )  # fmt: skip
        tell_of(tx, now, Kind.RULES_PROPOSED, Severity.MEDIUM, row.id, {
            "set": row.policy_set, "proposal": row.id, "before": before.policy_set, "changed": changed, "approved": [],
            "known": _is_witnessed(before, told),
        })  # fmt: skip

    def record_held(self, tx: Session, row: RuleSet, before: RuleSet | None) -> None:
        """A proposed set was approved: it holds."""
        composition = Composition.read(row.composition)
        changed = differences(Composition.read(before.composition) if before else Composition(), composition)
        recording.record(
            tx, at=self._ground.now(), action="rules.changed", outcome="done", **recording.BY_ITSELF,
            correlation=STORY, facts={
                "set": row.policy_set, "content": row.content, "composition": composition.digest,
                "proposal": row.id, **in_record(changed),
            },
        )  # fmt: skip

    def is_as_proposed(self, tx: Session, row: RuleSet) -> bool:
        """Whether it is what its owners were shown; otherwise it is withdrawn, and security is told."""
        told = rule_sets.as_proposed(tx, row)
        if told is not None and told.content == row.content and _is_witnessed(row, told):
            return True
        withdraw(tx, row, self._ground.now())
        self._refuse(tx, MEDDLED_WITH, row.id)
        return False

    def _refuse(self, tx: Session, wrong: str, content: str) -> None:
        now = self._ground.now()
        if not deliveries.take(tx, f"rules refused {content}", now):
            return
        recording.record(
            tx, at=now, action="rules.refused", outcome="refused", **recording.BY_ITSELF, correlation=STORY,
            facts={"content": content, "wrong": wrong, "replica": self._replica},
        )  # fmt: skip
        strange = Strange(
            kind=Kind.RULES_INVALID, severity=Severity.HIGH, who=WICKET, cause=self._replica, correlation=STORY,
            facts={"wrong": wrong, "set": self._held.newest.policy.policy_set, "replica": self._replica}, anew=True,
        )  # fmt: skip
        tell_security(tx, now, strange)
        log.error("rules.refused", wrong=wrong)

    async def _tell_if_differing(self) -> None:
        now = self._ground.now()
        theirs = await self._ground.database.read(rule_sets.holding)
        cause = cause_of(Kind.RULES_DIFFER, self._replica)
        if theirs is None or theirs == self._held.newest.policy.policy_set:
            if self._differs_since is not None:
                await self._ground.database.write(lambda tx: settle_exceptions(tx, at=now, causes=[cause]))
            self._differs_since = None
            return
        self._differs_since = self._differs_since or now
        if now - self._differs_since < ROLLED_OUT_WITHIN:
            return
        await self._ground.database.write(lambda tx: self._differ(tx, theirs, now))

    def _differ(self, tx: Session, theirs: str, now: datetime) -> None:
        ours = self._held.newest.policy.policy_set
        if not deliveries.take(tx, f"rules differ {self._replica} {ours} {theirs}", now):
            return
        recording.record(
            tx, at=now, action="rules.differ", outcome="failed", **recording.BY_ITSELF, correlation=STORY,
            facts={"set": ours, "other": theirs, "replica": self._replica},
        )  # fmt: skip
        tell_of(tx, now, Kind.RULES_DIFFER, Severity.HIGH, self._replica, {
            "set": ours, "other": theirs, "replica": self._replica,
        })  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Kept:
    """The set that holds by the store, and what the audit log tells of it."""

    row: RuleSet
    told: Witnessed | None

    @property
    def is_witnessed(self) -> bool:
        """Whether its content is what the audit log tells of."""
        return self.told is not None and self.told.content == self.row.content

    def rules(self, rebuild: Rebuild) -> Rules:
        """It, read anew. PolicyFault if the log tells of another, or if it will not do any more."""
        if not self.is_witnessed:
            raise PolicyFault(UNWITNESSED)
        try:
            rules = rebuild(self.row.sources, from_plain(self.row.catalogue))
        except (TypeError, KeyError) as fault:
            raise PolicyFault(f"the approved catalogue cannot be read: {type(fault).__name__}") from fault
        if rules.content != self.row.content:
            raise PolicyFault(UNWITNESSED)
        return rules


def kept_catalogue(tx: Session) -> Catalogue | None:
    """The catalogue that held last by the store; None if there is none, or the audit log tells of another."""
    kept = kept_set(tx) if is_ours(tx) else None
    if kept is None or not kept.is_witnessed:
        return None
    try:
        catalogue = from_plain(kept.row.catalogue)
    except (TypeError, KeyError):
        return None
    return catalogue if content_of(kept.row.sources, catalogue) == kept.row.content else None


def kept_set(tx: Session) -> Kept | None:
    """None if none ever held."""
    row = rule_sets.active(tx)
    if row is None:
        return None
    return Kept(row=RuleSet(**row.model_dump()), told=rule_sets.told_of(tx, row))


def withdraw(tx: Session, row: RuleSet, now: datetime) -> None:
    """Its files changed, or another set holds since it was proposed: it can be approved no more."""
    if row.state != RuleSetState.PROPOSED:
        return
    rule_sets.end(tx, row, RuleSetState.WITHDRAWN, at=now)
    recording.record(
        tx, at=now, action="rules.withdrawn", outcome="done", **recording.BY_ITSELF, correlation=STORY,
        facts={"set": row.policy_set, "proposal": row.id},
    )  # fmt: skip
    cause = cause_of(Kind.RULES_PROPOSED, row.id)
    decide_exceptions(tx, at=now, cause=cause, facts={"became": "withdrawn", "settled": now.isoformat()})


def tell_of(
    tx: Session, now: datetime, kind: Kind, severity: Severity, cause: str, facts: Mapping[str, object]
) -> None:
    """An exception about the rules."""
    strange = Strange(kind=kind, severity=severity, who=WICKET, cause=cause, correlation=STORY, facts=facts)
    tell_security(tx, now, strange)


def hashes(rules: Rules) -> dict[str, recording.Fact]:
    """What the record says of a set, by which it is known again."""
    return {
        "set": rules.policy.policy_set, "content": rules.content, "composition": rules.composition.digest
    }  # fmt: skip


def in_record(changed: Difference) -> dict[str, recording.Fact]:
    """What changed, for the record: the first names of each kind, and how many there are if not all."""
    facts: dict[str, recording.Fact] = {}
    for name, names in changed.items():
        facts[name] = list(names[:_NAMED])
        if len(names) > _NAMED:
            facts[f"{name}_in_all"] = len(names)
    return facts


def _difference(before: RuleSet | None, told: Witnessed | None, rules: Rules) -> Difference:
    """Against nothing where what was before is not what the log tells of: then all of it is new."""
    known = before is not None and _is_witnessed(before, told)
    was = Composition.read(before.composition) if before is not None and known else Composition()
    return differences(was, rules.composition)


def _is_witnessed(before: RuleSet | None, told: Witnessed | None) -> bool:
    """Whether the row is the one that the audit log tells of."""
    if before is None or told is None or before.policy_set != told.policy_set:
        return False
    return Composition.read(before.composition).digest == told.composition


def _are_one(before: RuleSet | None, told: Witnessed | None) -> bool:
    """Whether row and log tell of the same set, or neither of any."""
    if before is None or told is None:
        return before is None and told is None
    return (before.policy_set, before.content) == (told.policy_set, told.content)


def _once(before: RuleSet | None, rules: Rules) -> str:
    """The same change is made and told by one replica only."""
    return f"rules {before.id if before else ''} {rules.policy.policy_set}"


def _loaded(rules: Rules) -> Loaded:
    return Loaded(
        policy_set=rules.policy.policy_set, content=rules.content, composition=rules.composition.plain,
        sources=rules.sources, catalogue=as_plain(rules.catalogue),
    )  # fmt: skip
