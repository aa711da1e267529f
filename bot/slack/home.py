"""The App Home: one person's own access, their requests, what waits for their decision, and what they can do next.

It shows another person's request only to whoever can decide it, and is never kept between people (SL-18).
"""

import re
from collections.abc import Sequence
from datetime import datetime

from slack_sdk.models.blocks import Block, ButtonElement, DividerBlock, SectionBlock
from slack_sdk.models.views import View

from bot.slack.actions import Action
from bot.slack.messages.answers import how_held, read_remark, unknown_lines
from bot.slack.messages.parts import Message, actions, button, heading, note, section, sure_button
from bot.slack.words import counted, day_and_clock, duration, inert, until_from
from handlers.answers import Held
from handlers.home import DECISIONS_SHOWN
from handlers.overview import Overview, OwnRequest, Page, ToDecide
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
        note('Write to me under Messages, or say "help".'),
    ]
    return View(type="home", blocks=blocks)


def said_home(message: Message) -> View:
    """A sentence where the overview would stand, with what can be done all the same."""
    return View(type="home", blocks=[heading("Your access"), *message.blocks, *actions(_quick())])


def _quick() -> list[ButtonElement]:
    return [
        button("Ask for access…", Action.ASK_FOR_ACCESS, "request", primary=True),
        button("Reset password", Action.RESET_PASSWORD, "reset"),
        button("Manage my proofs", Action.CARE_FOR_PROOFS, "care"),
    ]


def _waiting(seen: Overview, now: datetime) -> list[Block]:
    """What waits for this person comes first: somebody else waits with it."""
    if not seen.to_decide:
        return []
    blocks: list[Block] = [heading(f"Waiting for you ({seen.waits})")]
    for one in seen.to_decide:
        blocks += [section(_to_decide(one, now)), *actions(_decisions(one))]
    return [*blocks, *_pager(seen, seen.page.waiting, -(-seen.waits // DECISIONS_SHOWN), of="waiting")]


def _to_decide(one: ToDecide, now: datetime) -> str:
    risk = f" · risk {one.risk} of 5" if one.risk else ""
    lapses = f" · lapses {until_from(now, one.lapses_at)}" if one.lapses_at else ""
    return f"*{_called(one.requester)}* asks for {_asked(one)}{risk}{lapses}"


def _asked(one: OwnRequest | ToDecide) -> str:
    """What it is, whom it is for, if for another, and for how long."""
    whose = f" for *{_called(one.report)}*," if one.report else ""
    return f"*{inert(one.entitlement)}*{whose} for {duration(one.minutes)}"


def _called(name: str) -> str:
    """A name, which is whole in the form that opens: here a very long one must not keep the rest from being shown."""
    return inert(name if len(name) <= _MOST_OF_A_NAME else f"{name[: _MOST_OF_A_NAME - 1]}…")


def _decisions(one: ToDecide) -> list[ButtonElement]:
    """The forms repeat every fact before anything is decided."""
    return [
        button("Approve…", Action.APPROVE, one.id),
        button("Deny…", Action.DENY, one.id),
        button("Details", Action.DETAILS, one.id),
    ]


def _held(seen: Overview, now: datetime) -> list[Block]:
    held, unknown = seen.access.held, unknown_lines(seen.access)
    remark = note(read_remark(seen.access, now))
    title = heading(f"Your access ({len(held)})" if held else "Your access")
    if not held:
        nothing = (
            "You hold nothing that I know of."
            if unknown
            else "You hold nothing from the catalogue right now."
        )
        return [title, section("\n".join([nothing, *unknown])), remark]
    pages = -(-len(held) // HELD_SHOWN)
    page = seen.page.held if seen.page.held < pages else 0
    shown = held[page * HELD_SHOWN : (page + 1) * HELD_SHOWN]
    blocks: list[Block] = [title, *(_one_held(one, now) for one in shown)]
    if unknown:
        blocks.append(section("\n".join(unknown)))
    return [*blocks, *_pager(seen, page, pages, of="held"), remark]


def _one_held(one: Held, now: datetime) -> SectionBlock:
    block = section(f"{'⌛ ' if one.ending else ''}*{inert(one.entitlement)}*, {how_held(one, now)}")
    if one.grant is not None and not one.ending:
        block.accessory = sure_button(
            "I'm done", Action.GIVE_BACK, one.grant, title="Give it back now?", yes="Yes, I'm done",
            facts=f"{one.entitlement} ends now instead of at its time. You can ask again.",
        )  # fmt: skip
    return block


def _requests(seen: Overview) -> list[Block]:
    if not seen.requests:
        return []
    more = [note("And more; each has its message under Messages.")] if seen.more_requests else []
    return [heading("Your requests"), *(_one_request(one) for one in seen.requests), *more]


def _one_request(one: OwnRequest) -> SectionBlock:
    what = f"⏳ {_asked(one)}"
    if one.state != GrantState.PENDING:
        return section(f"{what} is being set up")
    lapses = f"; it lapses {day_and_clock(one.lapses_at)}" if one.lapses_at else ""
    block = section(f"{what} waits for {inert(one.owner) or 'its owner'}{lapses}")
    block.accessory = button("Withdraw", Action.WITHDRAW, one.id)
    return block


def _recent(seen: Overview) -> list[Block]:
    if not seen.recent:
        return []
    return [heading("Before"), section("\n".join(_one_before(one) for one in seen.recent))]


def _one_before(one: OwnRequest) -> str:
    sign, word = _ENDS[one.state]
    when = f" {day_and_clock(one.at)}" if one.at else ""
    whose = f" for *{_called(one.report)}*" if one.report else ""
    return f"{sign} *{inert(one.entitlement)}*{whose}, {duration(one.minutes)}, {word}{when}"


_ENDS = {
    GrantState.ENDED: ("⌛", "ended"),
    GrantState.DENIED: ("⛔", "denied"),
    GrantState.LAPSED: ("⌛", "lapsed"),
    GrantState.WITHDRAWN: ("⌛", "taken back by you"),
    GrantState.VOIDED: ("⛔", "not granted after all"),
    GrantState.REFUSED: ("⛔", "refused"),
}


def _pager(seen: Overview, page: int, pages: int, *, of: str) -> Sequence[Block]:
    """Earlier and later, where there is more than one page."""
    if pages < 2:
        return ()

    def to(number: int) -> str:
        held, waiting = (number, seen.page.waiting) if of == "held" else (seen.page.held, number)
        return f"{held}.{waiting}"

    turn = [
        *([button("Back", Action.HOME_BACK, to(page - 1))] if page else []),
        *([button("More", Action.HOME_MORE, to(page + 1))] if page + 1 < pages else []),
    ]
    return (*actions(turn), note(f"Page {page + 1} of {counted(pages, 'page')}"))
