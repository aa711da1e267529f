"""What staff type, read by fixed rules: the same words always mean the same thing.

It never acts, and never takes for certain what it only half recognised: the most it does is draft a request.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Literal

from handlers.decisions.asking_about import REFUSED, asked_about, bare_name
from handlers.decisions.asking_after import asks_after
from handlers.decisions.courtesies import EMOJI, courtesy_in
from handlers.decisions.drafts import named_in, read_draft
from handlers.decisions.for_others import for_somebody
from handlers.decisions.misspelt import put_right
from handlers.decisions.names import Names
from handlers.decisions.said_otherwise import (
    also_named,
    another_named,
    as_one_line,
    held_name,
    is_about_all,
    is_for_another,
    is_wish,
    is_worried,
    sentences_of,
    wanted_by_another,
    wishes_in,
)
from handlers.decisions.stop_words import wants_a_stop
from handlers.decisions.tickets import ticket_of
from handlers.decisions.typed_secrets import is_secret
from handlers.decisions.understanding import (
    BreakGlass,
    CareForProofs,
    CheckMembership,
    Courteous,
    DelegateApprovals,
    DidYouMean,
    DraftRequest,
    EnrolProofs,
    FollowUp,
    ForAnother,
    Help,
    LinkAccount,
    ListAccess,
    ListPossible,
    LostProofs,
    NearlyUnderstood,
    NotUnderstood,
    PasswordExpiry,
    ResetPassword,
    SeveralNamed,
    StopAccess,
    TakeCheckpoint,
    Understanding,
    UnlockAccount,
    VouchFor,
    WhyRefused,
    Worried,
)

# Rules look at no more than this many characters; only a justification may go on.
_HEAD = 400

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]+")
_INVISIBLE = re.compile(r"[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]+")
_FENCE = "```"  # how Slack sends what stands in a block of code
_APOSTROPHES = str.maketrans("’‘ʼ`´", "'''''")  # noqa: RUF001 - the look-alikes are what people's keyboards type

_POLITE = re.compile(
    rf"(?:(?:<@[A-Z0-9]+>|{EMOJI}"
    r"|hi|hello|hey|hallo|good (?:morning|afternoon|evening)|dear|wicket|please|pls|ok|okay|thanks|sorry"
    r"|thank you|(?:could|can|would|will) (?:you|u)(?: help me(?: to)?)?|help me(?: to)?"
    r"|(?:could|can|would|will) (?:some(?:body|one)|any(?:body|one))"
    r"(?=(?: please)? (?:(?:give|grant|let|add|put|make) me|unlock|unblock|reset|help)\b)|i must|how (?:do|can) i"
    r"|i (?:want|need|would like|have|wish) (?:you )?to|i'd like (?:you )?to)(?:[\s,.!:-]+|$))+",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"[\s,.!?;:]*(?:\b(?:please|pls|thanks|thank you|thx|asap|again|(?:right )?now|at the moment|currently)"
    r"[\s,.!?;:]*)*$",
    re.IGNORECASE,
)

_PASSWORD = r"(?:my |the )?(?:password|passwort|passphrase|pw)"  # noqa: S105 - the word, not a password
_ACCOUNT = r"(?:my |the )?(?:own )?(?:user )?(?:account|login|user)"
_DEVICE = (
    r"(?:my |the )?(?:own |mobile |work |security |only )?(?:phone|mobile|smartphone|authenticator(?: app)?|passkeys?"
    r"|proofs?|recovery codes?|yubikey|security key|second factor|2fa|mfa)"
)

# What it is for is chosen in the form: a name behind it is no reason to understand nothing at such a time.
_GLASS = r"break[ -]?(?:the[ -])?glass"
_MINE = r"(?:my (?:last )?(?:request|wish)|this|that|it)"

_COMMANDS: tuple[tuple[re.Pattern[str], Understanding], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), meaning)
    for pattern, meaning in (
        (
            rf"(?:reset|change|renew|replace|recover) {_PASSWORD}|(?:password|pw) (?:reset|change)|reset"
            r"|(?:set|choose) (?:a |my )?new (?:password|passphrase)"
            rf"|(?:i (?:want|need|would like) )?(?:a )?(?:new password|password reset)"
            rf"|(?:i |i've |i have )?(?:forgot|forgotten|lost) {_PASSWORD}"
            rf"|i (?:don't know|do not know|can't remember|cannot remember) {_PASSWORD}"
            rf"|{_PASSWORD} (?:is|has|was) (?:expired|forgotten|lost)",
            ResetPassword(),
        ),
        (
            rf"(?:unlock|unblock)(?: me| {_ACCOUNT})?|account unlock"
            rf"|(?:i'm|im|i am|i got|i was|i've been|i have been) (?:locked|blocked)(?: out)?(?: of {_ACCOUNT})?"
            rf"|(?:locked out|account locked)|{_ACCOUNT} (?:is|got|was|has been) (?:locked|blocked)(?: out)?",
            UnlockAccount(),
        ),
        (
            r"(?:what|which) (?:access|permissions|rights|groups) (?:do|can) i (?:currently |still )?(?:have|hold|use)"
            r"|what (?:do i have(?: access to)?|do i hold|can i access|have i got)"
            r"|(?:which|what) groups am i (?:in|a member of)"
            r"|(?:(?:show|list|tell|give)(?: me)? )?(?:all )?(?:my|what'?s my|what is my) (?:current )?"
            r"(?:access|groups|permissions|rights|grants)|(?:list |show )?access",
            ListAccess(),
        ),
        (
            rf"when (?:does|will|did|is) {_PASSWORD} (?:expire|run out|expiring|due)"
            rf"|(?:is|has) {_PASSWORD} (?:expired|expiring)(?: soon)?|{_PASSWORD} (?:expiry|expiration)(?: date)?"
            rf"|how long (?:until {_PASSWORD} expires|is {_PASSWORD} (?:still )?valid|does {_PASSWORD} last)"
            rf"|when (?:do|must) i (?:have to |need to )?change {_PASSWORD}",
            PasswordExpiry(),
        ),
        (
            r"(?:set up|setup|enrol|enroll|register|add|get|create|renew|new|replace)(?: (?:my|a|an|the|new))*"
            r" (?:authenticator(?: app)?|recovery codes?|proofs?|totp|2fa|mfa|second factor)"
            r"|enrol|enroll|authenticator|recovery codes?|(?:2fa|mfa|totp)",
            EnrolProofs(),
        ),
        (
            r"(?:(?:manage|show|list|see|look after|care for|change|rename|remove|delete)(?: me)?(?: (?:my|a|the))* )?"
            r"(?:my )?(?:proofs|passkeys?|authenticators and passkeys)|what proofs (?:do|have) i (?:have|got)"
            r"|where (?:do|can) i find my (?:recovery codes|proofs|passkeys?|authenticator)"
            r"|(?:manage|show|see|change|remove|delete) my (?:authenticator|recovery codes)"
            r"|(?:set up|setup|enrol|enroll|register|add|get|create|make|new)(?: (?:my|a|the|new|another))* passkeys?",
            CareForProofs(),
        ),
        (
            r"(?:what|which)(?: access| groups?| things?)? (?:can|could|may) i"
            r" (?:ask for|request|get(?: access to)?|have)|what am i allowed to (?:ask for|request|have|get)"
            r"|(?:what|which) (?:groups?|access|things) (?:is|are) there|list(?: all)?|catalog(?:ue)?",
            ListPossible(),
        ),
        (
            rf"why (?:was|am|were|did) i(?: get)? {REFUSED}|why (?:was|is|were) {_MINE} {REFUSED}"
            rf"|why did (?:you|they|it|he|she|wicket) (?:refuse|deny|reject|decline)(?: me| {_MINE})?|why(?: not)?"
            r"|why can(?:'t i| ?not i| i not) (?:have|get) (?:it|this|that)",
            WhyRefused(),
        ),
        (r"(?:(?:take|sign|make)(?: me)?(?: (?:a|an|the))* )?(?:audit )?checkpoint", TakeCheckpoint()),
        (
            rf"(?:i (?:need|want|have) to )?{_GLASS}(?![ -]drill)(?:[ :,]+.{{1,120}})?|emergency access",
            BreakGlass(),
        ),
        (rf"{_GLASS}[ -]drill(?:[ :,]+.{{1,120}})?|(?:emergency )?drill", BreakGlass(drill=True)),
        (r"(?:vouch|vouching)(?: for)?(?: .{1,120})?", VouchFor()),
        (
            r"(?:delegate|hand over|pass on)(?: (?:all|my|our|the|some|of))* approvals?(?: .{1,200})?"
            r"|delegate(?: to .{1,80})?",
            DelegateApprovals(),
        ),
        (
            rf"(?:i |i've |i have )?(?:just |all )?(?:lost|broke|broken|dropped)(?: all(?: of)?)? {_DEVICE}"
            rf"|{_DEVICE} (?:is|was|has been|are|were|got) (?:lost|stolen|broken|gone|away)"
            rf"|{_DEVICE} (?:(?:is |are )?not working|(?:doesn't|does not|don't|do not|won't) work|isn't working)"
            r"(?: any ?more)?"
            r"|(?:i (?:have|got|bought|use|have got) |i've got )?(?:a |my )?new (?:phone|mobile|smartphone)"
            r"|i (?:have |just |'ve )*(?:changed|replaced) my (?:phone|mobile|smartphone)"
            rf"|(?:i )?(?:don't|do not|no longer|can't|cannot) (?:have|find|use) {_DEVICE}(?: any ?more)?"
            r"|(?:somebody|someone) stole my (?:phone|laptop|security key|key)"
            r"|lost|lost (?:proofs?|everything)|i lost everything",
            LostProofs(),
        ),
        (r"(?:link|connect)(?: me| my| slack| account)*|(?:sign|log) (?:me )?in|signin|login", LinkAccount()),
        (
            r"help(?: me)?|i need help|commands|menu|start|what (?:can|do) you do"
            r"|what can i (?:do|ask)(?: here)?|how does (?:this|it) work|who are you",
            Help(),
        ),
    )
)

# Who cannot get in is locked out, or has a wrong password: only they can tell.
_KEPT_OUT = re.compile(
    rf"(?:(?:but|and|no|yes|great|nice|fine),? )*"
    rf"(?:(?:now )?(?:i'?m |i am )?(?:still |again |now )?locked out|{_ACCOUNT} is still (?:locked|blocked)|"
    r"(?:i )?(?:still )?(?:can'?t|cannot|can not|couldn't) (?:log|sign|get) ?in(?:to my account)?(?: any ?more)?"
    rf"|{_PASSWORD} (?:doesn't|does not|no longer|isn't|is not) (?:work|works|working|accepted)(?: any ?more)?"
    r"|(?:i )?(?:need |have )?(?:some |a )?(?:help|problems?|trouble|issues?) with"
    rf" (?:{_PASSWORD}|{_ACCOUNT}|logging in)"
    r"|(?:my |the )?log ?in (?:failed|fails|doesn't work|does not work|is not working|isn't working))",
    re.IGNORECASE,
)
_NEARLY: Mapping[type[Understanding], Literal["reset", "unlock", "access"]] = {
    ResetPassword: "reset",
    UnlockAccount: "unlock",
    ListAccess: "access",
}

# The openings of a request. Some can only mean access; after the others it takes a name or a time to believe it.
_SURELY = re.compile(
    r"(?:request(?:ing)?|ask(?:ing)? for|apply for|grant me|add me to|put me in(?:to)?|let me in(?:to)?)(?:\s|$)",
    re.IGNORECASE,
)
_MAYBE = re.compile(
    r"(?:(?:i|we)(?:'d| would)? (?:really |urgently |just )?(?:need|want|like|require)"
    r"|(?:can|could|may) (?:i|we) (?:please )?(?:have|get|use|borrow)|(?:give|get|let|make) me(?: have| use)?"
    r"|need|want|have|get|use|join)(?:\s|$)",
    re.IGNORECASE,
)
_ACCESS = re.compile(
    r"(?P<kind>(?:(?:a|an|the|some|my|temporary|temp|short|permanent|standing|read|write|read-only|edit|admin|full|urgent"
    r"|emergency|and|read/write)\s){0,5})acc?ess?(?:\s(?:to|for|on|in|of)\b)?(?:\s|$)",
    re.IGNORECASE,
)
_ENDLESS = re.compile(r"\b(?:permanent|standing)\b", re.IGNORECASE)


def understand(text: str, names: Names) -> Understanding:
    """What the text asks for. Any text at all is fine; the time this takes grows no faster than its length."""
    line, whole = _line(as_one_line(text)), _line(text)
    meaning = _meaning(line, names)
    if isinstance(meaning, NotUnderstood) and is_secret(line):
        return Courteous(kind="secret")
    if line != whole and (meaning == TakeCheckpoint() or type(meaning) in _NEARLY):
        # Quoted, or with something below that may say that it is not wanted: nobody said this and no more.
        commands = tuple(_commands(meaning))
        return NearlyUnderstood(commands=commands) if commands else NotUnderstood()
    return meaning


def _line(text: str) -> str:
    line = " ".join(_INVISIBLE.sub("", _CONTROL.sub(" ", text)).split())
    return line.strip("` ") if line.startswith(_FENCE) else line


def _meaning(line: str, names: Names) -> Understanding:
    """What one line asks for."""
    if not line:
        return Help()
    head = line[:_HEAD].translate(_APOSTROPHES)
    polite = _POLITE.match(head)
    start = polite.end() if polite else 0
    # Something may be called "status", or "morning".
    is_name = any(map(names.exactly, (head, *(_CLOSING.sub("", one) for one in (head, head[start:])))))
    if not is_name and (courtesy := courtesy_in(head)) is not None:
        return courtesy
    if start == len(line):
        return Help() if any(map(str.isalpha, line)) else NotUnderstood()
    if len(line) <= _HEAD:
        spoken = _CLOSING.sub("", head[start:])
        whole = _CLOSING.sub("", head) if start else spoken
        if not whole:
            return Help() if "?" in head else NotUnderstood()
        for pattern, meaning in _COMMANDS:
            # With and without its opening, since "how do I …" is politeness before some and part of others.
            if is_name and meaning == ListPossible():
                continue  # "catalog"
            if pattern.fullmatch(spoken) or (start and pattern.fullmatch(whole)):
                return meaning
        if (several := _one_at_a_time(spoken, names)) is not None:
            return several
        asked = asked_about(spoken, names) or (asked_about(whole, names) if start else None)
        if not is_name and not (asked and not isinstance(asked, DidYouMean)) and asks_after(spoken):
            return FollowUp()
        if is_worried(spoken):
            return Worried()
        if (other := for_somebody(spoken)) is not None:
            return replace(other, ticket=ticket_of(head) or "")
        if asked is not None:
            return asked
        if not is_name and is_about_all(spoken):
            return ListAccess()
        if (held := _about_held(spoken, names)) is not None:
            return held
        if not is_name and wants_a_stop(spoken):
            return StopAccess()
        if (nearly := _nearly(spoken)) is not None:
            return nearly
    return _wish(line, start, names)


def _wish(line: str, start: int, names: Names) -> Understanding:
    """What access a line asks for, and for whom. start: where it does, after what is only polite."""
    head = line[:_HEAD].translate(_APOSTROPHES)
    wish = _with_more(_request(line[start:], head[start:], names), names)
    draft = wish.draft if isinstance(wish, SeveralNamed | DidYouMean) else wish
    other = another_named(head, draft.justification) if isinstance(draft, DraftRequest) else ""
    if other and names.exactly(other) is None:
        return ForAnother()
    if isinstance(wish, NotUnderstood) or (isinstance(wish, DidYouMean) and not _opens(head[start:])):
        spoken = _CLOSING.sub("", head[start:])
        if is_for_another(spoken) or names.exactly(bare_name(wanted_by_another(spoken))) is not None:
            return ForAnother()
        return _by_sentences(line, names) or wish
    return wish


def _with_more(wish: Understanding, names: Names) -> Understanding:
    """Several are wanted where the reason ends in ", also" and the very name of another."""
    if not isinstance(wish, DraftRequest) or wish.entitlement is None:
        return wish
    more = names.exactly(also_named(wish.justification))
    if more is None or more == wish.entitlement:
        return wish
    return SeveralNamed(entitlements=(wish.entitlement, more), draft=replace(wish, entitlement=None))


def _one_at_a_time(spoken: str, names: Names) -> Understanding | None:
    """What two commands in one line are answered with, or a command and a wish: none of it is done by half a line."""
    meant = {one: _meaning(one, names) for one in wishes_in(spoken)}
    commands = tuple(dict.fromkeys(each for one in meant.values() for each in _commands(one)))
    wanted = {named for one in meant.values() for named in named_in(one)}
    if not commands or not all(any(_commands(one)) or named_in(one) for one in meant.values()):
        return None
    whole = _request(spoken, spoken, names)
    if not wanted.issuperset(named_in(whole)):
        return None  # what it is called has such words in it
    if not wanted:
        return NearlyUnderstood(commands=commands)
    is_wished = any(is_wish(said) for said, one in meant.items() if any(_commands(one)))
    return Courteous(kind="one_at_a_time") if is_wished or whole == NotUnderstood() else None


def _opens(head: str) -> bool:
    return bool(_SURELY.match(head) or _MAYBE.match(head))


def _about_held(spoken: str, names: Names) -> Understanding | None:
    """What they would give back, keep longer or cannot use, if its name is certain."""
    exact = names.exactly(bare_name(held_name(spoken)))
    return None if exact is None else CheckMembership(entitlement=exact)


def _by_sentences(line: str, names: Names) -> Understanding | None:
    """What one of several sentences asks for: a draft, with the others as its reason, or a command to be asked back.

    Fear for an account, and lost proofs, come before anything else.
    """
    said = sentences_of(line) if len(line) <= _HEAD else ()
    meant = [_meaning(one, names) for one in said]
    for first in (Worried(), LostProofs()):
        if first in meant:
            return first
    for at, one in enumerate(meant):
        if isinstance(one, DraftRequest) and one.entitlement is not None and _opens(said[at]):
            others = " ".join(
                each
                for each, meaning in zip(said[:at], meant, strict=False)
                if not isinstance(meaning, Courteous)
            )
            return replace(one, justification=one.justification or others or None)
    if ForAnother() in meant:
        return ForAnother()
    commands = dict.fromkeys(command for one in meant for command in _commands(one))
    return NearlyUnderstood(commands=tuple(commands)) if commands else None


def _commands(meaning: Understanding) -> Iterable[Literal["reset", "unlock", "access"]]:
    if isinstance(meaning, NearlyUnderstood):
        return meaning.commands
    return () if (command := _NEARLY.get(type(meaning))) is None else (command,)


def _nearly(spoken: str) -> NearlyUnderstood | None:
    """What may have been meant, by people who misspelt it or only said what is wrong."""
    if _KEPT_OUT.fullmatch(spoken):
        return NearlyUnderstood(commands=("unlock", "reset"))
    right = put_right(spoken)
    if right is None:
        return None
    for pattern, meaning in _COMMANDS:
        if type(meaning) in _NEARLY and pattern.fullmatch(right):
            return NearlyUnderstood(commands=(_NEARLY[type(meaning)],))
    return None


def _request(line: str, head: str, names: Names) -> Understanding:
    """A draft, if the line opens like a request or with the very name of something."""
    opening = (surely := _SURELY.match(head)) or _MAYBE.match(head)
    rest = line[opening.end() :] if opening else line
    access = _ACCESS.match(rest[:_HEAD])
    if access:
        rest = rest[access.end() :]
    endless = "permanent" if access and _ENDLESS.search(access["kind"]) else None
    draft = read_draft(rest, names, explicit=bool(surely or access), time=endless)
    if draft is None:
        return NotUnderstood()
    if opening or access or isinstance(draft, SeveralNamed):
        return draft
    certain = isinstance(draft, DraftRequest) and draft.entitlement is not None
    nearly = isinstance(draft, DidYouMean) and draft.draft is not None and draft.draft.duration is not None
    return draft if certain or nearly else NotUnderstood()
