"""What people read of vouching: the person of what was said of them, the voucher of what they said, and answers.

It shows no code, and claims nothing that is not known.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.slack.actions import Action
from bot.slack.messages.parts import Message, button, said
from bot.slack.messages.resets import not_me
from bot.slack.words import clock, day_and_clock, inert, together
from bot.texts import as_told, say, template
from handlers.decisions.vouching import Spoken
from handlers.vouching.outcomes import AlreadyVouched, MayNot, Resting, Vouched
from storage.states import Ended


@dataclass(frozen=True, kw_only=True)
class Word:
    """What somebody said of somebody. visit: the handle in which it was asked for. purpose: of that.

    counts: it does by now. ended: one of storage.states.Ended, "" while nothing ended it; at ended_at.
    """

    visit: str
    purpose: str
    name: str
    voucher: str
    spoken: str
    at: datetime
    counts_from: datetime
    counts_until: datetime
    counts: bool
    ended: str
    ended_at: datetime | None


def vouched_message(word: Word) -> Message:
    """To the person, from the first word to the last: one message, edited in place."""
    who = inert(word.voucher)
    says = say(_SAYS[Spoken(word.spoken)]) if word.spoken in list(Spoken) else ""
    stop = say("Was this not you? One click stops it.")
    buttons = [not_me(word.visit)]
    if word.ended == Ended.USED:
        told = say(
            "✅ What *{name}* said of you was used at {time}: somebody proved by it, and by a code, to be you.",
            name=who,
            time=clock(word.ended_at or word.at),
        )
    elif word.ended:
        over = say("⛔ *{name}* vouched for you. That counts no more.", name=who)
        return said(together(over, say(_OVER[word.ended]) if word.ended in _OVER else ""))
    elif word.counts:
        told = say(
            "✅ What *{name}* said of you counts now, until {until}. Ask me once more for what you need, choose "
            "“Ask somebody to vouch for you” on the page, and have a code sent to your mail.",
            name=who,
            until=day_and_clock(word.counts_until),
        )
        if word.purpose == "reset":
            buttons = [button(say("Reset password"), Action.BE_VOUCHED, "reset", primary=True), *buttons]
    else:
        told = together(
            say("⏳ *{name}* vouched for you at {time}.", name=who, time=clock(word.at)),
            says,
            say(
                "That counts from {start} until {until}, and only with a code from your mail or a recovery code.",
                start=day_and_clock(word.counts_from),
                until=day_and_clock(word.counts_until),
            ),
        )
    return said(f"{told}\n{stop}", buttons=buttons)


def word_given_message(word: Word) -> Message:
    """To whoever vouched: so that a word given in their name does not go unseen."""
    who, when = inert(word.name), clock(word.at)
    if word.ended == Ended.USED:
        at = clock(word.ended_at or word.at)
        return said(
            say("✅ You vouched for *{name}* at {time}. It was used at {used}.", name=who, time=when, used=at)
        )
    if word.ended:
        return said(say("⛔ You vouched for *{name}* at {time}. That counts no more.", name=who, time=when))
    return said(
        together(
            say("✅ You vouched for *{name}* at {time}.", name=who, time=when),
            say(
                "It counts from {start} until {until}, and they have been told.",
                start=day_and_clock(word.counts_from),
                until=day_and_clock(word.counts_until),
            ),
            say("Was this not you? Tell the security team at once."),
        )
    )


def begin_message() -> Message:
    """To whoever says so in a direct message, from which no form opens by itself."""
    return said(
        say(
            "You can vouch for somebody who reports to you, or as the help desk, once you have spoken to them. "
            "They read a code to you."
        ),
        remark=say("Somebody else's code, read out to you, is the only one that is ever typed here."),
        buttons=[button(say("Vouch for somebody…"), Action.VOUCH, "vouch", primary=True)],
    )


def vouched_text(outcome: object) -> tuple[str, str]:
    """The title and the sentence that take the form's place; both "" if it stays or closes."""
    match outcome:
        case Vouched(name=name, counts_from=start, counts_until=until):
            return say("Vouched"), together(
                say("✅ You vouched for *{name}*.", name=inert(name)),
                say(
                    "It counts from {start} until {until}. They are told, and go on by themselves.",
                    start=day_and_clock(start),
                    until=day_and_clock(until),
                ),
            )
        case MayNot(reasons=reasons):
            return say("Not vouched"), together(
                say("⛔ You can't vouch for them, so nothing was changed."),
                *(inert(as_told(reason)) for reason in reasons),
                say("Their manager can, or the help desk."),
            )
        case AlreadyVouched(by=by):
            if not by:
                return say("Not vouched"), say("Their code is over by now. Have them ask for another one.")
            return say("Not vouched"), say(
                "*{name}* vouched for them already. Nothing more to do.", name=inert(by)
            )
        case Resting():
            return say("Not vouched"), say(
                "You typed too many wrong codes, so you can't vouch for anybody for a day. The security team knows."
            )
        case _:
            return "", ""


WRONG_CODE = template(
    "That is not the code that their page shows now. Have them read it once more; after a few wrong ones it is void."
)
NOBODY = template("I don't know who in the directory that is, so nobody can vouch for them here.")
NEEDS_TICKET = template("The help desk vouches with a ticket. Please name it.")


_SAYS: Mapping[Spoken, str] = {
    Spoken.IN_PERSON: template("They say that you met in person."),
    Spoken.VIDEO: template("They say that they saw you by video."),
    Spoken.KNOWN_NUMBER: template("They say that they called you by a number from the directory."),
}
_OVER: Mapping[str, str] = {
    Ended.CANCELLED: template("Whoever asked for it cancelled it."),
    Ended.REPORTED: template("It was said that it was not you, or not them."),
    Ended.VOID: template(
        "Whoever vouched may not any more, your account is off, or my records were restored. Ask once more, or "
        "somebody else."
    ),
}
