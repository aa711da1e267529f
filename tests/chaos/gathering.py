"""The history of a stage, gathered from the three who saw it: the store, the directory's recorder, and Slack.

It only reads, and compares nothing.
"""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlmodel import Session, SQLModel, col, func, select

from bot.demo.company import LOVELACE
from bot.demo.workspace import Message
from bot.grounds import ground_of
from bot.slack.messages.approvals import approval_message
from bot.slack.messages.requests import request_message
from bot.texts import ENGLISH, read_from, read_in
from handlers.ground import Ground
from handlers.requests.storytelling import tell
from storage import outbox
from storage.audit import log
from storage.audit.verification import verify_log
from storage.exceptions import SECURITY
from storage.links import zone_of_user
from storage.outbox import OWNER
from storage.records import ExceptionRecord, Grant, Holding, Owed
from storage.states import GrantState
from tests.chaos import recorder
from tests.chaos.history import Entry, Given, History, Shown
from tests.chaos.stage import Stage

_EVERYTHING = 10_000_000
# Buttons of a requester's and of an owner's message about a request.
_OURS = ("draft.", "request.", "grant.", "approval.")
# Sentences of an owner's message that say how it was when it was told.
_AS_IT_WAS = re.compile(r"(?:Last time|Can decide now): .*?\. ")

Standing = Mapping[tuple[str, str], Message]
"""What the bot wrote, by channel and ts."""


def gather(stage: Stage) -> History:
    """Everything that happened so far. Call it when nothing is under way."""
    with stage.store() as database:
        ground = ground_of(stage.settings, database, {}, database.now)
        at = time.time()
        stands = _written(stage)
        grants: Sequence[Grant] = database.read_now(_all(Grant))
        return History(
            began=stage.began,
            holds=recorder.members(stage.people),
            at=at,
            up=[(up[0], up[1] if len(up) > 1 else at) for bot in stage.bots for up in bot.up],
            changes=recorder.changes(stage.people),
            grants=[_given(each) for each in grants],
            entries=database.read_now(_entries),
            shown=database.read_now(lambda tx: list(_shown(tx, ground, grants, stands))),
            leases=list(stage.leases),
            left=database.read_now(_left),
            unsound=[str(each) for each in database.read_now(verify_log).findings],
            kills=sum(bot.kills for bot in stage.bots),
        )


def is_settled(stage: Stage) -> bool:
    """Whether nothing is left to do: no work, and no message."""
    with stage.store() as database:
        return not database.read_now(_left)


def _all(kind: type[SQLModel]):
    return lambda tx: list(tx.exec(select(kind)).all())


def _left(tx: Session) -> list[str]:
    """Work and messages still owed, and grants that are on their way somewhere."""
    moving = col(Grant.state).in_((GrantState.APPROVED, GrantState.ENDING))
    counts = {
        "holdings not settled": select(func.count()).where(col(Holding.settled).is_(False)),
        "messages owed": select(func.count()).select_from(Owed),
        "grants on their way": select(func.count()).where(moving),
    }
    found = {what: tx.exec(count).one() for what, count in counts.items()}
    return [f"{number} {what}" for what, number in found.items() if number]


def _given(row: Grant) -> Given:
    return Given(
        id=row.id, state=row.state, account=row.account, group=row.group, decided=_unix(row.decided_at),
        expires=_unix(row.expires_at), active=_unix(row.active_at), ended=_unix(row.ended_at),
    )  # fmt: skip


def _entries(tx: Session) -> list[Entry]:
    return [
        Entry(
            at=row.at.timestamp(), action=row.action, outcome=row.outcome, about=row.correlation,
            facts=row.said().get("facts", {}),
        )
        for row in log.rows(tx, limit=_EVERYTHING)
    ]  # fmt: skip


def _written(stage: Stage) -> Standing:
    """Every message of the bot that somebody can read, ephemeral ones aside."""
    found: dict[tuple[str, str], Message] = {}
    for person in LOVELACE.people:
        reader = stage.slack.person(person.slack)
        mine = [channel.id for channel in LOVELACE.channels if person.login in channel.members]
        for channel in (None, *mine):
            for message in reader.messages(channel):
                if message.bot_id and not message.ephemeral:
                    found[message.channel, message.ts] = message
    return found


def _shown(tx: Session, ground: Ground, grants: Sequence[Grant], stands: Standing) -> Iterator[Shown]:
    """What each reader is owed about each grant and each exception, and what stands there."""
    copies = _about(stands)
    for grant in grants:
        story = tell(tx, ground, grant.id)
        assert story is not None
        with read_in(ENGLISH):
            read_from(zone_of_user(tx, grant.slack_user))
            wanted = [("request", grant.slack_user, request_message(story).text)]
        if not grant.automatic and grant.lapses_at is not None:
            owner = ground.owner(grant.entitlement)
            assert owner is not None
            # Why policy asks, what else they hold, how it went last time and who can decide is as it was when it was
            # told; how it stands must be so now.
            wanted.append(("approval", f"{OWNER}{owner.id}", _how_it_stands(approval_message(story).text)))
        for kind, recipient, owed in wanted:
            message = _where(tx, stands, kind, grant.id, recipient)
            text = message and (message.text if kind == "request" else _how_it_stands(message.text))
            others = [
                each
                for each in copies.get(grant.id, ())
                if each is not message and (each.channel.startswith("D")) == (kind == "request")
            ]
            yield Shown(about=grant.id, reader=recipient, owed=owed, stands=text, copies=len(others))
    for strange in tx.exec(select(ExceptionRecord)):
        # Many of one kind are counted on the message of one.
        message = _where(tx, stands, "exception", strange.fold or strange.id, SECURITY)
        yield Shown(about=strange.id, reader=SECURITY, owed="told", stands=message and "told")


def strays(stage: Stage) -> list[Message]:
    """The messages that stand a second time, and that nothing knows of."""
    stands = _written(stage)
    with stage.store() as database:
        grants: Sequence[Grant] = database.read_now(_all(Grant))
        return database.read_now(lambda tx: list(_strays(tx, grants, stands)))


def _strays(tx: Session, grants: Sequence[Grant], stands: Standing) -> Iterator[Message]:
    copies = _about(stands)
    for grant in grants:
        known = [
            tx.get(outbox.Posted, ("request", grant.id, grant.slack_user)),
            *tx.exec(
                select(outbox.Posted).where(
                    outbox.Posted.kind == "approval", outbox.Posted.subject == grant.id
                )
            ),
        ]
        where = {(posted.channel, posted.ts) for posted in known if posted}
        yield from (each for each in copies.get(grant.id, ()) if (each.channel, each.ts) not in where)


def _where(tx: Session, stands: Standing, kind: str, subject: str, recipient: str) -> Message | None:
    posted = outbox.where_posted(tx, kind=kind, subject=subject, recipient=recipient)
    return stands.get((posted.channel, posted.ts)) if posted else None


def _about(stands: Standing) -> Mapping[str, list[Message]]:
    """The messages about each request, by the ids on their buttons."""
    found: dict[str, list[Message]] = {}
    for message in stands.values():
        values = {
            str(element.get("value"))
            for action, element in message.buttons.items()
            if action.startswith(_OURS)
        }
        for value in values:
            found.setdefault(value, []).append(message)
    return found


def _how_it_stands(text: str) -> str:
    """The end of an owner's message: what became of the request, or what is still needed."""
    marked = max(text.rfind(mark) for mark in "✅⛔⌛")
    if marked >= 0:
        return text[marked:]
    background = text.rfind(" had this ")
    return _AS_IT_WAS.sub("", text[text.index(". ", background) + 2 :] if background >= 0 else text)


def _unix(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()
