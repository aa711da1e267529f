"""Steps that many stories share, each as a person does it in Slack.

They assert nothing beyond that the next step can be taken, and never reach around the workspace.
"""

from typing import Any

from bot.demo.workspace.messages import Message
from bot.demo.workspace.person import PersonClient
from bot.demo.workspace.submissions import Submission
from bot.demo.workspace.views import View

SECURITY = "C0SECURITY"


async def ask(who: PersonClient, words: str) -> Message:
    """Ask in words and send the draft; what the draft looked like."""
    said = await who.say(words)
    draft = await who.sees("You are asking for", after=said.ts)
    await who.click(draft, "draft.send")
    return draft


async def answer_to(who: PersonClient, words: str, way: str) -> str:
    """What came back to a question, asked by "message" or by "command"."""
    before = who.messages()[-1].ts if who.messages() else ""
    if way == "message":
        before = (await who.say(words)).ts
    else:
        await who.slash("/wicket", words)
    return (await who.sees("", after=before)).plain


async def fill_in(who: PersonClient, entitlement: str, duration: str, justification: str) -> Submission:
    """Fill in the request form that is open, and send it."""
    form = await who.sees_view("What do you need?")
    choices = await who.options(form, "entitlement", entitlement)
    typed = {"entitlement": choices[0]["value"], "duration": duration, "justification": justification}
    return await who.submit(form, typed)


def held_by(form: View) -> dict[str, Any]:
    """What stands in a request form: ids, minutes, and texts, each None or empty where nothing does."""
    values = form.state()["values"]
    length = next(fields["length"] for name, fields in values.items() if name.startswith("length:"))
    chosen = length["selected_option"]
    return {
        "entitlements": [one["value"] for one in values["entitlement"]["entitlement"]["selected_options"]],
        "minutes": int(chosen["value"]) if chosen else None,
        **{name: values[name][name]["value"] for name in ("duration", "justification", "ticket")},
        "for": values["for"]["for"]["selected_user"],
    }


async def undecided(who: PersonClient, channel: str, about: str) -> Message:
    """The newest request with these words that can still be decided."""
    return await who.sees("Access request", about, "[Approve", channel=channel)


async def approve(
    who: PersonClient, channel: str, about: str, rationale: str = "ok for the incident"
) -> None:
    """Approve the waiting request about this in its owner's channel."""
    request = await undecided(who, channel, about)
    if "approval.approve" in request.buttons:
        await _decide(who, channel, about, "approval.approve", "Approve request", rationale)
    else:  # low risk: one click, and Slack itself asks whether that was meant
        await who.click(request, "approval.approve_at_once")


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
