"""The commands by which an operator stops things at once: all new access, or everything of one person.

They do what security does in Slack, for when nobody of them can; they give and lift nothing.
"""

import asyncio
from typing import Annotated

import typer

from bot.cli.people import grounded
from bot.cli.place import place_of
from bot.cli.stores import opened
from bot.cli.tables import moment, say
from bot.settings import Settings
from handlers.intents import CLI, RATIONALE_LIMIT
from handlers.stops.outcomes import AllRevoked, HaltedBefore, NobodyFound, RevokedBefore
from storage.database import Database
from storage.faults import DirectoryUnavailable


def freeze(
    context: typer.Context,
    reason: Annotated[str, typer.Option(help="Why. Stays on the record.", metavar="TEXT")],
) -> None:
    """Stop all new access, until two people of the security team let it begin again. Ends and removals go on."""
    # Policies are slow to load, and `wicket --help` has no need of them.
    from bot.grounds import ground_of
    from handlers.stops.halting import Halting

    settings, why = place_of(context).settings(), _reason(reason)
    with opened(settings) as database:
        halting = Halting(ground_of(settings, database, {}, database.now), settings.secrets.signer())
        outcome = database.write_now(lambda tx: halting.by_operator(tx, why, CLI))
    if isinstance(outcome, HaltedBefore):
        say(f"It is stopped already, since {moment(outcome.since)} UTC. Nothing was changed.")
    else:
        say(
            "New access is stopped. Two people of the security team let it begin again, in the security channel."
        )


def revoke_all(
    context: typer.Context,
    login: Annotated[str, typer.Argument(help="The login or id of the person.", metavar="LOGIN")],
    reason: Annotated[str, typer.Option(help="Why. Stays on the record.", metavar="TEXT")],
    switch_off: Annotated[bool, typer.Option("--switch-off", help="Switch the account off, too.")] = False,
    stop_proofs: Annotated[
        bool, typer.Option("--stop-proofs", help="Let their proofs prove nothing any more.")
    ] = False,
) -> None:
    """Revoke everything of one person now: the running bot takes it back and reports in the security channel."""
    settings, why = place_of(context).settings(), _reason(reason)
    with opened(settings) as database:
        outcome = asyncio.run(
            _revoke(settings, database, login, why, switch_off=switch_off, stop_proofs=stop_proofs)
        )
    if isinstance(outcome, NobodyFound):
        raise DirectoryUnavailable(
            f"No directory and no record knows anybody with the login or id {login!r}. Nothing was changed."
        )
    if isinstance(outcome, RevokedBefore):
        say(
            f"Everything of {outcome.name} was revoked at {moment(outcome.at)} UTC, and nothing is new since."
        )
        return
    stock = outcome.stock
    say(
        f"Everything of {outcome.name} is being revoked: {stock.grants} grants, {stock.requests} open requests, "
        f"{stock.approvals} approvals, {stock.visits} visits of the secure page. It is called {outcome.handle}."
    )
    say("A running bot ends it in the directories now, and says in the security channel when it is done.")


async def _revoke(
    settings: Settings, database: Database, login: str, why: str, *, switch_off: bool, stop_proofs: bool
) -> AllRevoked | RevokedBefore | NobodyFound:
    from handlers.grants.revoking_all import RevokingAll

    async with grounded(settings, database) as ground:
        return await RevokingAll(ground).by_operator(
            login, why, CLI, switch_off=switch_off, stop_proofs=stop_proofs
        )


def _reason(reason: str) -> str:
    if not reason.strip() or len(reason) > RATIONALE_LIMIT:
        raise typer.BadParameter(f"Say why, in at most {RATIONALE_LIMIT} characters.")
    return reason.strip()
