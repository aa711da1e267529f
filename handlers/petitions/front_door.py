"""Petitions at the page's own front door: a login and what happened are typed, and everybody hears the same (P-9).

Who is known there is told by mail and in Slack, never by the page.
"""

from handlers.decisions.freezing import What
from handlers.ground import Ground
from handlers.intents import JUSTIFICATION_LIMIT
from handlers.petitions.asking import Petitioning
from handlers.secure_page.front_door import Shut, account_behind
from storage.engine.storable import cleaned
from storage.states import PetitionKind


class PetitionDoor:
    """directory: whose logins are typed."""

    def __init__(self, ground: Ground, *, directory: str) -> None:
        self._ground, self._directory = ground, directory
        self._petitioning = Petitioning(ground)

    async def ask(self, login: str, kind: PetitionKind, explanation: str) -> Shut | None:
        """Take it up for whoever has this login; for nobody nothing comes of it. DirectoryUnavailable for everybody."""
        account = await account_behind(self._ground.home(self._directory), login.strip())
        if await self._ground.database.read(lambda tx: self._ground.stopped(tx, What.PROOFS)):
            return Shut()
        await self._petitioning.ask_at_door(
            account, kind, cleaned(explanation[:JUSTIFICATION_LIMIT]), directory=self._directory
        )
        return None
