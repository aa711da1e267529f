"""Bolt with our listeners: everything that answers a person in Slack, built from what it stands on.

It opens no way in and holds no behaviour: payloads come by socket or signed HTTP, and listeners answer them.
"""

from dataclasses import dataclass

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.metrics import Metrics
from bot.providers import help_desks
from bot.settings import Settings
from bot.slack.actor import Profiles
from bot.slack.clicks import Clicks
from bot.slack.conversation import Conversation
from bot.slack.dispatch import Dispatch
from bot.slack.door import Door, PageLinks
from bot.slack.homes import Homes
from bot.slack.limiter import Limiter
from bot.slack.listeners import Listeners
from bot.slack.replies import Replies
from bot.slack.requesting import Requesting
from bot.slack.submissions import Submissions
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
from bot.slack.topics.table import Topics
from bot.slack.topics.vouching import VouchingClicks
from bot.texts import ENGLISH, Language
from handlers.alarms.raising import Alarms
from handlers.alarms.releasing import Releasing
from handlers.approvals.deciding import Deciding
from handlers.audit.checkpointing import Checkpointing
from handlers.decisions.names import Names
from handlers.delegations.delegating import Delegating
from handlers.delegations.shown import DelegationsShown
from handlers.drift.reconciling import Reconciling
from handlers.emergencies.lost import LostEmergencies
from handlers.emergencies.reviewers import Reviewers
from handlers.emergencies.reviews import EmergencyReviews
from handlers.exceptions.working import ExceptionWork
from handlers.grants.ending import Ending
from handlers.grants.leavers import Leavers
from handlers.grants.revoking_all import RevokingAll
from handlers.ground import Ground
from handlers.help_desk.helping import Helping
from handlers.people.identity import Identity
from handlers.petitions.asking import Petitioning
from handlers.petitions.attesting import Attesting
from handlers.questions.checks import Checks
from handlers.questions.home import Home
from handlers.questions.what_happened import WhatHappened
from handlers.requests.access import Access
from handlers.requests.asking import Asking
from handlers.requests.details import Details
from handlers.requests.extending import Extending
from handlers.requests.foresight import Foreseeing
from handlers.requests.inquiries import Inquiries
from handlers.rules.approvals import ApprovingRules
from handlers.rules.governing import Governing
from handlers.rules.holding import Derived
from handlers.secure_page.asking import Accounts
from handlers.secure_page.handles import Handles
from handlers.stops.halting import Halting
from handlers.stops.lifting import Lifting
from handlers.vouching.giving import Vouching
from storage.audit.checkpoint import Signer


@dataclass(frozen=True, kw_only=True)
class Speaking:
    """What the listeners stand on."""

    settings: Settings
    ground: Ground
    checks: Checks
    leavers: Leavers
    handles: Handles
    pages: PageLinks
    alarms: Alarms
    metrics: Metrics
    signer: Signer
    governing: Governing
    language: Language = ENGLISH
    vouching: Vouching | None = None

    def bolt(self, client: AsyncWebClient, replies: Replies) -> AsyncApp:
        """One listener a kind of payload. Signatures are checked before it (bot.slack.signed_http)."""
        ground, asking = self.ground, Asking(self.ground)
        # Folding every name costs more than understanding a sentence.
        names = Derived(ground.catalogue, Names)
        topics = self._topics(asking, names, replies)
        conversation = self._conversation(asking, names)
        listeners = Listeners(
            door=self._door(client),
            conversation=conversation,
            clicks=Clicks(
                ground,
                asking=asking,
                access=Access(ground),
                details=Details(ground),
                conversation=conversation,
                topics=topics,
                replies=replies,
            ),
            submissions=Submissions(topics),
            topics=topics,
            replies=replies,
            metrics=self.metrics,
            transport=self.settings.slack.transport,
            language=self.language,
            kept=ground.kept,
        )
        app = AsyncApp(
            name="wicket",  # otherwise Bolt reads source files to find one, for a third of a second
            client=client,
            request_verification_enabled=False,
            before_authorize=Dispatch(listeners.by_kind()),
            raise_error_for_unhandled_request=True,  # our error listener acknowledges what nobody asked for
        )
        app.error(listeners.unexpected)
        return app

    def _topics(self, asking: Asking, names: Derived[Names], replies: Replies) -> Topics:
        ground, pages, settings = self.ground, self.pages, self.settings
        return Topics(
            requesting=Requesting(
                catalogue=ground.catalogue,
                names=names,
                asking=asking,
                foreseeing=Foreseeing(ground),
                replies=replies,
            ),
            deciding=DecidingClicks(
                ground, deciding=Deciding(ground), inquiries=Inquiries(ground), replies=replies, pages=pages
            ),
            drift=DriftClicks(ground, reconciling=Reconciling(ground), leavers=self.leavers, replies=replies),
            during=DuringClicks(
                ground, extending=Extending(ground, asking), ending=Ending(ground), replies=replies
            ),
            homes=Homes(Home(ground, checks=self.checks), replies=replies, now=ground.now),
            freezes=FreezeClicks(
                lifting=Lifting(ground, operators_count=settings.security.operators_lift), replies=replies
            ),
            halting=HaltingClicks(
                halting=Halting(ground, self.signer), revoking=RevokingAll(ground), replies=replies
            ),
            alarms=AlarmClicks(alarms=self.alarms, releasing=Releasing(ground), replies=replies),
            petitions=PetitionClicks(
                ground,
                petitioning=Petitioning(ground),
                attesting=Attesting(ground),
                pages=pages,
                replies=replies,
            ),
            emergencies=EmergencyClicks(ground, pages=pages, replies=replies),
            helping=HelpingClicks(helping=self._helping(), replies=replies),
            vouching=VouchingClicks(vouching=self.vouching, pages=pages, replies=replies),
            stories=StoryClicks(WhatHappened(ground), rules=lambda: self.governing.newest, replies=replies),
            rules=RuleClicks(
                ApprovingRules(ground, self.governing, owners=settings.policy.owners or ""),
                pages=pages,
                replies=replies,
            ),
            exceptions=ExceptionClicks(ExceptionWork(ground), replies=replies),
            emergency_reviews=EmergencyReviewClicks(
                EmergencyReviews(ground, Reviewers(ground)),
                LostEmergencies(ground, Reviewers(ground)),
                replies=replies,
            ),
            delegations=DelegationClicks(
                delegating=Delegating(ground), shown=DelegationsShown(ground), replies=replies
            ),
        )

    def _conversation(self, asking: Asking, names: Derived[Names]) -> Conversation:
        vouches, oidc = self.vouching is not None, self.settings.oidc
        return Conversation(
            names=names,
            checks=self.checks,
            accounts=Accounts(
                self.ground,
                handles=self.handles,
                sign_in_apart=oidc is not None and oidc.apart,
                vouches=vouches,
            ),
            asking=asking,
            pages=self.pages,
            now=self.ground.now,
            vouches=vouches,
            helps=help_desks(self.settings) is not None,
            checkpointing=Checkpointing(self.ground, self.signer),
        )

    def _helping(self) -> Helping | None:
        desks = help_desks(self.settings)
        return Helping(self.ground, handles=self.handles, desks=desks) if desks is not None else None

    def _door(self, client: AsyncWebClient) -> Door:
        slack, now = self.settings.slack, self.ground.now
        return Door(
            limiter=Limiter(self.settings.limits.requests_a_minute, now),
            profiles=Profiles(client, now),
            identity=Identity(
                self.ground,
                handles=self.handles,
                teams=frozenset(slack.teams),
                enterprise=slack.enterprise,
                trust_mail=slack.trust_email,
            ),
            pages=self.pages,
        )
