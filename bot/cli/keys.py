"""Commands about the keys that seal secrets at rest and sign rows.

They show no key, and change nothing but under which key a secret lies and a row is signed.
"""

import typer

from bot.cli.bars import progress
from bot.cli.place import group, place_of
from bot.cli.sentences import UNSOUND
from bot.cli.stores import opened
from bot.cli.tables import say
from handlers.audit.resealing import reseal as reseal_all
from handlers.audit.taking_over import sign_rows
from handlers.intents import CLI

commands = typer.Typer(help="The keys that seal secrets at rest.", callback=group)


@commands.command()
def reseal(context: typer.Context) -> None:
    """Put every secret under the newest key, beside a running bot. Exit code 1 if there are some that no key opens."""
    settings = place_of(context).settings()
    vault = settings.secrets.vault()
    with opened(settings) as database, progress("Resealing") as tell:
        done = reseal_all(database, vault, where=CLI, tell=tell)
    say(
        f"{_secrets(done.seen)} looked at, {done.moved:,} put under the newest key. "
        + (
            "The older keys are needed no more once the links that were sent by now are over."
            if not done.lost
            else ""
        )
    )
    if done.signed:
        say(f"{done.signed:,} rows were signed by the newest key.")
    if done.doubtful:
        say(
            f"{done.doubtful:,} rows are not as Wicket wrote them, or a key that signed them is missing: "
            "they count nowhere."
        )
    if done.lost:
        say(
            f"No key that was given opens {_secrets(done.lost)}: keep every key that you have, and give them "
            "all. If one is lost, its people set up their authenticators again."
        )
        raise typer.Exit(UNSOUND)


@commands.command()
def sign(context: typer.Context) -> None:
    """Sign what an older version wrote, beside running bots, once all are of this one: then nothing unsigned counts."""
    settings = place_of(context).settings()
    settings.secrets.vault()
    with opened(settings) as database, progress("Signing") as tell:
        done = sign_rows(database, where=CLI, tell=tell)
    if done is None:
        say("Everything was signed before, and nothing counts unsigned.")
        return
    for table, count in done.items():
        say(f"{table}: {count:,}")
    say(
        f"{sum(done.values()):,} rows were signed. From now on nothing counts unsigned, and the record says so."
    )


def _secrets(count: int) -> str:
    return f"{count:,} secret{'' if count == 1 else 's'}"
