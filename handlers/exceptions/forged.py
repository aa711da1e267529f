"""A click or form that Wicket never made: it names what was never shown to whoever sent it.

It is recorded and told to the security channel; it never says what the thing it names is. What a restored store does
not know of any more is recorded alone: whoever clicks a message of that time is no forger.
"""

from sqlmodel import Session

from handlers import recording
from handlers.emergencies.reviewed import RestoreLost
from handlers.exceptions.outcomes import OnException
from handlers.exceptions.raising import Kind, Severity, Strange, named, tell_security
from handlers.ground import Ground
from handlers.intents import AnswerInquiry, AskStory, Intent, OnGrant, Reconcile, Report, Resume
from handlers.outcomes import Repeated, Unknown
from handlers.petitions.outcomes import OnPetition
from storage import deliveries, exception_work, freezes, grants, handles, inquiries, petitions, truly
from storage.identifiers import made_at
from storage.records import ExceptionRecord, Handle, Petition


async def refuse_forged(
    ground: Ground, intent: Intent, action: str = "click.refused", *, what: str = "button"
) -> Unknown | Repeated:
    """A button or form that was never made for whoever sent it, or whose very name is none of ours: refused on the
    record, once however often it is delivered.
    """

    def work(tx: Session) -> Unknown | Repeated:
        if not deliveries.take(tx, intent.delivery, ground.now()):
            return Repeated()
        return turn_away_forged(tx, ground, intent, action, what=what)

    return await ground.database.write(work)


def turn_away_forged(
    tx: Session, ground: Ground, intent: Intent, action: str, *, what: str = "request"
) -> Unknown:
    """Record it under `action` ("approval.tampered") as refused, and tell the security channel; what to answer."""
    account = intent.actor.account
    # Whoever clicks what others changed in the database is no forger; that is told by itself (handlers.audit.doubts).
    spoilt, lost = _is_spoilt(tx, intent), is_lost(tx, intent)
    recording.record(
        tx,
        at=ground.now(),
        action=action,
        outcome="refused",
        **recording.by(intent),
        correlation=account.id,
        facts={"lost": True} if lost else {"row": "refused"} if spoilt else None,
    )
    if lost or spoilt:
        return Unknown(what=what, lost=lost, changed=not lost)
    strange = Strange(
        kind=Kind.TAMPERED,
        severity=Severity.HIGH,
        who=named(account.name, account.login),
        cause=account.id,
        correlation=account.id,
    )
    tell_security(tx, ground.now(), strange)
    return Unknown(what=what)


def is_lost(tx: Session, intent: Intent) -> bool:
    """Whether what it names says that it was made in a time that a restored store does not know of.

    Anybody could write such an id; nothing comes of it but this answer.
    """
    match intent:
        case OnGrant(grant=name):
            known = grants.get(tx, name) is not None
        case AnswerInquiry(inquiry=name):
            known = inquiries.get(tx, name) is not None
        case OnPetition(petition=name):
            known = tx.get(Petition, name) is not None
        case Report(handle=name):
            known = tx.get(Handle, name) is not None
        case AskStory(about=name):
            known = False  # whoever asks has looked
        case Reconcile() | Resume() | OnException() | RestoreLost():
            name = _exception(intent)
            known = tx.get(ExceptionRecord, name) is not None
        case _:
            return False
    made = made_at(name)
    return not known and made is not None and freezes.is_lost(tx, made)


def _is_spoilt(tx: Session, intent: Intent) -> bool:
    """Whether what it names is there, and not as Wicket wrote it, or was put back to what it was."""
    match intent:
        case OnGrant(grant=name):
            return truly.is_spoilt(tx, name)
        case OnPetition(petition=name):
            return tx.get(Petition, name) is not None and petitions.look(tx, name) is None
        case Report(handle=name):
            return tx.get(Handle, name) is not None and handles.handle_by_id(tx, name) is None
        case Reconcile() | Resume() | OnException() | RestoreLost():
            name = _exception(intent)
            return tx.get(ExceptionRecord, name) is not None and exception_work.get(tx, name) is None
        case _:
            return False


def _exception(intent: Reconcile | Resume | OnException | RestoreLost) -> str:
    """The id of the exception whose button it was."""
    return intent.freeze if isinstance(intent, Resume) else intent.exception
