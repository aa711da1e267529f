"""What a request is called, whom it is for, and who owns it, as every message about it says.

It says nothing about how the request stands.
"""

from bot.slack.words import inert
from bot.texts import say
from handlers.requests.stories import GrantStory


def name(story: GrantStory) -> str:
    """The entitlement and what it lets one do: "prod-db · read and write", not inert yet."""
    access = story.entitlement.access if story.entitlement else ""
    return f"{story.entitlement_id} · {access}" if access else story.entitlement_id


def what(story: GrantStory) -> str:
    """The entitlement as it is called, in bold: "*prod-db · read and write*", and whom it is for, if for another."""
    called = f"*{inert(name(story))}*"
    if story.report is None:
        return called
    return say("{entitlement} for {name}", entitlement=called, name=inert(story.report.name))


def holder(story: GrantStory) -> str:
    """The name of whoever holds it, or is to."""
    return inert(story.report.name if story.report else story.requester.name)


def owner_of(story: GrantStory) -> str:
    """The name of the team that owns it, or what stands in its place."""
    return inert(story.owner.name) if story.owner else say("its owner")
