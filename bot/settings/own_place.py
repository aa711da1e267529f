"""Where checkpoints are published if `[audit] published` names no file: Wicket's own place, which always has one.

It makes nothing, and looks at nothing that is there.
"""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from bot.settings.database import is_server, name_of
from bot.settings.secrets import Secrets
from bot.settings.sections import DatabaseSection


def own_place(database: DatabaseSection, secrets: Secrets, environ: Mapping[str, str]) -> Path | None:
    """Beside a SQLite file, or in the folder that a process keeps its state in; None without such a folder or a key.

    Each key has a file of its own, or the new one would be taken for somebody else's behind the checkpoints of the old
    one. So has each database, or two that share a key would be taken for one that was changed; but one of the same name
    on another server is the same, as it is where a copy was restored there.
    """
    if secrets.audit_key is None:
        return None
    ending = f"checkpoints-{secrets.signer().verifier.key_id.hex()}.txt"
    if not is_server(database.url):
        return database.path.with_name(f"{database.path.name}.{ending}")
    folder = _state(environ)
    return folder / f"{quote(name_of(database.url), safe='')}.{ending}" if folder is not None else None


def _state(environ: Mapping[str, str]) -> Path | None:
    """As systemd gives it to a service (StateDirectory=), or the XDG Base Directory Specification to a user."""
    given = environ.get("STATE_DIRECTORY", "").partition(":")[0]
    if given:
        return Path(given)
    for name, below in (("XDG_STATE_HOME", "wicket"), ("HOME", ".local/state/wicket")):
        folder = Path(environ.get(name, ""))
        if folder.is_absolute():
            return folder / below
    return None
