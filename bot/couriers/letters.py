"""The mails Wicket sends, as plain text: the answer first, then why, then what to do.

Pure: facts in, letter out. Only one carries a code. Links only stop things, but for that to the page of a petition,
which opens nothing by itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from bot.couriers.petition_letters import PETITION_LETTERS, Told
from bot.slack.words import in_full
from bot.texts import say, say_counted, template
from handlers.decisions.helping import Act
from handlers.decisions.vouching import Spoken
from handlers.help_desk.telling import DESK_ACT
from handlers.vouching.telling import COUNTS, VOUCHED
from storage.states import Changed, Result


@dataclass(frozen=True, kw_only=True)
class WordTold:
    """Somebody's word. voucher: their name. spoken: a handlers.decisions.vouching.Spoken."""

    voucher: str
    spoken: str
    counts_from: datetime
    counts_until: datetime


@dataclass(frozen=True, kw_only=True)
class HelpTold:
    """What a help desk did. act: a handlers.decisions.helping.Act. helper: their name."""

    act: str
    helper: str
    ticket: str


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What letters are written from. at: aware UTC.

    result: how the change of the visit ended. what: what changed about the proofs; thing: the name of the passkey.
    word: what somebody said of them who vouched for them, if the letter is about that.
    code: for the letter that carries one. minutes: how long it works. stop: where whoever it was not can stop it.
    help: what a help desk did for them. alone: the code needs no other beside it. petition: for the letters about one.
    """

    name: str
    at: datetime
    result: Result = Result.DONE
    what: Changed = Changed.SET_UP
    thing: str = ""
    code: str = ""
    minutes: int = 0
    stop: str = ""
    alone: bool = False
    petition: Told | None = None
    word: WordTold | None = None
    help: HelpTold | None = None


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A mail before it has an address."""

    subject: str
    body: str


def letter(kind: str, facts: Facts) -> Letter:
    """The letter of this kind. KeyError for a kind that is never sent by mail."""
    subject, paragraphs = _KINDS[kind](facts)
    name = " ".join(facts.name.split())
    greeting = say("Hello {name},", name=name) if name else say("Hello,")
    # Paragraphs are not wrapped: every reader wraps them to its own width.
    body = "\n\n".join((greeting, *filter(None, paragraphs), "Wicket"))
    return Letter(subject=subject, body=body + "\n")


_SIGNED_OUT = {
    Result.SESSIONS_OPEN: template(
        "You could not be signed out elsewhere: where you are still signed in, sign out yourself."
    ),
    Result.NO_SESSIONS: template(
        "Your directory can't end sessions: where you are still signed in, sign out yourself."
    ),
}


_RECOVERY = {
    Result.LINK_SENT: template("Your password is being recovered"),
    Result.PASS_MADE: template("A temporary pass was made for you"),
}
_RECOVERED = {
    Result.LINK_SENT: template(
        "Your company's directory was asked to let you choose a new password; it writes to you itself."
    ),
    Result.PASS_MADE: template(
        "A temporary pass that signs you in was made and shown once on Wicket's secure page."
    ),
}


def _password_changed(facts: Facts) -> tuple[str, tuple[str, ...]]:
    when = in_full(facts.at)
    if facts.result == Result.UNKNOWN:
        return say("It is not known whether your password was changed"), (
            say(
                "Somebody who proved to be you asked for a new password on {time}. The directory did not answer in "
                "time, so it is not known whether it was changed.",
                time=when,
            ),
            say("Try to sign in with the new password. If that fails, the old one still holds."),
            _not_you(facts),
        )
    if facts.result in _RECOVERED:
        return say(_RECOVERY[facts.result]), (
            say(_RECOVERED[facts.result]),
            say("That was on {time}, after you proved who you are on Wicket's secure page.", time=when),
            _not_you(facts),
        )
    if facts.result in _SIGNED_OUT:
        signed_out = say(_SIGNED_OUT[facts.result])
    else:
        signed_out = say("You were signed out everywhere. Sign in with the new one.")
    return say("Your password was changed"), (
        say(
            "Your password was changed on {time}, after you proved who you are on Wicket's secure page.",
            time=when,
        ),
        signed_out,
        _not_you(facts),
    )


def _password_changing(facts: Facts) -> tuple[str, tuple[str, ...]]:
    return say("A new password is being set for you"), (
        say(
            "On {time} somebody proved to be you on Wicket's secure page and is setting a new password. This mail is "
            "sent before it takes effect, and another one follows when it did. If none follows, nothing was changed.",
            time=in_full(facts.at),
        ),
        _not_you(facts),
    )


def _reset_refused(facts: Facts) -> tuple[str, tuple[str, ...]]:
    return say("A password reset was refused"), (
        say(
            "On {time} somebody wanted a new password for your account. It was refused, since the mail address of your "
            "account changed less than 72 hours ago. Nothing was changed. This mail goes to the new address and to the "
            "one before.",
            time=in_full(facts.at),
        ),
        say("If it was you, wait until the three days are over, or go to the IT desk in person."),
        say(
            "Was this not you, or did you not change your address? Tell {contact} at once.",
            contact=_contact(),
        ),
    )


def _account_unlocked(facts: Facts) -> tuple[str, tuple[str, ...]]:
    when = in_full(facts.at)
    if facts.result == Result.UNKNOWN:
        return say("It is not known whether your account is unlocked"), (
            say(
                "Somebody who proved to be you asked to unlock your account on {time}. The directory did not answer in "
                "time, so it is not known whether it is unlocked. Try to sign in.",
                time=when,
            ),
            _not_you(facts),
        )
    return say("Your account was unlocked"), (
        say(
            "Your account was unlocked on {time}, after you proved who you are on Wicket's secure page.",
            time=when,
        ),
        say("You can sign in again with the password you have."),
        _not_you(facts),
    )


_SUBJECTS: Mapping[Changed, str] = {
    Changed.SET_UP: template("Your authenticator was set up"),
    Changed.PASSKEY_ADDED: template("A passkey was added to your proofs"),
    Changed.PASSKEY_RENAMED: template("A passkey of yours was renamed"),
    Changed.PASSKEY_REMOVED: template("A passkey was removed from your proofs"),
    Changed.PASSKEY_STOPPED: template("A passkey of yours was stopped"),
    Changed.AUTHENTICATOR_ADDED: template("An authenticator was added to your proofs"),
    Changed.AUTHENTICATOR_REPLACED: template("Your authenticator was replaced"),
    Changed.AUTHENTICATOR_REMOVED: template("Your authenticator was removed"),
    Changed.RECOVERY_CODES: template("New recovery codes were made for you"),
    Changed.REGAINED: template("New proofs were set up for you"),
}
_CHANGES: Mapping[Changed, str] = {
    Changed.SET_UP: template(
        "A new authenticator and new recovery codes were set up for you on {time}. Older ones stopped working."
    ),
    Changed.PASSKEY_ADDED: template("The passkey “{thing}” was added to your proofs on {time}."),
    Changed.PASSKEY_RENAMED: template("A passkey of yours is called “{thing}” since {time}."),
    Changed.PASSKEY_REMOVED: template(
        "The passkey “{thing}” was removed from your proofs on {time}. It proves nothing any more."
    ),
    Changed.PASSKEY_STOPPED: template(
        "Your passkey “{thing}” was stopped on {time}: a second one with the same key seems to exist. Nobody can "
        "show it any more, and the security team has been told. Add a new passkey, then remove this one."
    ),
    Changed.AUTHENTICATOR_ADDED: template("An authenticator was added to your proofs on {time}."),
    Changed.AUTHENTICATOR_REPLACED: template(
        "Your authenticator was replaced on {time}. The old one proves nothing any more."
    ),
    Changed.AUTHENTICATOR_REMOVED: template(
        "Your authenticator was removed from your proofs on {time}. It proves nothing any more."
    ),
    Changed.REGAINED: template(
        "New proofs and new recovery codes were set up for you on {time}, in the place of all that you had. Older ones "
        "prove nothing any more."
    ),
    Changed.RECOVERY_CODES: template(
        "New recovery codes were made for you on {time}. Older ones stopped working."
    ),
}


def _proofs_changed(facts: Facts) -> tuple[str, tuple[str, ...]]:
    told = say(_CHANGES[facts.what], time=in_full(facts.at), thing=" ".join(facts.thing.split()))
    return say(_SUBJECTS[facts.what]), (told, _not_you(facts))


def _mail_code(facts: Facts) -> tuple[str, tuple[str, ...]]:
    return say("Your code for Wicket's secure page"), (
        say("Your code is {code}", code=facts.code),
        say_counted(
            "Type it on the page that you have open. It works once, for {count} minute.",
            "Type it on the page that you have open. It works once, for {count} minutes.",
            facts.minutes,
        )
        if facts.alone
        else say_counted(
            "Type it on the page that you have open, together with a recovery code. "
            "It works once, for {count} minute.",
            "Type it on the page that you have open, together with a recovery code. "
            "It works once, for {count} minutes.",
            facts.minutes,
        ),
        say(
            "Nobody will ask you for it in Slack, on the phone or by mail. If you did not ask for it, somebody else "
            "did in your name: tell {contact}.",
            contact=_contact(),
        ),
    )


def _petition(write: Callable[[Told], tuple[str, ...]], facts: Facts) -> tuple[str, tuple[str, ...]]:
    if facts.petition is None:
        raise KeyError("a letter about a petition needs one")
    subject, *told = write(facts.petition)
    return subject, (*told, _not_you(facts))


_SPOKEN: Mapping[str, str] = {
    Spoken.IN_PERSON: template("They say that they met you."),
    Spoken.VIDEO: template("They say that they saw you by video."),
    Spoken.KNOWN_NUMBER: template("They say that they called you by a number from the directory."),
}


def _vouched(facts: Facts) -> tuple[str, tuple[str, ...]]:
    word = _word_of(facts)
    return say("Somebody vouched for you"), (
        say(
            "On {time} {voucher} told Wicket that they have spoken to you, and that you need help with your account.",
            time=in_full(facts.at), voucher=word.voucher,
        ),
        say(_SPOKEN[word.spoken]) if word.spoken in _SPOKEN else "",
        say(
            "It counts from {start} until {until}, and only together with a code from your mail or a recovery code. "
            "Nothing was changed so far.",
            start=in_full(word.counts_from), until=in_full(word.counts_until),
        ),
        _not_you(facts),
    )  # fmt: skip


def _vouching_counts(facts: Facts) -> tuple[str, tuple[str, ...]]:
    word = _word_of(facts)
    return say("You can go on: somebody vouched for you"), (
        say(
            "What {voucher} said of you counts now, until {until}.",
            voucher=word.voucher, until=in_full(word.counts_until),
        ),
        say(
            "Ask Wicket in Slack once more for what you need; if Slack is closed to you, begin at the page's own front "
            "door. There, choose “Ask somebody to vouch for you”, and have a code sent to this address."
        ),
        _not_you(facts),
    )  # fmt: skip


def _word_of(facts: Facts) -> WordTold:
    if facts.word is None:
        raise ValueError("the letter is about somebody's word, and there is none")
    return facts.word


def _desk_act(facts: Facts) -> tuple[str, tuple[str, ...]]:
    if facts.help is None:
        raise ValueError("the letter is about an act of the help desk, and there is none")
    act, helper, ticket = Act(facts.help.act), facts.help.helper, facts.help.ticket
    told = say(_ACTS[act], time=in_full(facts.at), name=helper, ticket=ticket)
    return say(_ACT_SUBJECTS[act]), (told, say(_ACT_NEXT[act]), _not_you(facts))


_ACT_SUBJECTS: Mapping[Act, str] = {
    Act.UNLOCK: template("The help desk unlocks your account"),
    Act.RESET: template("The help desk started a password reset for you"),
    Act.RECHECK: template("The help desk had your access checked"),
}
_ACTS: Mapping[Act, str] = {
    Act.UNLOCK: template(
        "On {time} {name} of the help desk had Wicket unlock your account, for ticket {ticket}. Your password stays as "
        "it is."
    ),
    Act.RESET: template(
        "On {time} {name} of the help desk started a password reset for you, for ticket {ticket}. Nothing was changed "
        "so far."
    ),
    Act.RECHECK: template(
        "On {time} {name} of the help desk had Wicket check your access again, for ticket {ticket}. Nobody gets "
        "anything new by it."
    ),
}
_ACT_NEXT: Mapping[Act, str] = {
    Act.UNLOCK: template("Were the wrong passwords not yours? Then reset your password, too."),
    Act.RESET: template(
        "Wicket wrote to you in Slack how to go on. You prove who you are on its secure page; nobody of the help desk "
        "ever asks for a password or a code."
    ),
    Act.RECHECK: template("What was found stands in Wicket's message to you in Slack."),
}


_KINDS: Mapping[str, Callable[[Facts], tuple[str, tuple[str, ...]]]] = {
    VOUCHED: _vouched,
    COUNTS: _vouching_counts,
    DESK_ACT: _desk_act,
    "password-changing": _password_changing,
    "password-changed": _password_changed,
    "reset-refused": _reset_refused,
    "account-unlocked": _account_unlocked,
    "proofs-changed": _proofs_changed,
    "mail-code": _mail_code,
    **{kind: partial(_petition, write) for kind, write in PETITION_LETTERS.items()},
}
KINDS = frozenset(_KINDS)


def _contact() -> str:
    return say("your security team")


def _not_you(facts: Facts) -> str:
    if not facts.stop:
        return say("Was this not you? Tell {contact} at once.", contact=_contact())
    open_ = say(
        "Was this not you? Open this page and press its button. You need not sign in: it can only stop things, and it "
        "tells {contact}.",
        contact=_contact(),
    )
    return f"{open_}\n{facts.stop}"
