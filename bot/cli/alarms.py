"""The command that lets somebody in again of whom it was said that somebody else is in their account.

It does what security does in Slack, for when nobody of them can; it resets nothing.
"""

import asyncio
from typing import Annotated

import typer

from bot.cli.doers import doer_of
from bot.cli.people import grounded, known_person
from bot.cli.place import place_of
from bot.cli.stores import opened
from bot.cli.tables import say
from bot.settings import Settings
from handlers.alarms.reported import NotReleased, Released
from handlers.intents import CLI
from handlers.recording import OPERATOR
from storage.database import Database
from storage.directories.base import Account
from storage.faults import DirectoryUnavailable


def release(
    context: typer.Context,
    login: Annotated[str, typer.Argument(help="The login or id of the person.", metavar="LOGIN")],
    by: Annotated[str, typer.Option(help="Who decided it: a name.", metavar="NAME")],
    why: Annotated[
        str, typer.Option(help="How it is known that it is them. Stays on the record.", metavar="TEXT")
    ],
) -> None:
    """Let a person in again after “This wasn't me”: the account is switched on, and the alarm lifted. On the record."""
    settings, doer = place_of(context).settings(), doer_of(by, why)
    settings.secrets.vault()  # before the account is switched on: without keys nothing can be put on record
    with opened(settings) as database:
        account = known_person(settings, login)
        released = asyncio.run(_release(settings, database, account, doer.name, doer.why))
    if isinstance(released, NotReleased):
        raise DirectoryUnavailable(
            "The directory did not switch the account on, so the alarm stands. Try again."
        )
    if released.who:
        say(f"{account.name} is let in again. Have them choose a new password first.")
    else:
        say(f"Nothing was reported of {account.name}, so there was nothing to lift.")


async def _release(
    settings: Settings, database: Database, account: Account, by: str, why: str
) -> Released | NotReleased:
    from handlers.alarms.releasing import Releasing

    async with grounded(settings, database) as ground:
        return await Releasing(ground).lift(
            account.directory, account.id, actor=OPERATOR, by=by, rationale=why, where=CLI
        )
