"""The App Home: one person's own access, their requests, what waits for their decision, and what they can do next.

It shows another person's request only to whoever can decide it, and is never kept between people (SL-18).
"""

import re
from collections.abc import Sequence
from datetime import datetime

from slack_sdk.models.blocks import Block, ButtonElement, DividerBlock, SectionBlock
from slack_sdk.models.views import View

from bot.slack.actions import Action
from bot.slack.messages.answers import how_held, nothing_held, read_remark, unknown_lines
from bot.slack.messages.during import give_back_button
from bot.slack.messages.parts import Message, actions, button, heading, note, section
from bot.slack.words import day_and_clock, duration, inert, until_from
from bot.texts import say, template
from handlers.questions.answers import Held
from handlers.questions.home import DECISIONS_SHOWN
from handlers.questions.overview import Overview, OwnRequest, Page, ToDecide
from storage.states import GrantState

HELD_SHOWN = 10
_MOST_OF_A_NAME = 80
_PAGE = re.compile(r"(\d{1,4})\.(\d{1,4})")


def page_of(value: str) -> Page:
    """The page that a button of ours names; the first for anything else."""
    found = _PAGE.fullmatch(value)
    return Page(held=int(found[1]), waiting=int(found[2])) if found else Page()


def home_view(seen: Overview, now: datetime) -> View:
    """Everything at a glance, as of `now`."""
    blocks: list[Block] = [
        *_waiting(seen, now),
        *_held(seen, now),
        *_requests(seen),
        *_recent(seen),
        DividerBlock(),
        *actions(_quick()),
        note(say("Write to me under Messages, or say “help”.")),
    ]
    return View(type="home", blocks=blocks)


def said_home(message: Message) -> View:
    """A sentence where the overview would stand, with what can be done all the same."""
    return View(type="home", blocks=[heading(say("Your access")), *message.blocks, *actions(_quick())])


def _quick() -> list[ButtonElement]:
    return [
        button(say("Ask for access…"), Action.ASK_FOR_ACCESS, "request", primary=True),
        button(say("Reset password"), Action.RESET_PASSWORD, "reset"),
        button(say("Manage my proofs"), Action.CARE_FOR_PROOFS, "care"),
    ]


def _waiting(seen: Overview, now: datetime) -> list[Block]:
    """What waits for this person comes first: somebody else waits with it."""
    if not seen.to_decide:
        return []
    blocks: list[Block] = [heading(say("Waiting for you ({count})", count=seen.waits))]
    for one in seen.to_decide:
        blocks += [section(_to_decide(one, now)), *actions(_decisions(one))]
    return [*blocks, *_pager(seen, seen.page.waiting, -(-seen.waits // DECISIONS_SHOWN), of="waiting")]


def _to_decide(one: ToDecide, now: datetime) -> str:
    asks = say("*{name}* asks for {what}", name=_called(one.requester), what=_asked(one))
    risk = say("risk {risk} of 5", risk=one.risk) if one.risk else ""
    lapses = say("lapses {from_now}", from_now=until_from(now, one.lapses_at)) if one.lapses_at else ""
    return " · ".join(part for part in (asks, risk, lapses) if part)


def _asked(one: OwnRequest | ToDecide) -> str:
    """What it is, whom it is for, if for another, and for how long."""
    what, length = inert(one.entitlement), duration(one.minutes)
    if not one.report:
        return say("*{entitlement}* for {duration}", entitlement=what, duration=length)
    return say(
        "*{entitlement}* for *{name}*, for {duration}",
        entitlement=what, name=_called(one.report), duration=length,
    )  # fmt: skip


def _called(name: str) -> str:
    """A name, which is whole in the form that opens: here a very long one must not keep the rest from being shown."""
    return inert(name if len(name) <= _MOST_OF_A_NAME else f"{name[: _MOST_OF_A_NAME - 1]}…")


def _decisions(one: ToDecide) -> list[ButtonElement]:
    """The forms repeat every fact before anything is decided."""
    return [
        button(say("Approve…"), Action.APPROVE, one.id),
        button(say("Deny…"), Action.DENY, one.id),
        button(say("Details"), Action.DETAILS, one.id),
    ]


def _held(seen: Overview, now: datetime) -> list[Block]:
    held, unknown = seen.access.held, unknown_lines(seen.access)
    remark = note(read_remark(seen.access, now))
    if not held:
        nothing = "\n".join([nothing_held(seen.access), *unknown])
        return [heading(say("Your access")), section(nothing), remark]
    title = heading(say("Your access ({count})", count=len(held)))
    pages = -(-len(held) // HELD_SHOWN)
    page = seen.page.held if seen.page.held < pages else 0
    shown = held[page * HELD_SHOWN : (page + 1) * HELD_SHOWN]
    blocks: list[Block] = [title, *(_one_held(one, now) for one in shown)]
    if unknown:
        blocks.append(section("\n".join(unknown)))
    return [*blocks, *_pager(seen, page, pages, of="held"), remark]


def _one_held(one: Held, now: datetime) -> SectionBlock:
    held = say("*{entitlement}*, {how}", entitlement=inert(one.entitlement), how=how_held(one, now))
    block = section(f"⌛ {held}" if one.ending else held)
    if one.grant is not None and not one.ending:
        block.accessory = give_back_button(one.grant, one.entitlement)
    return block


def _requests(seen: Overview) -> list[Block]:
    if not seen.requests:
        return []
    more = [note(say("And more; each has its message under Messages."))] if seen.more_requests else []
    return [heading(say("Your requests")), *(_one_request(one) for one in seen.requests), *more]


def _one_request(one: OwnRequest) -> SectionBlock:
    if one.state != GrantState.PENDING:
        return section(say("⏳ {what} is being set up", what=_asked(one)))
    owner = inert(one.owner) or say("its owner")
    if one.lapses_at:
        waits = say(
            "⏳ {what} waits for {owner}; it lapses {time}",
            what=_asked(one), owner=owner, time=day_and_clock(one.lapses_at),
        )  # fmt: skip
    else:
        waits = say("⏳ {what} waits for {owner}", what=_asked(one), owner=owner)
    block = section(waits)
    block.accessory = button(say("Withdraw"), Action.WITHDRAW, one.id)
    return block


def _recent(seen: Overview) -> list[Block]:
    if not seen.recent:
        return []
    return [heading(say("Before")), section("\n".join(_one_before(one) for one in seen.recent))]


def _one_before(one: OwnRequest) -> str:
    what, how = f"*{inert(one.entitlement)}*", say(_ENDS[one.state])
    if one.report:
        what = say("{entitlement} for {name}", entitlement=what, name=f"*{_called(one.report)}*")
    when = say("{how} {time}", how=how, time=day_and_clock(one.at)) if one.at else how
    return f"{_SIGNS[one.state]} {what}, {duration(one.minutes)}, {when}"


_ENDS = {
    GrantState.ENDED: template("ended"),
    GrantState.DENIED: template("denied"),
    GrantState.LAPSED: template("lapsed"),
    GrantState.WITHDRAWN: template("taken back by you"),
    GrantState.VOIDED: template("not granted after all"),
    GrantState.REFUSED: template("refused"),
}
_SIGNS = dict.fromkeys(_ENDS, "⌛") | dict.fromkeys(
    (GrantState.DENIED, GrantState.VOIDED, GrantState.REFUSED), "⛔"
)


def _pager(seen: Overview, page: int, pages: int, *, of: str) -> Sequence[Block]:
    """Earlier and later, where there is more than one page."""
    if pages < 2:
        return ()

    def to(number: int) -> str:
        held, waiting = (number, seen.page.waiting) if of == "held" else (seen.page.held, number)
        return f"{held}.{waiting}"

    turn = [
        *([button(say("Back"), Action.HOME_BACK, to(page - 1))] if page else []),
        *([button(say("More"), Action.HOME_MORE, to(page + 1))] if page + 1 < pages else []),
    ]
    return (*actions(turn), note(say("Page {page} of {pages}", page=page + 1, pages=pages)))
