"""Steps that many stories share, each as a person does it in Slack.

They assert nothing beyond that the next step can be taken, and never reach around the workspace.
"""

import asyncio

from bot.demo.workspace.messages import Message
from bot.demo.workspace.person import PersonClient
from bot.demo.workspace.submissions import Submission

SECURITY = "C0SECURITY"


async def ask(who: PersonClient, words: str) -> Message:
    """Ask in words and send the draft; what the draft looked like."""
    said = await who.say(words)
    draft = await newest(who, "You are asking for", after=said)
    await who.click(draft, "draft.send")
    return draft


async def newest(who: PersonClient, words: str, *, after: Message) -> Message:
    """The message with these words that came after that one: an older one with the same words does not count."""
    async with asyncio.timeout(5):
        while True:
            seen = await who.sees(words)
            if seen.ts > after.ts:
                return seen
            await asyncio.sleep(0.01)


async def fill_in(who: PersonClient, entitlement: str, duration: str, justification: str) -> Submission:
    """Fill in the request form that is open, and send it."""
    form = await who.sees_view("What do you need?")
    choices = await who.options(form, "entitlement", entitlement)
    typed = {"entitlement": choices[0]["value"], "duration": duration, "justification": justification}
    return await who.submit(form, typed)


async def undecided(who: PersonClient, channel: str, about: str) -> Message:
    """The newest request with these words that can still be decided."""
    async with asyncio.timeout(5):
        while True:
            seen = [m for m in who.messages(channel) if m.says(about) and "approval.approve" in m.buttons]
            if seen:
                return seen[-1]
            await asyncio.sleep(0.01)


async def approve(
    who: PersonClient, channel: str, about: str, rationale: str = "ok for the incident"
) -> None:
    """Approve the waiting request about this in its owner's channel."""
    await _decide(who, channel, about, "approval.approve", "Approve request", rationale)


async def deny(who: PersonClient, channel: str, about: str, rationale: str) -> None:
    """Deny the waiting request about this in its owner's channel."""
    await _decide(who, channel, about, "approval.deny", "Deny request", rationale)


async def _decide(
    who: PersonClient, channel: str, about: str, button: str, title: str, rationale: str
) -> None:
    await who.click(await undecided(who, channel, about), button)
    form = await who.sees_view(title)
    submission = await who.submit(form, {"rationale": rationale})
    assert submission.closed, submission
