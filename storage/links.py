"""Links between Slack accounts and persons: made once, suspended when what they rested on changed.

It never matches anybody by name or e-mail.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, update
from sqlalchemy import select as pick
from sqlmodel import Session, SQLModel, func, select

from storage.engine.changing import put
from storage.engine.plain import Plain, rows
from storage.identifiers import new_id
from storage.on_record import later, was_put_back
from storage.records import Link
from storage.signing import genuine, is_sound, note_doubt, only_genuine
from storage.states import LinkState

# Built once and run without the ORM: it runs for every payload, and making a statement costs more than running it.
_LINKS = SQLModel.metadata.tables[Link.__tablename__]
_OF_LINK = tuple(_LINKS.c.keys())
_RESTS = later(_LINKS.c.id, "link.suspended", _LINKS.c.created_at)
_LINK_OF = Plain(
    pick(*_LINKS.c, _RESTS).where(
        _LINKS.c.slack_team == bindparam("team"), _LINKS.c.slack_user == bindparam("user")
    )
)

_LINKED = Plain(pick(_LINKS.c.directory, _LINKS.c.account).where(_LINKS.c.state == LinkState.ACTIVE))
_RESTS_BY_ID = pick(_RESTS).where(_LINKS.c.id == bindparam("link"))
_NOTE_ZONE = update(_LINKS).where(_LINKS.c.id == bindparam("link")).values(zone=bindparam("told"))


@dataclass(frozen=True, kw_only=True, slots=True)
class PinnedLink:
    """Whose a Slack account is, as it stood when it was read; `mail` is what both sides said when it was made."""

    id: str
    directory: str
    account: str
    mail: str
    state: str
    zone: str = ""


def link_of(tx: Session, slack_team: str, slack_user: str) -> PinnedLink | None:
    """The link of this Slack account, suspended or not; one that was put back to before is suspended as it was."""
    for found in rows(tx.connection(), _LINK_OF, {"team": slack_team, "user": slack_user}):
        row, rests = dict(zip(_OF_LINK, found[:-1], strict=True)), bool(found[-1])
        if not is_sound(tx, _LINKS.name, row, row["mac"]):
            return None
        if rests and row["state"] == LinkState.ACTIVE:
            note_doubt(tx, _LINKS.name, row)
            row["state"] = LinkState.SUSPENDED
        return PinnedLink(
            id=row["id"],
            directory=row["directory"],
            account=row["account"],
            mail=row["mail"],
            state=row["state"],
            zone=row["zone"],
        )
    return None


def link_of_user(tx: Session, slack_user: str) -> Link | None:
    """The active link of this Slack id in whatever team; None if there is none, or more than one."""
    found = tx.exec(
        select(Link).where(Link.slack_user == slack_user, Link.state == LinkState.ACTIVE).limit(2)
    ).all()
    return found[0] if len(found) == 1 and genuine(tx, found[0]) and not _rests(tx, found[0]) else None


def note_zone(tx: Session, link_id: str, zone: str) -> None:
    """Slack told this zone of them."""
    tx.connection().execute(_NOTE_ZONE, {"link": link_id, "told": zone})


def zone_of_user(tx: Session, slack_user: str) -> str:
    """The zone that Slack told last of this Slack id; "" if none is known."""
    return next(iter(tx.exec(select(Link.zone).where(Link.slack_user == slack_user, Link.zone != ""))), "")


def zone_of(tx: Session, directory: str, account: str) -> str:
    """The zone that Slack told last of this person; "" if none is known."""
    theirs = select(Link.zone).where(Link.directory == directory, Link.account == account, Link.zone != "")
    return next(iter(tx.exec(theirs)), "")


def link_to(tx: Session, directory: str, account: str) -> Link | None:
    """The active link of this person, if any."""
    found = tx.exec(
        select(Link).where(
            Link.directory == directory, Link.account == account, Link.state == LinkState.ACTIVE
        )
    )
    return next((one for one in only_genuine(tx, found) if not _rests(tx, one)), None)


def linked_at(tx: Session, directory: str, account: str) -> datetime | None:
    """When the newest active link of this person was made; None if there is none."""
    found = select(func.max(Link.created_at)).where(
        Link.directory == directory, Link.account == account, Link.state == LinkState.ACTIVE
    )
    return tx.exec(found).one()


def ever_linked(tx: Session, directory: str, account: str) -> bool:
    """Whether any Slack account is or was linked to this person."""
    return (
        tx.exec(select(Link.id).where(Link.directory == directory, Link.account == account)).first()
        is not None
    )


def linked_people(tx: Session) -> dict[str, set[str]]:
    """By directory, everybody with an active link."""
    found: dict[str, set[str]] = {}
    for directory, account in rows(tx.connection(), _LINKED):
        found.setdefault(directory, set()).add(account)
    return found


def make_link(
    tx: Session,
    *,
    at: datetime,
    slack_team: str,
    slack_user: str,
    directory: str,
    account: str,
    mail: str,
    made_by: str,
) -> Link:
    """Pin a Slack account to a person. A suspended link of the same Slack account is renewed, and is new from now."""
    of_theirs = select(Link).where(Link.slack_team == slack_team, Link.slack_user == slack_user)
    link = tx.exec(of_theirs).first() or Link(
        id=new_id("l", at), slack_team=slack_team, slack_user=slack_user, created_at=at,
        directory="", account="", mail="", made_by="", state="",
    )  # fmt: skip
    link.directory, link.account, link.mail = directory, account, mail
    link.made_by, link.state, link.created_at = made_by, LinkState.ACTIVE, at
    return put(tx, link)


def suspend(tx: Session, link_id: str, *, mail: str) -> bool:
    """The link that rested on `mail` rests until its person signs in again.

    False if it rests already, is gone, or was made anew with another address meanwhile.
    """
    link = tx.get(Link, link_id, with_for_update=True)
    if link is None or link.state == LinkState.SUSPENDED or link.mail != mail:
        return False
    link.state = LinkState.SUSPENDED
    put(tx, link)
    return True


def _rests(tx: Session, link: Link) -> bool:
    """Whether the record says of an active link that it was suspended since it was made."""
    rests = tx.connection().execute(_RESTS_BY_ID, {"link": link.id}).scalar_one()
    return was_put_back(tx, link, bool(rests))
