"""Everything of one person revoked, in the whole bot: two hundred grants, and how long until nothing is left of them.

Run as `python -m tests.bench.run_revoke FOLDER GRANTS`, with the secrets in the environment; prints lines of JSON.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

from bot.app import App
from bot.demo.company import LOVELACE
from bot.logs import set_up_logs
from bot.process import favour_the_loop
from bot.settings import load_settings
from handlers.grants.revoking_all import RevokingAll
from handlers.intents import Where
from handlers.stops.outcomes import AllRevoked
from storage.catalogue import Entitlement
from storage.directories.local import LocalDirectory
from tests.bench.machine import BOT_CORE, pin
from tests.bench.run_sweep import hand_over, until_ended
from tests.bench.stage import crowd, put_in_groups

_THING = """
[[entitlement]]
id = "held-{number}"
title = "Held {number}"
group = "held-{number}"
directory = "{directory}"
owner = "{owner}"
risk = 2
environment = "corporate"
kind = "tool"
access = "use"
max = "8h"
"""


async def revoke(folder: Path, count: int) -> dict[str, float]:
    """Hand one person so many grants, revoke everything of theirs, and wait until the directory has none of it."""
    app, things = _app(folder, count)
    holder = crowd()[0]
    await _make_groups(folder, [thing.group for thing in things])
    await put_in_groups(folder, {thing.group: [holder.account] for thing in things})
    await app.start()
    favour_the_loop()  # as `wicket serve` does
    try:
        await app.compare()
        ends = app.ground.now() + timedelta(hours=1)
        pairs = [(holder, thing) for thing in things]
        await app.database.write(partial(hand_over, pairs=pairs, ends=ends))
        began, computed = time.perf_counter(), time.process_time()
        outcome = await RevokingAll(app.ground).by_operator(
            holder.login, "The bench says so.", Where(transport="cli")
        )
        decided = time.perf_counter() - began
        if not isinstance(outcome, AllRevoked):
            raise RuntimeError(f"nothing was revoked: {outcome}")
        await until_ended(app.database, count)
        taken, computed = time.perf_counter() - began, time.process_time() - computed
        directory = app.directories[LOVELACE.directory]
        for thing in things:
            if (await directory.membership(holder.account, thing.group)).present:
                raise RuntimeError(f"{thing.id} was not taken back")
        return {"decided": decided, "taken": taken, "computed": computed}
    finally:
        await app.stop()


async def _make_groups(folder: Path, groups: Sequence[str]) -> None:
    directory = LocalDirectory(folder / "people.db", name=LOVELACE.directory)
    try:
        for group in groups:
            await directory.add_group(group)
    finally:
        directory.close()


def _app(folder: Path, count: int) -> tuple[App, list[Entitlement]]:
    """A bot whose catalogue has so many more entitlements, and these."""
    written = (folder / "wicket.toml").read_text(encoding="utf-8")
    owner = LOVELACE.owners[0].id
    more = (_THING.format(number=at, directory=LOVELACE.directory, owner=owner) for at in range(count))
    grown = folder / "grown.toml"
    grown.write_text(written + "".join(more), encoding="utf-8")
    settings = load_settings(grown, os.environ)
    set_up_logs(settings.logs, secrets=(), stream=sys.stderr)
    return App(settings), [settings.catalogue.entitlements[f"held-{at}"] for at in range(count)]


if __name__ == "__main__":
    pin(BOT_CORE)
    print(json.dumps(asyncio.run(revoke(Path(sys.argv[1]), int(sys.argv[2])))), flush=True)
