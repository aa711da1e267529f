"""The approval message in the owner's channel, its aftermath, and what clickers are told.

What an approver must see is never cut short (promise 9): what does not fit is not sent.
"""

from slack_sdk.models.blocks import Block, DividerBlock

from bot.slack.actions import Action
from bot.slack.messages.parts import Message, actions, button, facts, heading, note, section
from bot.slack.messages.requests import because, name, needed
from bot.slack.words import clock, counted, day, day_and_clock, duration, inert, listed, quoted, visible
from handlers.outcomes import NotAllowed, TooLate
from handlers.stories import GrantStory, Requester
from storage.states import GrantState

_HOLDS_SHOWN = 5


def approval_message(story: GrantStory) -> Message:
    """The request as its owner sees it: facts, why policy asks, and buttons while it can be decided."""
    rows = critical_facts(story)
    waiting = story.state == GrantState.PENDING
    blocks: list[Block] = [heading(f"Access request: {name(story)}"), facts(rows)]
    blocks.append(section(f"Policy asks because {because(story)}. {_background(story)}"))
    if waiting:
        blocks.append(note(_still_needed(story)))
        blocks += actions(
            [
                button("Approve…", Action.APPROVE, story.id, primary=True),
                button("Deny…", Action.DENY, story.id),
                button("Details", Action.DETAILS, story.id),
            ]
        )
    else:
        blocks += [DividerBlock(), section(_what_became(story))]
    text = "; ".join(f"{label}: {inert(value)}" for label, value in rows)
    state = _still_needed(story) if waiting else _what_became(story)
    return Message(text=f"Access request: {inert(name(story))}. {text}. {state}", blocks=tuple(blocks))


def critical_facts(story: GrantStory) -> list[tuple[str, str]]:
    """Who, what, how long, why and how risky: whole, in this order."""
    entitlement = story.entitlement
    where = f", {entitlement.environment}, risk {entitlement.risk} of 5" if entitlement else ""
    return [
        ("Who", who(story.requester)),
        ("What", f"{name(story)}{where}"),
        ("How long", f"{duration(story.minutes)} from approval"),
        ("Why", f"“{visible(story.justification)}”"),
    ]


def who(requester: Requester) -> str:
    """The requester; the login stands beside the name, since names can be made to look alike (SL-3)."""
    about = [requester.login, requester.team]
    if requester.employment != "employee":
        about.append(requester.employment)
    if requester.manager:
        about.append(f"reports to {requester.manager}")
    return f"{requester.name} ({', '.join(part for part in about if part)})"


def details_text(story: GrantStory) -> str:
    """What stands behind the request, for the Details form (mrkdwn)."""
    holds = listed([inert(one) for one in story.holds]) or "nothing else in the catalogue"
    lines = [
        f"*Title*  {inert(story.entitlement.title) if story.entitlement else 'no longer in the catalogue'}",
        f"*Asked*  {day_and_clock(story.requested_at)}",
        f"*Holds now*  {holds}",
        f"*Had this before*  {_had(story)}",
        f"*Still needed*  {needed(story)}" if story.state == GrantState.PENDING else "",
        f"*When it ends*  the removal takes effect {inert(story.removal_takes_effect)}",
        f"*Request*  `{story.id}`",
    ]
    return "\n".join(line for line in lines if line)


def not_allowed_text(outcome: NotAllowed) -> str:
    """To someone who may not decide: kind, with whom to ask, and that nothing happened."""
    can = f" {listed([inert(one) for one in outcome.can])} can." if outcome.can else ""
    reasons = " ".join(inert(reason) for reason in outcome.reasons)
    return (
        f"You can't decide this one: *{inert(outcome.entitlement)}* belongs to {inert(outcome.owner_name)}. "
        f"{reasons}{can} Nothing was changed."
    )


def too_late_text(outcome: TooLate) -> str:
    """To the second clicker: who settled it and when."""
    what = {
        GrantState.DENIED: "denied this",
        GrantState.LAPSED: "This request lapsed",
        GrantState.WITHDRAWN: "The requester took this back",
        GrantState.VOIDED: "This request can no longer be granted",
    }.get(GrantState(outcome.state), "approved this")
    at = f" at {clock(outcome.at)}" if outcome.at else ""
    sentence = (
        f"{inert(outcome.by)} {what}{at}"
        if outcome.by and what[0].islower()
        else f"{what[0].upper()}{what[1:]}"
    )
    if not outcome.by and what[0].islower():
        sentence = "This was decided before"
    return f"{sentence}. Nothing more to do."


def _background(story: GrantStory) -> str:
    shown, rest = story.holds[:_HOLDS_SHOWN], len(story.holds) - _HOLDS_SHOWN
    more = [f"{rest} more"] if rest > 0 else []
    person = inert(story.requester.name)
    holds = (
        f"{person} holds {listed([*map(inert, shown), *more])}" if shown else f"{person} holds nothing else"
    )
    return f"{holds}; had this {_had(story)}."


def _had(story: GrantStory) -> str:
    if not story.had:
        return "never before"
    last = f", last until {day(story.had_last)}" if story.had_last else ""
    return f"{counted(story.had, 'time')} before{last}"


def _still_needed(story: GrantStory) -> str:
    so_far = [f"{inert(one.name)} approved at {clock(one.at)}." for one in story.said if one.approved]
    lapses = f" Lapses {day_and_clock(story.lapses_at)}." if story.lapses_at else ""
    wanted = needed(story)
    return " ".join([*so_far, f"{wanted[0].upper()}{wanted[1:]} needed.{lapses}"])


def _what_became(story: GrantStory) -> str:
    approved = [one for one in story.said if one.approved]
    denied = next((one for one in reversed(story.said) if not one.approved), None)
    decided = " and ".join(
        f"{inert(one.name)} at {clock(one.at)}" + (f": {quoted(one.rationale)}" if one.rationale else "")
        for one in ([denied] if denied else approved)
    )
    how_long = duration(story.minutes)
    ended = clock(story.ended_at) if story.ended_at else ""
    end = day_and_clock(story.expires_at) if story.expires_at else ""
    sentences = {
        GrantState.APPROVED: f"✅ *Approved* by {decided}, for {how_long}. Being set up.",
        GrantState.ACTIVE: f"✅ *Approved* by {decided}, for {how_long}. Active until {end}.",
        GrantState.ENDING: f"⌛ *Approved* by {decided}. Being taken back: {inert(story.end_reason)}.",
        GrantState.ENDED: f"⌛ *Ended* at {ended}: {inert(story.end_reason)}. Approved by {decided}.",
        GrantState.DENIED: f"⛔ *Denied* by {decided}",
        GrantState.LAPSED: "⌛ *Lapsed*: nobody answered in time. Nothing was granted.",
        GrantState.WITHDRAWN: f"⌛ *Withdrawn* by the requester at {ended}. Nothing was granted.",
        GrantState.VOIDED: f"⛔ *Not granted*: {inert(story.end_reason)}",
    }
    return sentences.get(story.state, "This is not waiting for anybody.")
