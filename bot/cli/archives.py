"""Commands of retention: old entries archived in files, brought back, and looked for there.

They decide nothing of what may leave, and show what they are about before they ask.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import Session

from bot.cli.bars import progress
from bot.cli.doers import doer_of
from bot.cli.place import place_of
from bot.cli.public_keys import Key, verifier_of
from bot.cli.sentences import NOT_DONE, sentence
from bot.cli.stores import opened
from bot.cli.tables import moment, say, time_in
from bot.cli.verifying import say_strange
from handlers.audit import archiving, giving_up, unarchiving
from handlers.audit.archiving import NotSound, Plan, TooYoung
from storage.audit.archives import Archive, gone_of, read_archives, stated_gone
from storage.audit.checkpoint import Verifier
from storage.database import Database
from storage.faults import AuditFault, SettingsFault, StorageUnavailable
from storage.macs import SENDING

Said = Annotated[str, typer.Option(help="Who decided it: a name.", metavar="NAME")]
Why = Annotated[str, typer.Option(help="Why; it stays on the record.", metavar="WORDS")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]

_GONE_SIEM = (
    "[siem] is not in the settings any more, so nobody sends them. If that is for good, say so on the record, and they "
    "may leave without it: `wicket audit give-up-siem --by NAME --why WORDS`."
)
_GOES_ON = "What was not taken out yet stands here as before. Mend that, and run the same again: it goes on from there."


def archive(
    context: typer.Context,
    before: Annotated[
        str,
        typer.Option(help="What was written before this day (UTC), in whole tiles of 256.", metavar="DAY"),
    ],
    to: Annotated[Path, typer.Option(help="The folder for the files; it must be there.", metavar="FOLDER")],
    by: Said,
    why: Why,
    yes: Yes = False,
) -> None:
    """Move old entries into files, verified and signed; the log stays verifiable, and what may be asked about stays."""
    settings, doer = place_of(context).settings(), doer_of(by, why)
    signer = settings.secrets.signer()
    settings.secrets.vault()  # without its keys whatever stands as the place of what follows the log is believed
    if not to.is_dir():
        raise typer.BadParameter(f"There is no folder {to}", param_hint="--to")
    day = time_in(before, "--before", "a day, like 2026-01-01")
    with opened(settings) as database:
        awaited = () if settings.siem is None else (SENDING,)
        plan = _plan(database, day, signer.verifier, awaited)
        say_strange(plan.there)
        if plan.unsent is not None:
            say(f"Entries from {plan.unsent:,} on wait: your SIEM has not taken them yet.")
            if settings.siem is None:
                say(_GONE_SIEM)
        if plan.end == plan.first and not plan.unfinished:
            say("Nothing is old enough, signed, and passed by all that follow the log. Nothing was archived.")
            return
        _say_plan(plan, to)
        if not yes:
            typer.confirm("Take them out of the store, once they are written and verified?", abort=True)
        try:
            with progress("Archiving") as tell:
                done = archiving.archive(database, plan, folder=to, signer=signer, by=doer, tell=tell)
        except (OSError, StorageUnavailable) as fault:
            say(f"{sentence(fault)} {_GOES_ON}", err=True)
            raise typer.Exit(NOT_DONE) from fault
    for one in done.waiting:
        say(
            f"{_entries(one)} were archived before and stand here; their files are not in {to}, so they were left."
        )
    say(
        f"{done.archived:,} entries were archived and {done.gone:,} taken out. "
        f"{done.stayed:,} stay as well: they may be asked about."
    )
    for file in done.of_none:
        say(
            f"{file} is of no archive of this log. A run that was broken off may have left it, with what people typed."
        )
    say(f"Keep {to} as you keep the database: what was taken out stands nowhere else.")


def unarchive(
    context: typer.Context,
    folder: Annotated[
        Path,
        typer.Argument(
            help="Where the files of the archives are.", metavar="FOLDER", exists=True, file_okay=False
        ),
    ],
    by: Said,
    why: Why,
    key: Key = None,
) -> None:
    """Bring entries back from the files of archives, as for evidence about that time."""
    settings, doer = place_of(context).settings(), doer_of(by, why)
    verifier = verifier_of(settings, key) or settings.secrets.signer().verifier
    with opened(settings) as database, progress("Bringing back") as tell:
        done = unarchiving.unarchive(database, folder=folder, verifier=verifier, by=doer, tell=tell)
    for each in done.wrong:
        say(each, err=True)
    if done.erased:
        say(
            f"{done.erased:,} texts were not in the files of texts, as if taken out by law: the record says now that "
            "they were erased, and they come back no more."
        )
    if done.archives:
        say(f"{_archives(done.archives)} brought back. `wicket audit archive` takes the entries out again.")
    elif not done.wrong:
        say("Nothing that is archived is missing here, so nothing was brought back.")
    if done.wrong:
        raise typer.Exit(NOT_DONE)


def sign_archives(
    context: typer.Context,
    key: Annotated[str, typer.Option(help="The public key that signed them until now.", metavar="KEY")],
    by: Said,
    why: Why,
) -> None:
    """After a change of WICKET_AUDIT_KEY: sign what states the archives under the new key, too."""
    settings, doer = place_of(context).settings(), doer_of(by, why)
    old, signer = verifier_of(settings, key), settings.secrets.signer()
    if old is None or old.text == signer.verifier.text:
        raise typer.BadParameter("That is the key of now; give the one of before", param_hint="--key")
    with opened(settings) as database:
        count = unarchiving.sign_anew(database, signer=signer, old=old, by=doer)
        unsigned = database.read_now(lambda tx: read_archives(tx, signer.verifier)).strange
    if not count and unsigned:
        say(
            f"There is no archive that this key signed, and {unsigned} that the key of now did not sign either. Give "
            "the one that signed them: the log's public key of before.",
            err=True,
        )
        raise typer.Exit(NOT_DONE)
    say(
        f"{_archives(count)} signed by the new key." if count else "There is no archive that this key signed."
    )


def give_up_siem(context: typer.Context, by: Said, why: Why, yes: Yes = False) -> None:
    """Give up what a SIEM that is not in the settings any more has yet to take: archiving waits for it no more."""
    settings, doer = place_of(context).settings(), doer_of(by, why)
    settings.secrets.vault()  # as `archive` does: only by its keys the place of the stream is believed
    if settings.siem is not None:
        raise SettingsFault(
            "[siem] is in the settings, so its stream goes on and nothing was given up. Take that section out, "
            "restart each bot, and run this again."
        )
    with opened(settings) as database:
        found = database.read_now(giving_up.look)
        if found is None:
            say("No stream to a SIEM is waited for, so there was nothing to give up.")
            return
        say(
            f"The SIEM took what stands before entry {found.position:,}; {_entries_wait(found.waits)} for it."
        )
        if not yes:
            typer.confirm("Give them up, so that they may be archived without it?", abort=True)
        done = giving_up.give_up(database, by=doer) or found
    say(
        "The stream is given up, and that is on record. Restart each bot that was started with [siem]: one that still "
        f"sends takes it up again. So does [siem], if it is set again: it goes on from entry {done.position:,}, "
        "without what was archived meanwhile, unless you bring that back before with `wicket audit unarchive FOLDER`."
    )


def refuse_archived(tx: Session, verifier: Verifier | None, since: datetime) -> None:
    """SettingsFault where entries of this time or later are archived and not here: whatever counts would count too few.

    verifier: for who verifies the log besides; without it whatever is stated is taken for true.
    """
    for one in stated_gone(tx) if verifier is None else gone_of(tx, read_archives(tx, verifier)):
        if since <= one.statement.until:
            raise SettingsFault(
                f"{_entries(one)} (until {moment(one.statement.until)} UTC) are archived. Bring them back with `wicket "
                "audit unarchive FOLDER`, or take a later time."
            )


def _plan(database: Database, before: datetime, verifier: Verifier, awaited: Sequence[str]) -> Plan:
    with progress("Verifying") as tell:
        plan = database.read_now(
            lambda tx: archiving.look(
                tx, verifier, before=before, at=database.now(), awaited=awaited, tell=tell
            )
        )
    if isinstance(plan, NotSound):
        raise AuditFault(f"{plan.detail} Nothing was archived.")
    if isinstance(plan, TooYoung):
        raise typer.BadParameter(
            f"Entries that are younger may still be asked about: take {plan.latest:%Y-%m-%d} or before",
            param_hint="--before",
        )
    return plan


def _say_plan(plan: Plan, to: Path) -> None:
    if plan.end > plan.first:
        say(f"Entries {plan.first:,} to {plan.end - 1:,} are to be archived in {to}. They were verified.")
    for one in plan.unfinished:
        say(f"{_entries(one)} were archived before and stand here again.")


def _entries(one: Archive) -> str:
    return f"The entries {one.first:,} to {one.end - 1:,}"


def _entries_wait(count: int) -> str:
    return "one entry waits" if count == 1 else f"{count:,} entries wait"


def _archives(count: int) -> str:
    return "One archive was" if count == 1 else f"{count:,} archives were"
