"""The command that erases what people typed, by law: from the record, and wherever else the same words stand.

It decides nothing of what is still needed, and shows what it is about before it asks.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Never

import typer

from bot.cli.bars import progress
from bot.cli.doers import doer_of
from bot.cli.people import account_id
from bot.cli.place import place_of
from bot.cli.sentences import NOT_DONE
from bot.cli.stores import opened
from bot.cli.tables import moment, say
from bot.settings import Settings
from handlers.audit import erasing
from handlers.audit.erasable import Plan
from handlers.audit.erasing import NobodyKnown, NoSuchEntry, NoSuchText, OfEntry, OfPerson
from handlers.intents import By
from storage.audit.archives import gone_until
from storage.database import Database
from storage.engine.backup import folded
from storage.words_needed import Need

_PATIENCE = 5.0
_LEFT: Mapping[Need, str] = {
    Need.HELD: "of access that is still held",
    Need.OPEN: "of a request, a petition, an emergency or a word for somebody that is still open",
    Need.REVIEW: "of an emergency that nobody reviewed yet",
    Need.STOPPED: "of a stop or an alarm that nobody lifted yet",
    Need.COUNTED: "of the help desk, which counts its tickets for thirty days",
    Need.EXCEPTION: "of an exception that nobody resolved yet",
    Need.STANDS: "of a passkey or a declared membership that is still there",
}
_ELSEWHERE = (
    "What left Wicket is not erased by this: messages in Slack, mails, what a SIEM took, backups, evidence folders, "
    "archives. Erase the words there too."
)


def erase(
    context: typer.Context,
    by: Annotated[str, typer.Option(help="Who decided it: a name.", metavar="NAME")],
    why: Annotated[
        str,
        typer.Option(
            help="Why. It stays on the record: name a ticket, and not the person or what they wrote.",
            metavar="WORDS",
        ),
    ],
    person: Annotated[
        str | None, typer.Option(help="Everything that this person typed.", metavar="LOGIN-OR-ID")
    ] = None,
    about: Annotated[
        bool, typer.Option("--about", help="With --person: and what others typed about them.")
    ] = False,
    entry: Annotated[str | None, typer.Option(help="What one entry holds.", metavar="ID")] = None,
    text: Annotated[
        str | None, typer.Option(help='With --entry: only this one, like "justification".', metavar="NAME")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase what people typed, for good; the log stays verifiable, and what is still needed is left."""
    settings, doer = place_of(context).settings(), doer_of(by, why)
    if (
        (person is None) == (entry is None)
        or (about and person is None)
        or (text is not None and entry is None)
    ):
        raise typer.BadParameter(
            "Give either --person, perhaps with --about, or --entry, perhaps with --text."
        )
    with opened(settings) as database:
        wanted = (
            OfEntry(entry=entry, name=text or "")
            if entry is not None
            else OfPerson(account=account_id(settings, person or ""), about=about)
        )
        found = database.read_now(lambda tx: erasing.look(tx, wanted, database.now()))
        if isinstance(found, NobodyKnown) and len(found.called) == 1:  # whoever left
            wanted = OfPerson(account=found.called[0], about=about)
            found = database.read_now(lambda tx: erasing.look(tx, wanted, database.now()))
        _say_archived(database)
        if not isinstance(found, Plan):
            _refuse(found, wanted, person)
        _say_what(found)
        if found.size:
            _erase(settings, database, found, doer, whom=getattr(wanted, "account", None), yes=yes)
    if found.size:
        _fold(settings)
        say(_ELSEWHERE)


def _say_archived(database: Database) -> None:
    gone = database.read_now(gone_until)
    if gone:
        say(
            f"What was typed up to {moment(gone)} UTC is archived for the most part, and is not looked through: take "
            "it out of the archives' files, or bring those back with `wicket audit unarchive FOLDER` before, and "
            "archive them again into that folder afterwards.",
            err=True,
        )


def _refuse(
    found: NoSuchEntry | NoSuchText | NobodyKnown, wanted: OfPerson | OfEntry, person: str | None
) -> Never:
    nothing = "Nothing was erased."
    if isinstance(found, NobodyKnown) and found.called:
        say(
            f"{person!r} was the login of several: {', '.join(found.called)}. Give an id. {nothing}", err=True
        )
    elif isinstance(found, NobodyKnown):
        say(f"The record knows nobody with the login or id {person!r}. {nothing}", err=True)
    elif isinstance(wanted, OfEntry) and isinstance(found, NoSuchText):
        has = f"It has {', '.join(found.names)}." if found.names else "It has none."
        say(f"The entry {wanted.entry!r} has no text {wanted.name!r}. {has} {nothing}", err=True)
    elif isinstance(wanted, OfEntry):
        say(f"There is no entry {wanted.entry!r}. {nothing}", err=True)
    raise typer.Exit(NOT_DONE)


def _say_what(found: Plan) -> None:
    """How much of what, from when to when, and what is left for now."""
    if found.size:
        kinds = ", ".join(f"{name} {count:,}" for name, count in found.kinds.items())
        say(f"{_texts(len(found.texts))} of the record{f': {kinds}' if kinds else ''}.")
        if found.time is not None:
            first, last = found.time
            say(f"Typed between {moment(first)} and {moment(last)} UTC.")
        say(f"The same words stand in {_places(len(found.copies) + len(found.facts))} beside it.")
    else:
        say("There is nothing to erase.")
    for need, count in found.left.items():
        say(f"Left for now: {_texts(count)} {_LEFT[need]}.")
    if found.left:
        say("Run it again once that is over.")


def _erase(
    settings: Settings, database: Database, found: Plan, doer: By, *, whom: str | None, yes: bool
) -> None:
    if any(one.signed for one in found.copies) or any(one.signed for one in found.facts):
        settings.secrets.vault()  # without its keys a row that is changed would count no more
    if not yes:
        typer.confirm("Erase them for good?", abort=True)
    with progress("Erasing") as tell:
        done = erasing.erase(database, found, doer, whom=whom, tell=tell)
    say(f"{_texts(done.texts)} erased from the record, and from {_places(done.elsewhere)} beside it.")


def _fold(settings: Settings) -> None:
    """Have no words stay in what SQLite keeps beside its file."""
    if isinstance(settings.store, Path) and not folded(settings.store, patience=_PATIENCE):
        say(
            f"Others use {settings.store} at this moment, so the words may stand in the file {settings.store.name}-wal "
            "beside it, until the bot is restarted or this is run again."
        )


def _texts(count: int) -> str:
    return f"{count:,} text{'' if count == 1 else 's'}"


def _places(count: int) -> str:
    return f"{count:,} place{'' if count == 1 else 's'}"
