"""`wicket demo`: everything in one process, one address to open, and a clean end.

It takes no setting and no secret from this machine's environment, and nothing of it listens beyond loopback.
"""

import asyncio
import errno
import shlex
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from bot.demo.folder import Folder
from bot.demo.history import make_history, show_again
from bot.demo.stage import Stage, on_stage
from bot.logs import set_up_logs
from bot.process import favour_the_loop
from storage.engine.exclusive import held_alone
from storage.faults import WicketFault

PORT = 8765
# As every other command answers when it could not do its work.
_NOT_DONE = 2
_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_PLAYERS = (
    ("Ada Lovelace", "staff", "what access do I have?  ·  I need crm-read for 1 minute because CRM-7"),
    ("Grace Hopper", "owner", "look into #data-owners: Ada waits for an answer"),
    ("Katherine Johnson", "new", "hello  (and link your account; the password is in your mail)"),
    ("Bob Noyce", "locked out", "unlock my account"),
    ("Eve Example", "contractor", "I need github-admin for 1h because I can"),
    ("Alan Turing", "security", "look into #security: every exception is told there"),
)


def main(*, tour: bool, data: Path | None, port: int | None) -> int:
    """Run the demo until told to stop, or play the tour; the exit code.

    data: where it is kept; without one a temporary folder goes at the end. port: of the page; None for the usual
    one, 0 for any that is free.
    """
    port = PORT if port is None else port
    console = Console(highlight=False, soft_wrap=True)
    try:
        # Held before anything is written there: a second demo would take the first one's tokens and addresses away.
        with _folder(data) as folder, held_alone(folder.database):
            if tour:
                from bot.demo.tour.play import play  # the story is long, and only told when asked for

                return asyncio.run(play(folder, console))
            asyncio.run(_run(folder, port, console, kept=data is not None))
    except WicketFault as fault:
        return _sorry(str(fault))
    except OSError as fault:
        if fault.errno != errno.EADDRINUSE:
            raise
        return _sorry(
            f"Port {port} is in use, perhaps by another demo. Choose another one: wicket demo --port {port + 1}"
        )
    except KeyboardInterrupt:
        return 130
    return 0


@contextmanager
def _folder(data: Path | None) -> Iterator[Folder]:
    """The folder that was named, or one that goes at the end."""
    if data is not None:
        yield Folder(data)
        return
    with tempfile.TemporaryDirectory(prefix="wicket-demo-") as name:
        yield Folder(Path(name))


async def _run(folder: Folder, port: int, console: Console, *, kept: bool) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in _SIGNALS:
        loop.add_signal_handler(name, stopping.set)
    fresh = folder.is_fresh
    async with on_stage(folder, port=port) as stage:
        set_up_logs(stage.settings.logs, secrets=stage.settings.secrets.values(), stream=sys.stderr)
        await (make_history(stage) if fresh else show_again(stage))
        favour_the_loop()
        _welcome(console, stage, kept=kept, fresh=fresh)
        await stopping.wait()
        for name in _SIGNALS:  # whoever is in more of a hurry asks a second time
            loop.remove_signal_handler(name)
        console.print("\nStopping …")
    console.print(f"Stopped. {_what_stays(folder, kept=kept)}", markup=False)


def _welcome(console: Console, stage: Stage, *, kept: bool, fresh: bool) -> None:
    """The one address, and what to do there."""
    console.print()
    console.print("[bold]Wicket's demo.[/] The bot is real; Lovelace Ltd and its Slack are pretended.")
    if not fresh:
        console.print(
            "It goes on where it was. Slack itself starts empty: what is still open was posted anew."
        )
    console.print(f"\n  Open  [bold]{stage.slack.page_url}[/]\n")
    console.print("There you act as anybody. In the conversation with Wicket, try:\n")
    for name, role, words in _PLAYERS:
        console.print(f"  [bold]{name:<18}[/] {role:<11} {words}", markup=True)
    console.print("\nAuthenticator codes and mail are on each person's phone, beside the conversation.")
    console.print(f"\nThe record proves itself. In another terminal:\n\n  {escape(_verify(stage.folder))}\n")
    if kept:
        keys = f"set -a; . {shlex.quote(str(stage.folder.secrets))}; set +a"
        console.print(f"Commands that sign or serve need the demo's keys first:\n\n  {escape(keys)}\n")
        console.print(f"Everything is kept in {escape(str(stage.folder.path))}.")
    else:
        console.print("Everything goes when you stop; with --data DIR it stays.")
    console.print("Stop with Ctrl+C.")


def _what_stays(folder: Folder, *, kept: bool) -> str:
    if not kept:
        return "Everything is gone."
    return f"Everything is in {folder.path}; this still works:\n\n  {_verify(folder)}\n"


def _verify(folder: Folder) -> str:
    """A command fit to be copied."""
    return f"{_command()} --config {shlex.quote(str(folder.config))} audit verify"


def _command() -> str:
    """How this very program is called from any folder."""
    beside = Path(sys.executable).with_name("wicket")
    if shutil.which("wicket") is None and beside.exists():
        return shlex.quote(str(beside))
    return "wicket"


def _sorry(sentence: str) -> int:
    print(sentence, file=sys.stderr)  # noqa: T201 - the one line that says why nothing runs
    return _NOT_DONE
