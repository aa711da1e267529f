"""What buttons and forms are about: one object for each topic, shared by the clicks and the submitted forms.

It carries nothing out itself; each topic does.
"""

from dataclasses import dataclass

from bot.slack.homes import Homes
from bot.slack.incoming import Buttons
from bot.slack.requesting import Requesting
from bot.slack.topics.alarms import AlarmClicks
from bot.slack.topics.deciding import DecidingClicks
from bot.slack.topics.delegations import DelegationClicks
from bot.slack.topics.drift import DriftClicks
from bot.slack.topics.during import DuringClicks
from bot.slack.topics.emergencies import EmergencyClicks
from bot.slack.topics.emergency_reviews import EmergencyReviewClicks
from bot.slack.topics.exceptions import ExceptionClicks
from bot.slack.topics.freezes import FreezeClicks
from bot.slack.topics.halting import HaltingClicks
from bot.slack.topics.helping import HelpingClicks
from bot.slack.topics.petitions import PetitionClicks
from bot.slack.topics.rules import RuleClicks
from bot.slack.topics.stories import StoryClicks
from bot.slack.topics.vouching import VouchingClicks


@dataclass(frozen=True, kw_only=True)
class Topics:
    """Each by its name."""

    requesting: Requesting
    deciding: DecidingClicks
    drift: DriftClicks
    during: DuringClicks
    homes: Homes
    freezes: FreezeClicks
    halting: HaltingClicks
    alarms: AlarmClicks
    petitions: PetitionClicks
    vouching: VouchingClicks
    helping: HelpingClicks
    stories: StoryClicks
    rules: RuleClicks
    exceptions: ExceptionClicks
    emergencies: EmergencyClicks
    emergency_reviews: EmergencyReviewClicks
    delegations: DelegationClicks

    @property
    def table(self) -> Buttons:
        """From button to method, of all that have buttons."""
        return {
            **self.deciding.table,
            **self.drift.table,
            **self.during.table,
            **self.homes.table,
            **self.freezes.table,
            **self.alarms.table,
            **self.petitions.table,
            **self.vouching.table,
            **self.helping.table,
            **self.stories.table,
            **self.rules.table,
            **self.exceptions.table,
            **self.emergencies.table,
            **self.emergency_reviews.table,
            **self.delegations.table,
        }
