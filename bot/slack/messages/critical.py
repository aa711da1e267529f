"""What must be known to decide about a request: who, what, how long, why and how risky; and what stands behind it.

Nothing here is cut short (promise 9), and it says nothing about how the request stands.
"""

from collections.abc import Sequence

from bot.slack.messages.naming import holder, name
from bot.slack.messages.requests import TIME_OVER, clause, needed
from bot.slack.words import (
    day,
    day_and_clock,
    duration,
    first,
    in_quotes,
    inert,
    listed,
    together,
    visible,
)
from bot.texts import as_known, as_told, say, say_counted
from handlers.requests.stories import GIVEN_BACK, GrantStory, Report, Requester
from storage.states import GrantState

_HOLDS_SHOWN = 5
_NAMES_SHOWN = 5
_HOLDS_IN_DETAILS = 25


def critical_facts(story: GrantStory) -> list[tuple[str, str]]:
    """Who, what, how long, why and how risky: whole, in this order."""
    report = [(say("For"), for_whom(story.report))] if story.report else []
    ticket = [(say("Ticket"), story.ticket)] if story.ticket else []
    return [
        (say("Who"), who(story.requester)),
        *report,
        (say("What"), thing(story)),
        (say("How long"), how_long(story)),
        (say("Why"), in_quotes(as_known(story.justification))),
        *ticket,
    ]


def thing(story: GrantStory) -> str:
    """What it is, where it is, and how risky."""
    entitlement = story.entitlement
    about = [entitlement.environment, say("risk {risk} of 5", risk=entitlement.risk)] if entitlement else []
    place = [say("in the directory {directory}", directory=story.directory)] if story.directory else []
    return ", ".join([name(story), *about, *place])


def how_long(story: GrantStory) -> str:
    """The time that is decided about, and what was asked for if an approver made it shorter."""
    if not story.asked_minutes:
        return say("{duration} from approval", duration=duration(story.minutes))
    return say(
        "{duration} from approval ({asked} were asked for)",
        duration=duration(story.minutes),
        asked=duration(story.asked_minutes),
    )


def who(requester: Requester) -> str:
    """The requester; the login stands beside the name, since names can be made to look alike (SL-3)."""
    about = [requester.login, requester.team]
    if requester.employment != "employee":
        about.append(as_told(requester.employment))
    if requester.manager:
        about.append(say("reports to {manager}", manager=requester.manager))
    known = ", ".join(part for part in map(visible, about) if part)
    return f"{visible(requester.name)} ({known})" if known else visible(requester.name)


def for_whom(report: Report) -> str:
    """A report whom the requester asked for: they hold it, and the requester does not."""
    return say(
        "{name} ({login}), who reports to the requester",
        name=visible(report.name),
        login=visible(report.login),
    )


def details_text(story: GrantStory) -> str:
    """What stands behind the request, for the Details form (mrkdwn)."""
    holds = listed(first([*map(inert, story.holds)], _HOLDS_IN_DETAILS))
    lines = [
        say("*Title*  {title}", title=inert(story.entitlement.title))
        if story.entitlement
        else say("*Title*  no longer in the catalogue"),
        say(
            "*Goes to*  the account `{account}` of the directory {directory}",
            account=inert(story.account), directory=inert(story.directory),
        )
        if story.account
        else "",
        say("*Asked*  {time}", time=day_and_clock(story.requested_at)),
        say("*Holds now*  {names}", names=holds)
        if holds
        else say("*Holds now*  nothing else in the catalogue"),
        say("*Had this before*  {times}", times=_had_before(story)),
        say("*Still needed*  {approvals}", approvals=needed(story))
        if story.state == GrantState.PENDING
        else "",
        say("*When it ends*  the removal takes effect {when}", when=inert(as_told(story.removal_takes_effect)))
        if story.removal_takes_effect
        else say("*When it ends*  the removal takes effect at an unknown time"),
        say("*Request*  {id}", id=f"`{story.id}`"),
    ]  # fmt: skip
    return "\n".join(line for line in lines if line)


def background(story: GrantStory) -> str:
    """What whoever it is for holds besides, and whether they had this before."""
    return together(_holdings(story), _had(story))


def _holdings(story: GrantStory) -> str:
    """All of it if it is little, otherwise how much, and the riskiest."""
    who, some = holder(story), listed([*map(inert, story.holds[:_HOLDS_SHOWN])])
    if not some:
        return say("{name} holds nothing else.", name=who)
    if len(story.holds) <= _HOLDS_SHOWN:
        return say("{name} holds {names}.", name=who, names=some)
    return say_counted(
        "{name} holds {count} other thing, the riskiest {names}.",
        "{name} holds {count} other things, the riskiest {names}.",
        len(story.holds),
        name=who,
        names=some,
    )


def _had(story: GrantStory) -> str:
    if not story.had and story.goes_on_from is not None:
        return say("They had never had it before.")  # they have it now, which stands beside this
    if not story.had:
        return say("They have never had this before.")
    if story.last or not story.had_last:
        return say_counted(
            "They have had this once before.", "They have had this {count} times before.", story.had
        )
    return say_counted(
        "They have had this once before, until {day}.",
        "They have had this {count} times before, last until {day}.",
        story.had,
        day=day(story.had_last),
    )


def _had_before(story: GrantStory) -> str:
    if not story.had:
        return say("never")
    times = say("once") if story.had == 1 else say_counted("{count} time", "{count} times", story.had)
    return say("{times}, last until {day}", times=times, day=day(story.had_last)) if story.had_last else times


def last_time(story: GrantStory) -> str:
    """When this was held last, for how long, by whose approval, and how it ended."""
    last = story.last
    if last is None:
        return ""
    at, length, how = day(last.at), duration(last.minutes), _how_it_went(last.end_reason)
    if not last.by:
        return say(
            "Last time: until {day}, for {duration}, given at once, {how}.", day=at, duration=length, how=how
        )
    return say(
        "Last time: until {day}, for {duration}, approved by {names}, {how}.",
        day=at, duration=length, names=listed([inert(one) for one in last.by[:_NAMES_SHOWN]]), how=how,
    )  # fmt: skip


def _how_it_went(end_reason: str) -> str:
    if end_reason == TIME_OVER:
        return say("ended on time")
    if end_reason == GIVEN_BACK:
        return say("given back early")
    return say("ended: {why}", why=clause(end_reason)) if end_reason else say("ended")


def some(names: Sequence[str]) -> list[str]:
    """A few of the names, inert, and how many more there are."""
    return first([inert(one) for one in names], _NAMES_SHOWN)
