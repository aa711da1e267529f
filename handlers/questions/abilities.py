"""What one person may do here beside what everybody may, by the pieces that turn others away: for the help alone.

It decides nothing, since each is asked anew when it is done; and it looks up no directory.
"""

from sqlmodel import Session

from handlers.decisions.helping import Act, HelpDesks
from handlers.delegations.in_force import theirs_to_delegate
from handlers.emergencies.facts import theirs_in_an_emergency
from handlers.ground import Ground
from handlers.questions.answers import Ability
from handlers.questions.concerned import of_security
from handlers.stops.halting import reason_against
from storage.directories.base import Account


def abilities_of(tx: Session, ground: Ground, account: Account, desks: HelpDesks | None) -> list[Ability]:
    """What this person may do so, as the catalogue says now and their directory when it was read."""
    may = {
        Ability.DECIDE_FOR_TEAM: bool(theirs_to_delegate(ground, account)),
        Ability.BREAK_GLASS: bool(theirs_in_an_emergency(ground, account)),
        Ability.STOP: of_security(ground, account) and not reason_against(tx, ground, account),
    }
    acts = [Ability(act) for act in Act if desks is not None and desks.of(account, act)]
    return [*acts, *(one for one, is_so in may.items() if is_so)]
