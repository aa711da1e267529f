"""Commands about the proofs of the secure page: what keeps a person from giving them is lifted.

They show no proof, and change nothing but on the record.
"""

from collections.abc import Callable
from typing import Annotated

import typer

from bot.cli.people import known_person
from bot.cli.place import group, place_of
from bot.cli.stores import opened
from bot.cli.tables import say
from handlers.intents import CLI
from handlers.secure_page.proving import lift_lock
from handlers.secure_page.signing_in import forget_subject

commands = typer.Typer(help="The proofs of the secure page.", callback=group)

Login = Annotated[str, typer.Argument(help="The login or id of the person.", metavar="LOGIN")]


@commands.command()
def unlock(context: typer.Context, login: Login) -> None:
    """Let a person prove who they are again, after too many wrong codes. Goes on the record."""
    name, lifted = _changed(context, login, lift_lock)
    if lifted:
        say(f"{name} can give proofs on the secure page again.")
    else:
        say(f"{name} has no wrong proofs counted, so there was nothing to lift.")


@commands.command()
def forget_sign_in(context: typer.Context, login: Login) -> None:
    """Let a person's next sign-in at the provider count, though it knows them as somebody new. Goes on the record."""
    name, forgotten = _changed(context, login, forget_subject)
    if forgotten:
        say(f"The next sign-in of {name} that counts is theirs from then on.")
    else:
        say(f"{name} never signed in there, so there was nothing to forget.")


def _changed(context: typer.Context, login: str, change: Callable[..., bool]) -> tuple[str, bool]:
    """Change something about the proofs of one person; their name, and whether there was anything to change."""
    settings = place_of(context).settings()
    with opened(settings) as database:
        account = known_person(settings, login)
        return account.name, database.write_now(
            lambda tx: change(
                tx, at=database.now(), directory=account.directory, account=account.id, where=CLI
            )
        )
