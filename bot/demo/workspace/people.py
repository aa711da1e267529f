"""The people and channels of the pretend workspace, in the shapes Slack's API gives them.

They are values: a change makes a new one, and nothing here knows who may see whom.
"""

from dataclasses import dataclass

from bot.demo.workspace.answers import Json

ZONES = {"Europe/London": ("Greenwich Mean Time", 0), "UTC": ("Coordinated Universal Time", 0)}


@dataclass(frozen=True, kw_only=True)
class User:
    """One account, human or bot. `team_id` differs from the workspace's for somebody from outside."""

    id: str
    name: str
    real_name: str
    email: str
    team_id: str
    title: str = ""
    tz: str = "Europe/London"
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    deleted: bool = False
    is_bot: bool = False
    is_stranger: bool = False

    def body(self, *, with_email: bool) -> Json:
        """As `users.info` answers: a deactivated account has lost its roles, a guest is marked twice."""
        label, offset = ZONES.get(self.tz, (self.tz, 0))
        body: Json = {
            "id": self.id, "team_id": self.team_id, "name": self.name, "deleted": self.deleted,
            "color": "9f69e7", "real_name": self.real_name, "tz": self.tz, "tz_label": label,
            "tz_offset": offset, "profile": self._profile(with_email), "is_admin": False, "is_owner": False,
            "is_primary_owner": False, "is_restricted": self.is_restricted or self.is_ultra_restricted,
            "is_ultra_restricted": self.is_ultra_restricted, "is_bot": self.is_bot, "is_app_user": False,
            "updated": 1700000000, "is_email_confirmed": not self.is_bot, "who_can_share_contact_card": "EVERYONE",
        }  # fmt: skip
        if self.is_stranger:
            body["is_stranger"] = True
        if self.deleted:
            for gone in ("tz", "tz_label", "tz_offset", "color", "is_admin", "is_owner", "is_primary_owner"):
                del body[gone]
        return body

    def _profile(self, with_email: bool) -> Json:
        first, _, last = self.real_name.partition(" ")
        profile: Json = {
            "title": self.title, "phone": "", "skype": "", "real_name": self.real_name,
            "real_name_normalized": self.real_name, "display_name": self.name,
            "display_name_normalized": self.name, "status_text": "", "status_emoji": "",
            "avatar_hash": "", "first_name": first, "last_name": last, "team": self.team_id,
        }  # fmt: skip
        if with_email and not self.is_bot:
            profile["email"] = self.email
        return profile


@dataclass(frozen=True, kw_only=True)
class Channel:
    """One conversation. A direct one (`is_im`) has exactly two members, `im_user` and the bot."""

    id: str
    name: str
    members: frozenset[str]
    created: int
    is_private: bool = False
    is_ext_shared: bool = False
    is_pending_ext_shared: bool = False
    is_archived: bool = False
    is_im: bool = False
    im_user: str = ""
    topic: str = ""

    @property
    def payload_name(self) -> str:
        """The name that commands and interactions carry for it."""
        if self.is_im:
            return "directmessage"
        return "privategroup" if self.is_private else self.name

    def body(self, team_id: str, bot_user_id: str) -> Json:
        """As `conversations.info` answers."""
        if self.is_im:
            return {
                "id": self.id, "created": self.created, "is_im": True, "is_org_shared": False,
                "context_team_id": team_id, "user": self.im_user, "is_archived": False, "is_open": True,
                "is_user_deleted": False, "priority": 0,
            }  # fmt: skip
        return {
            "id": self.id, "name": self.name, "name_normalized": self.name, "is_channel": not self.is_private,
            "is_group": self.is_private, "is_im": False, "is_mpim": False, "is_private": self.is_private,
            "created": self.created, "is_archived": self.is_archived, "is_general": False,
            "is_shared": self.is_ext_shared, "is_ext_shared": self.is_ext_shared, "is_org_shared": False,
            "is_pending_ext_shared": self.is_pending_ext_shared, "context_team_id": team_id, "creator": "USLACKBOT",
            "is_member": bot_user_id in self.members, "num_members": len(self.members),
            "topic": {"value": self.topic, "creator": "", "last_set": 0},
            "purpose": {"value": "", "creator": "", "last_set": 0},
        }  # fmt: skip
