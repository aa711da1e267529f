"""Petitions in words: for whoever asked, and for those who say that it is them.

What somebody must see to decide is never cut short (promise 9), and nothing is called open before it is.
"""

from collections.abc import Mapping

from slack_sdk.models.blocks import Block, ButtonElement, DividerBlock

from bot.slack.actions import Action
from bot.slack.messages.alerts.petitions import WHYS
from bot.slack.messages.parts import (
    TEXT_LIMIT,
    Message,
    actions,
    button,
    facts,
    heading,
    link_button,
    note,
    said,
    section,
    story_button,
    sure_button,
)
from bot.slack.messages.proofs import proofs_told
from bot.slack.messages.resets import not_me
from bot.slack.words import clock, day_and_clock, in_quotes, inert, listed, quoted, span, together, visible
from bot.texts import as_told, say, say_counted, template
from handlers.petitions.outcomes import STATUS
from handlers.petitions.stories import PetitionStory, Word
from storage.states import PetitionKind, PetitionState

# Of what each approver wrote; the whole stands on the record.
_MOST_OF_WORDS = 120

_WANTED: Mapping[PetitionKind, str] = {
    PetitionKind.PASSWORD: template("A new password"),
    PetitionKind.PROOFS: template("New proofs: all that they had are lost"),
}
_TITLES: Mapping[PetitionKind, str] = {
    PetitionKind.PASSWORD: template("Petition: a new password"),
    PetitionKind.PROOFS: template("Petition: new proofs for lost ones"),
}
_ROLES: Mapping[str, str] = {
    "security": template("security"),
    "help_desk": template("the help desk"),
    "manager": template("their manager"),
}


def approval_message(story: PetitionStory) -> Message:
    """As those see it who decide: the facts whole, who approved so far, and what can be done."""
    rows = critical_facts(story)
    so_far, stands = _so_far(story), _state(story)
    state = f"{so_far}\n{stands}" if so_far else stands
    advice = say(
        "Speak to them before you approve, in person or on a number that you know: their Slack and their mail may be "
        "in other hands. You are asked to prove who you are."
    )
    blocks: list[Block] = [heading(say(_TITLES[story.kind])), facts(rows)]
    blocks += [section(advice), note(state)] if _is_asked(story) else [DividerBlock(), section(state)]
    blocks += actions([*_ways(story), story_button(story.id)])
    told = say("{title}. {facts}.", title=say(_TITLES[story.kind]), facts=_in_words(rows))
    whole = together(told, advice if _is_asked(story) else "", state)
    # The facts and how it stands are never cut; what approvers wrote stands in the blocks and on the record.
    text = whole if len(whole) <= TEXT_LIMIT else together(told, stands)
    return Message(text=text, blocks=tuple(blocks))


def critical_facts(story: PetitionStory) -> list[tuple[str, str]]:
    """Who, which account, what for, what they say and when it would open: whole, in this order."""
    about = [story.login, story.team]
    if story.employment != "employee":
        about.append(as_told(story.employment))
    about.append(
        say("reports to {manager}", manager=story.manager)
        if story.manager
        else say("no manager in the directory")
    )
    privileged = (
        say("yes: it holds administrative power, so security must be among those who approve")
        if story.privileged
        else say("no")
    )
    return [
        (say("Who"), f"{visible(story.name)} ({', '.join(visible(one) for one in about if one)})"),
        (say("Account"), say("{login} in {directory}", login=story.login, directory=story.directory)),
        (say("Privileged"), privileged),
        (say("What"), say(_WANTED[story.kind])),
        (say("They say"), in_quotes(story.explanation)),
        (say("Opens"), _opens(story)),
    ]


def status_message(story: PetitionStory, *, page: str = "") -> Message:
    """To whoever asked: how it stands, edited in place. page: where it can be used, once it is open."""
    match story.state:
        case PetitionState.ASKED:
            asked = together(
                say(_ASKED[story.kind]),
                say("Needed: {who}.", who=needed(story, yours=True)),
                _so_far(story),
                say("It lapses {time}.", time=day_and_clock(story.lapses_at)),
            )
            return said(f"{asked}\n{say(_NOT_YOU)}", buttons=[_cancel(story), _not_asked(story)])
        case PetitionState.APPROVED if story.opens_at is not None:
            waits = say(
                "⏳ {people} said that it is you. It opens {time}; until then anybody who was told of it can stop it.",
                people=_people(story),
                time=day_and_clock(story.opens_at),
            )
            return said(f"{waits}\n{say(_NOT_YOU)}", buttons=[_cancel(story), not_me(story.id)])
        case PetitionState.OPEN if story.closes_at is not None:
            opened = say(_OPEN[story.kind], time=day_and_clock(story.closes_at))
            ways = [link_button(say("Continue securely"), page)] if page else []
            return said(f"{opened}\n{say(_NOT_YOU)}", buttons=[*ways, not_me(story.id)])
        case PetitionState.USED:
            done = say(_USED[story.kind], time=clock(story.ended_at or story.asked_at))
            return said(f"{done}\n{say(_NOT_YOU)}", buttons=[not_me(story.id)])
        case PetitionState.DENIED:
            why = quoted(story.end_words)
            return said(
                say(
                    "⛔ Your petition was denied by {name}: {words}. Nothing was changed.\n"
                    "What you can do: speak to them, or go to the IT desk in person.",
                    name=inert(story.ended_by),
                    words=why,
                )
            )
        case _:
            over = say("⌛ Your petition is over: {why}. Nothing was changed.", why=_why(story))
            todo = say("If you still can't get in, you can ask once more, or go to the IT desk in person.")
            return said(f"{over}\n{todo}")


def news_message(story: PetitionStory, *, page: str = "") -> Message:
    """The same, said anew below it when it was approved, opens or was used: an edit alone is easily missed (P-6)."""
    whole = status_message(story, page=page)
    return Message(text=whole.text, blocks=whole.blocks, below=(STATUS, story.id), aloud=True)


def needed(story: PetitionStory, *, yours: bool = False) -> str:
    """Whose word is still missing, in words. yours: told to whoever asked."""
    security = story.missing.get("security", 0)
    others = sum(story.missing.values()) - security
    parts = []
    if security:
        parts.append(say_counted("{count} of security", "{count} of security", security))
    if others and story.privileged and yours:
        parts.append(
            say_counted(
                "{count} of the help desk, or your manager",
                "{count} of the help desk and your manager",
                others,
            )
        )
    elif others and story.privileged:
        parts.append(
            say_counted(
                "{count} of the help desk, or their manager",
                "{count} of the help desk and their manager",
                others,
            )
        )
    elif others and yours:
        parts.append(
            say_counted(
                "{count} of the help desk, security or your manager",
                "{count} of these: the help desk, security, your manager",
                others,
            )
        )
    elif others:
        parts.append(
            say_counted(
                "{count} of the help desk, security or their manager",
                "{count} of these: the help desk, security, their manager",
                others,
            )
        )
    return listed(parts) or say("nobody")


def _is_asked(story: PetitionStory) -> bool:
    return story.state == PetitionState.ASKED


def _opens(story: PetitionStory) -> str:
    hours = span(int(story.cool_off.total_seconds()))
    if story.opens_at is None:
        return say("{duration} after enough people have approved, for 24 hours, once", duration=hours)
    return say("{duration} after it was approved, for 24 hours, once", duration=hours)


def _so_far(story: PetitionStory) -> str:
    """Who said that it is them, and by which proof of their own."""
    return together(*(_word(one) for one in story.said))


def _word(one: Word) -> str:
    return say(
        "{name} of {role} approved at {time}, after showing {proof}: {words}.",
        name=inert(one.name),
        role=say(_ROLES[one.role]) if one.role in _ROLES else inert(one.role),
        time=clock(one.at),
        proof=proofs_told([one.proof]) or say("who they are"),
        words=quoted(one.rationale, _MOST_OF_WORDS),
    )


def _people(story: PetitionStory) -> str:
    return listed([inert(one.name) for one in story.said])


def _state(story: PetitionStory) -> str:
    match story.state:
        case PetitionState.ASKED:
            return together(
                say("Needed: {who}.", who=needed(story)),
                say("It lapses {time}.", time=day_and_clock(story.lapses_at)),
            )
        case PetitionState.APPROVED if story.opens_at is not None:
            return say(
                "⏳ *Approved.* It opens {time}, unless it is stopped.", time=day_and_clock(story.opens_at)
            )
        case PetitionState.OPEN if story.closes_at is not None:
            return say("✅ *Open* for its person until {time}.", time=day_and_clock(story.closes_at))
        case PetitionState.USED:
            return say("✅ *Used* at {time}.", time=clock(story.ended_at or story.asked_at))
        case PetitionState.DENIED:
            return say(
                "⛔ *Denied* by {name} at {time}: {words}. Nothing was changed.",
                name=inert(story.ended_by),
                time=clock(story.ended_at or story.asked_at),
                words=quoted(story.end_words),
            )
        case PetitionState.CANCELLED if story.ended_by:
            return say(
                "⛔ *Stopped* by {name} at {time}: {why}. Nothing was changed.",
                name=inert(story.ended_by),
                time=clock(story.ended_at or story.asked_at),
                why=_why(story),
            )
        case PetitionState.LAPSED:
            return say("⌛ *Lapsed*: {why}. Nothing was changed.", why=_why(story))
        case _:
            return say("⛔ *Stopped*: {why}. Nothing was changed.", why=_why(story))


def _why(story: PetitionStory) -> str:
    return say(WHYS[story.end_reason]) if story.end_reason in WHYS else say("it was stopped")


def _ways(story: PetitionStory) -> list[ButtonElement]:
    if story.ended_at is not None:
        return []
    stop = sure_button(
        say("Stop it"),
        Action.PETITION_CANCEL,
        story.id,
        title=say("Stop this petition?"),
        facts=say(
            "{name} ({login}) then has to ask anew.", name=visible(story.name), login=visible(story.login)
        ),
        yes=say("Stop it"),
    )
    if not _is_asked(story):
        return [stop]
    return [
        button(say("Approve…"), Action.PETITION_APPROVE, story.id, primary=True),
        button(say("Deny…"), Action.PETITION_DENY, story.id),
        stop,
    ]


def _cancel(story: PetitionStory) -> ButtonElement:
    return sure_button(
        say("Take it back"),
        Action.PETITION_CANCEL,
        story.id,
        title=say("Take your petition back?"),
        facts=say("Nobody decides about it any more. You can ask anew."),
        yes=say("Take it back"),
    )


def _not_asked(story: PetitionStory) -> ButtonElement:
    """While nobody approved it, that it was not them stops it and leaves the account alone."""
    return sure_button(
        say("It wasn't me"),
        Action.NOT_ME,
        story.id,
        title=say("This was not you?"),
        facts=say("Nobody decides about it any more, and the security team is told that it was not you."),
        yes=say("Stop it"),
        no=say("It was me"),
    )


def _in_words(rows: list[tuple[str, str]]) -> str:
    return "; ".join(f"{label}: {inert(value)}" for label, value in rows)


_NOT_YOU = template("Was this not you? One click stops it.")
_ASKED: Mapping[PetitionKind, str] = {
    PetitionKind.PASSWORD: template(
        "⏳ You asked two people to say that it is you, for a new password. They have to speak to you: stay reachable."
    ),
    PetitionKind.PROOFS: template(
        "⏳ You asked two people to say that it is you, for new proofs. They have to speak to you: stay reachable."
    ),
}
_OPEN: Mapping[PetitionKind, str] = {
    PetitionKind.PASSWORD: template(
        "✅ Your page is open until {time}, once. Have your passkey or authenticator ready: you show it there and "
        "choose a new password. No one, including me, will ever ask for a password or a code in Slack."
    ),
    PetitionKind.PROOFS: template(
        "✅ Your page is open until {time}, once. You show there what you have left, and set up a new passkey or "
        "authenticator; the old ones are removed then. No one, including me, will ever ask for a password or a code in "
        "Slack."
    ),
}
_USED: Mapping[PetitionKind, str] = {
    PetitionKind.PASSWORD: template("✅ Your petition was used for a new password at {time}."),
    PetitionKind.PROOFS: template(
        "✅ New proofs were set up for you at {time}. All that you had before prove nothing any more."
    ),
}
