"""Commands that run Wicket or prepare it: serve, migrate, manifest, keygen, demo.

They hold no behaviour of the bot; what is slow to load is loaded by the command that needs it.
"""

import asyncio
import json
import sys
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Annotated

import structlog
import typer

from bot.cli.outputs import is_closed, unheard
from bot.cli.place import place_of
from bot.cli.sentences import NOT_DONE
from bot.cli.stores import opened
from bot.settings import Settings, new_audit_key, new_key
from storage.audit.checkpoint import BadKey, read_signer
from storage.audit.guards import put_back
from storage.audit.privileges import statements
from storage.engine.exclusive import held_alone
from storage.faults import WicketFault

log = structlog.get_logger(__name__)


def serve(context: typer.Context) -> None:
    """Run the bot until it is told to stop. Makes and migrates its database by itself."""
    from bot.logs import set_up_logs
    from storage.engine.migrating import migrate as to_newest

    place = place_of(context)
    settings = place.settings(serving=True)
    store = settings.store
    with (
        held_alone(store) if isinstance(store, Path) else nullcontext()
    ):  # a server's database is for replicas
        # Events on standard output are alone there: whoever reads them is no reader of logs.
        events_go_out = settings.siem is not None and settings.siem.to == "stdout"
        stream = sys.stderr if events_go_out or is_closed() else unheard()
        set_up_logs(settings.logs, secrets=settings.secrets.values(), stream=stream)
        to_newest(store)
        _run(settings, partial(place.settings, serving=True))


def _run(settings: Settings, reread: Callable[[], Settings]) -> None:
    from bot.app import serve as run

    try:
        asyncio.run(run(settings, reread))
    except (WicketFault, OSError):
        raise
    except Exception as fault:
        # The log takes secrets out of what it prints; a service that stopped must say where.
        log.critical("wicket.stopped", exc_info=fault)
        raise typer.Exit(NOT_DONE) from fault


def migrate(
    context: typer.Context,
    rights: Annotated[
        str,
        typer.Option(
            help="Print what gives this PostgreSQL role all that the bot needs and no more, for the tables' owner.",
            metavar="ROLE",
        ),
    ] = "",
) -> None:
    """Bring the database to this version; makes its file if there is none, and puts missing guards back."""
    from storage.engine.migrating import migrate as to_newest

    wanted = _needed_by(rights) if rights else ""
    settings = place_of(context).settings()
    to_newest(settings.store)
    with opened(settings) as database:
        missing = database.write_now(put_back)
    if missing:
        typer.echo(
            f"Put back what guards the audit tables: {', '.join(missing)}. Run `wicket audit verify`.",
            err=bool(rights),
        )
    typer.echo(f"The database {settings.store} is up to date.", err=bool(rights))
    typer.echo(wanted, nl=False)


def _needed_by(role: str) -> str:
    try:
        return "".join(f"{each};\n" for each in statements(bot=role))
    except ValueError as wrong:
        raise typer.BadParameter(str(wrong), param_hint="--rights") from wrong


def manifest(context: typer.Context) -> None:
    """Print the Slack app manifest. Paste it at api.slack.com, "Create new app", "From a manifest"."""
    from bot.manifest import manifest as manifest_for

    typer.echo(json.dumps(manifest_for(place_of(context).origin_for_slack()), indent=2, ensure_ascii=False))


def keygen(
    log_name: Annotated[
        str, typer.Option("--log", help="The name of the audit log; no spaces.", metavar="NAME")
    ] = "wicket",
) -> None:
    """Print fresh secrets as lines for the environment. Nothing is kept: save them where only the bot can read."""
    try:
        audit_key = new_audit_key(log_name)
    except ValueError as wrong:
        raise typer.BadParameter(str(wrong), param_hint="--log") from wrong
    signer = read_signer(audit_key)
    if isinstance(signer, BadKey):
        raise RuntimeError("a fresh key cannot be read")
    typer.echo("# The public key of the audit log, for those who verify it; it is no secret:")
    typer.echo(f"#   {signer.verifier.text}")
    typer.echo(f"WICKET_SECRET_KEYS={new_key()}")
    typer.echo(f"WICKET_AUDIT_KEY={audit_key}")


def demo(
    tour: Annotated[
        bool, typer.Option("--tour", help="Play the whole story without a browser and print it.")
    ] = False,
    data: Annotated[
        Path | None, typer.Option(help="Keep wicket.toml and wicket.db in this folder.", metavar="DIR")
    ] = None,
    port: Annotated[
        int, typer.Option(help="Where the page listens; 0 takes a free port.", min=0, max=65535, metavar="N")
    ] = 8765,
) -> None:
    """Start a sample company in a pretend Slack workspace, and the bot in it, at one address on this machine."""
    try:
        from bot.demo.run import main as play
    except ModuleNotFoundError as fault:
        if fault.name != "aiosmtpd":
            raise
        typer.echo(
            "The demo needs a package that is not installed. Run: pip install 'wicket[demo]'", err=True
        )
        raise typer.Exit(NOT_DONE) from fault
    raise typer.Exit(play(tour=tour, data=data, port=port))
