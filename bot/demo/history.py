"""What there is to see at first sight: a little history, made by real requests over the wire.

It inserts no row of its own; after a restart it only asks that what is still open be posted again.
"""

import asyncio
from datetime import timedelta

from sqlmodel import Session

from bot.demo.company.described import BLOG, MISSPELT
from bot.demo.stage import Stage
from storage import endings, grants
from storage.outbox import owe_each

_SEND = "Send request"
# Beyond the longest grant and the longest wait, so that every open one is found.
_EVER = timedelta(days=400)
_MOST = 1000


async def make_history(stage: Stage) -> None:
    """Ada waits for prod-db, Linus works on dashboards for a while, and two groups describe themselves."""
    await asyncio.gather(
        _describe(stage),
        _ask(stage, "ada", "I need prod-db for 2h because INC-4711: payments are stuck", shown="waiting for"),
        _ask(stage, "linus", "I need grafana-edit for 30 min because of the new latency board", shown="✅"),
    )


async def _describe(stage: Stage) -> None:
    """A moment later one can be asked for; what the other says cannot be used, and security reads why."""
    for said in (BLOG, MISSPELT):
        await stage.keepers.describe(*said)
    await stage.app.compare()


async def show_again(stage: Stage) -> None:
    """Owe the messages of everything open once more: a pretended cloud has no disk, so they are gone.

    The bot then finds that what it would edit is not there, and posts it anew.
    """
    ground = stage.app.ground

    def owe_all(tx: Session) -> None:
        ever = ground.now() + _EVER
        active = ground.messages_of(tx, endings.due(tx, ever, _MOST))
        owe_each(tx, active, at=ground.now(), courier="slack")
        for waiting in grants.unanswered(tx, ever, _MOST):
            ground.show(tx, waiting)

    await ground.database.write(owe_all)


async def _ask(stage: Stage, login: str, words: str, *, shown: str) -> None:
    person = stage.person(login)
    await person.say(words)
    draft = await person.sees("Nothing is sent yet")
    send = next(name for name, button in draft.buttons.items() if button["text"]["text"] == _SEND)
    await person.click(draft, send)
    await person.sees(shown)
