"""The record: told in Slack, signed, verified, and two attempts to falsify copies of it, both found.

What is not done in Slack is done with the commands that an operator has, on the files that the bot leaves.
"""

import asyncio
import re
import sqlite3
from contextlib import closing
from pathlib import Path

from bot.demo.company import LOVELACE
from bot.demo.tour.scene import Scene
from bot.demo.tour.story.passwords import NEW_PASSWORDS
from bot.demo.tour.telling import expect
from storage.audit.merkle import Frontier

_SOUND, _UNSOUND = 0, 1
_CUT = 3


async def a_checkpoint_leaves_the_house(scene: Scene) -> None:
    """An operator signs how far the record has grown; the security channel keeps it out of the bot's reach."""
    scene.teller.later(scene.clock.catch_up())
    code, said = await _wicket(scene, "audit", "checkpoint", "--out", str(_note(scene)))
    expect(code == _SOUND, f"The checkpoint was not signed:\n{said}")
    await scene.player("alan").sees("heckpoint", channel="security")


async def a_request_tells_its_story(scene: Scene) -> None:
    """Grace asks what happened with what she decided: every step in order, as the record has it."""
    grace = scene.player("grace")
    decided = await grace.sees("Access request: prod-db", "[What happened?]", channel="data-owners")
    await grace.presses(decided, "What happened?")
    told = await grace.form("What happened")
    expect(
        "asked for prod-db" in told.plain and "e-" in told.plain, "The story does not begin with the asking."
    )
    await grace.client.close_view()


async def security_has_it_signed(scene: Scene) -> None:
    """Alan has the record signed from within Slack; Ada is told kindly that she may not."""
    alan, ada = scene.player("alan"), scene.player("ada")
    await ada.commands("checkpoint", channel="general")
    await ada.sees("Nothing was signed", channel="general")
    await alan.commands("checkpoint", channel="security")
    await alan.sees("Audit checkpoint over", channel="security")


async def the_record_is_sound(scene: Scene) -> None:
    """The whole record is verified against the checkpoint."""
    code, said = await _wicket(scene, "audit", "verify", "--checkpoint", str(_note(scene)))
    expect(code == _SOUND and "Sound" in said, f"The record is not sound:\n{said}")


async def an_edited_entry_is_found(scene: Scene) -> None:
    """Somebody with the file in hand puts Grace's approval down to Linus, on a copy: the entry is named."""
    copy = _copy(scene, "edited.db")
    with closing(sqlite3.connect(copy)) as rows:
        _drop_triggers(rows)
        find = "SELECT id, leaf FROM audit_entries WHERE action = 'grant.approved' AND resource = 'prod-db'"
        entry, leaf = rows.execute(find).fetchone()
        grace, linus = (scene.keepers.account_of(login).encode() for login in ("grace", "linus"))
        forged = bytes(leaf).replace(grace, linus)
        expect(forged != leaf, "The entry does not say who approved.")
        rows.execute("UPDATE audit_entries SET leaf = ? WHERE id = ?", (forged, entry))
        rows.commit()
    code, said = await _wicket(scene, "audit", "verify", database=copy)
    expect(code == _UNSOUND and entry in said, f"The edited entry {entry} was not named:\n{said}")


async def a_cut_tail_is_found(scene: Scene) -> None:
    """Somebody cuts off its tail: the keys that entries are added under show it, and a checkpoint does without them."""
    copy = _copy(scene, "cut.db")
    await asyncio.to_thread(_cut_tail, copy)
    code, said = await _wicket(scene, "audit", "verify", database=copy)
    expect(code == _UNSOUND and "no key of Wicket's" in said, f"The cut was not found by the keys:\n{said}")
    code, said = await _wicket(scene, "audit", "verify", "--checkpoint", str(_note(scene)), database=copy)
    expect(
        code == _UNSOUND and "the tail was cut" in said, f"The cut was not found by the checkpoint:\n{said}"
    )


async def what_security_saw(scene: Scene) -> None:
    """What stands in the security channel after all this: each exception, with who, why and its story."""
    joan = scene.player("joan")
    joan.does("looks into #security:")
    alerts = joan.client.messages(scene.stage.channel("security"))
    titles = [message.plain.partition("\n")[0] for message in alerts]
    scene.teller.shows("\n".join(titles))
    expect(all("story" in alert.plain for alert in alerts if alert.says("⚠️")), "An exception names no story.")
    for words in ("Greta Gast", "Mallory Fremd", "prod-db", "github-admin", "Konrad Zuse"):
        expect(any(words in title for title in titles), f"Nothing in #security is about {words}.")


async def no_secret_passed_through_slack(scene: Scene) -> None:
    """No password, no code and no recovery code was ever sent to Slack, and Slack had nothing to complain of."""
    sent = "\n".join(str(call.arguments) for call in scene.stage.slack.calls)
    secrets = [person.password for person in LOVELACE.people] + list(NEW_PASSWORDS.values())
    secrets.append(scene.notes["recovery"])
    expect(not any(secret in sent for secret in secrets), "A secret was sent to Slack.")
    complaints = scene.stage.slack.violations
    expect(not complaints, "Slack complained:\n" + "\n".join(complaints))
    scene.teller.does(
        scene.clock.now(), "Slack", f"took {len(scene.stage.slack.calls)} calls, and complained of none."
    )


def _note(scene: Scene) -> Path:
    return scene.stage.folder.path / "checkpoint.txt"


def _copy(scene: Scene, name: str) -> Path:
    """A copy of the bot's database, taken while it runs."""
    path = scene.stage.folder.path / name
    with (
        closing(sqlite3.connect(scene.stage.folder.database)) as source,
        closing(sqlite3.connect(path)) as copy,
    ):
        source.backup(copy)
    return path


def _drop_triggers(rows: sqlite3.Connection) -> None:
    """Whoever holds the file is not held by its triggers."""
    names = [name for (name,) in rows.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
    for name in names:
        rows.execute(f'DROP TRIGGER "{name}"')


def _cut_tail(copy: Path) -> None:
    """Take the last entries away, and make head and tables agree again, as a careful forger would."""
    with closing(sqlite3.connect(copy)) as rows:
        _drop_triggers(rows)
        (size,) = rows.execute("SELECT size FROM audit_head").fetchone()
        kept = size - _CUT
        for table in ("audit_entries", "audit_texts"):
            rows.execute(f'DELETE FROM {table} WHERE "index" >= ?', (kept,))  # noqa: S608 - two names of ours
        rows.execute("DELETE FROM audit_checkpoints WHERE size >= ?", (kept,))
        frontier = Frontier()
        for (leaf_hash,) in rows.execute('SELECT leaf_hash FROM audit_entries ORDER BY "index"'):
            frontier = frontier.append(leaf_hash)
        rows.execute("UPDATE audit_head SET size = ?, frontier = ?", (kept, frontier.to_bytes()))
        rows.commit()


async def _wicket(scene: Scene, *command: str, database: Path | None = None) -> tuple[int, str]:
    """Run a command as an operator does, on the demo's settings; its exit code and what it printed."""
    folder = scene.stage.folder
    environment = dict(line.split("=", 1) for line in folder.secrets.read_text(encoding="utf-8").splitlines())
    if database is not None:
        environment["WICKET_DATABASE__URL"] = str(database)
    shown = " ".join(re.sub(r".*/", "", part) for part in command)
    scene.teller.does(
        scene.clock.now(), "An operator", f"runs: wicket {shown}{' on a copy' if database else ''}"
    )
    code, said = await scene.operator.types("--config", str(folder.config), *command, environment=environment)
    scene.teller.shows(said)
    return code, said


STEPS = (
    a_request_tells_its_story,
    security_has_it_signed,
    a_checkpoint_leaves_the_house,
    the_record_is_sound,
    an_edited_entry_is_found,
    a_cut_tail_is_found,
    what_security_saw,
    no_secret_passed_through_slack,
)
