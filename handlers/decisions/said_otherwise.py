"""What staff say round about: several sentences at once, lists line by line, a name and what to do with it.

It decides nothing: a sentence among others is at most asked back, or drafted.
"""

import re

_BULLET = re.compile(r"[:,]?[ \t]{0,3}[\r\n]{1,4}[ \t]{0,8}[-\u2022*\u25e6\u25aa][ \t]")
_QUOTE = re.compile(r"^(?:[>\s]|\u2022 )+")
_SIGNATURE = re.compile(
    r"[\r\n]{1,4}[ \t]{0,3}(?:--|(?:(?:best|kind|warm|many)(?: regards| wishes)?|regards|cheers|br|vg|mfg)[ \t]?,?)"
    r"[ \t]{0,3}[\r\n](?:[^\r\n]{0,60}[\r\n]){0,4}[^\r\n]{0,60}\Z",
    re.IGNORECASE,
)
_END = re.compile(
    r"(?<=[.!?])\s+(?=[A-Z@])|(?<=[!?])\s+"
    r"|(?:(?<=[,;])|(?<=\s[\u2013\u2014-]))\s+(?=(?i:(?:i|we) (?:urgently |really |just |now )?need)\b)"
)
_MOST = 6
_TAIL = 320

# A first name, with the next one if there is one, and none of the words that are written so for another reason.
_NAME = (
    r"(?!(?i:\w+(?:day|ments?|ance|ware|works?|base|tests?|ops)|\w{4,}(?:ing|ions?|ity)|me|myself|us|now|today|tomorrow"
    r"|january|february|april|june|july|august|september|october|november|december|christmas|easter|sales|support|legal"
    r"|releases?|reviews?|audits?|incidents?|staging|customers?|projects?|teams?|analysis|reports?|demos?|research"
    r"|design|quality|finance|data|security|emergency|emergencies|backups?|urgent|onboarding)\b)"
    r"[A-Z][a-z\u00df-\u00ff]{1,20}(?:[ -][A-Z][a-z\u00df-\u00ff]{1,20})?"
    r"(?=$|[.!?,;)]|\s(?i:because|since|so|to|who|and|until|for|please|too)\b)"
)

# What is held, and what is to be done with it: nothing is done by a word, but its buttons are shown.
_HELD = re.compile(
    r"(?:give back|hand back|return|(?:remove|take) me (?:from|out of)"
    r"|(?:remove|revoke|end|stop|extend|prolong|renew)(?: my)?(?: access (?:to|for))?"
    r"|take back(?: my)?|(?:i'?m |i am )?(?:done|finished) with|i (?:don't|do not|no longer) (?:need|use|want)"
    r"|(?:until when|how long|for how long|till when) (?:do|can) i (?:still )?(?:have|hold|keep|use)"
    r"|when does my(?: access (?:to|for))?"
    r"|(?:i )?(?:still )?(?:can'?t|cannot|can not) (?:access|reach|open|use|get into|connect to|log ?in to|get on)"
    r"(?: the)?)"
    r" (?:access to )?(?P<name>.{1,80}?)(?: (?:access|any ?more|any longer|again|end|ends|expire|run out|please"
    rf"|(?:for|by) (?!(?-i:<?@|{_NAME})).{{1,30}}))*",
    re.IGNORECASE,
)
# The same, where they do not say which of it: all of it is shown.
_MINE = r"(?:it|this|that|them|(?:all )?my (?:temporary )?(?:access|grants?|groups|rights)|(?:the )?access|everything)"
_ALL = re.compile(
    rf"(?:until )?when (?:does|do|will|is) {_MINE} (?:end|ends|expire|run out|over|gone)"
    rf"|when (?:do|will) i lose {_MINE}|(?:for )?how long (?:do|can) i (?:still )?(?:have|keep) {_MINE}"
    rf"|how long (?:does|will|is) {_MINE} (?:(?:still )?last|valid)"
    rf"|(?:extend|prolong|renew)(?: {_MINE})?|(?:i (?:want|need) )?(?:some )?more time"
    rf"|(?:give|hand) (?:{_MINE} back|back {_MINE})|give back|return {_MINE}"
    rf"|i (?:don't|do not|no longer) need {_MINE}(?: any ?more)?"
    r"|(?:i'?m|i am) (?:all )?(?:done|finished)(?: (?:with (?:it|that|this)|here|for today))?",
    re.IGNORECASE,
)
_TAKEN = re.compile(
    r"(?:(?:i (?:want|need|would like|'d like)|please have) )?(?:my )?(?:access to )?(?P<name>.{1,80}?)(?: access)?"
    r" (?:to be )?(?:removed|revoked|taken (?:away|back)|deleted|ended|extended)",
    re.IGNORECASE,
)
_BACK = re.compile(
    r"(?:give|hand) (?:my )?(?:access to )?(?P<name>.{1,80}?)(?: access)? back(?: (?:now|early))?",
    re.IGNORECASE,
)
_MORE = r"(?:another (?:\d{1,3} ?|half )?|(?:\d{1,3}|a few|some|one|two) more )(?:minutes?|min|hours?|h|days?|d|weeks?)"
_LONGER = re.compile(
    r"(?:i (?:really |still )?need|(?:can|could|may) i (?:please )?(?:have|keep|use|hold)) (?:access to )?"
    r"(?P<name>.{1,80}?)(?: access)? (?:for )?(?:(?:a (?:bit|little|while) |much )?longer|(?:some )?more time"
    rf"|no (?:more|longer)|{_MORE})(?: (?:because|since|so) .{{1,200}})?",
    re.IGNORECASE,
)
_KEPT = re.compile(
    rf"(?:(?:i need )?(?:(?:some |a (?:bit|little) )?more time|{_MORE}) (?:on|for|with|in|of|to use)"
    r"|(?:can|may) i keep)"
    r" (?:access to )?(?P<name>.{1,80}?)",
    re.IGNORECASE,
)
_BROKEN = re.compile(
    r"(?:my |the )?(?P<name>.{1,80}?) (?:access )?(?:(?:is|has) )?(?:not working|broken|down|gone|not reachable"
    r"|doesn't work|does not work|isn't working|won't open|won't connect|stopped working)(?: for me| again| any"
    r" ?more)*",
    re.IGNORECASE,
)

_FOR_ANOTHER = re.compile(
    r"(?:(?:can|could|will|would) (?:some|any)(?:body|one) (?:please )?)?"
    r"(?:give|grant|get|let|allow|add) (?!(?:me|us|it|back|access|temporary|a|an|the|some|full|read"
    r"|write)\b)(?:<?@\S{1,40}|my \w{1,20}(?: \S{1,30})?|\S{1,30})"
    r" (?:access|temporary access|have|use"
    r"|(?:in)?to(?! (?:me|my (?:own )?(?:access|account|groups?|list|rights|permissions))\b))\b.{1,200}"
    r"|(?!i\b|we\b|it\b|who\b|what\b|this\b|that\b|somebody\b|someone\b)(?:<?@\S{1,40}|my \w{1,20}|\S{1,30}) needs"
    r" (?:access|temporary access|to (?:have|use)|.{1,80} for \d).{0,200}"
    r"|(?:can|could|may) (?!(?:i|we|you|it|this|that|some(?:body|one)|any(?:body|one))\b)"
    r"(?:<?@\S{1,40}|my \w{1,20}|\S{1,30}) (?:please )?(?:have|get|be given) (?:temporary )?access\b.{0,200}",
    re.IGNORECASE,
)
# Who it is for, and no more: "for my manager's dashboard" and "for the intern project" are reasons.
_ENDS = r"(?=$|[.!?,;:)]|\s(?:@|<@|[A-Z]|(?i:because|since|so|to|who|and|until|for|please)\b))"
_ANOTHERS = re.compile(
    rf"<?@\S|{_NAME}|(?i:(?:my|our|a|the) (?:colleague|teammate|team mate|boss|manager|intern)s?){_ENDS}"
    r"|(?i:my reports?) (?=[A-Z@<])"
)

_CAN_ANOTHER = re.compile(
    r"(?:can|could|may) (?!(?:i|we|you|it|this|that|they|some(?:body|one)|any(?:body|one))\b)"
    r"(?:<?@\S{1,40}|my \w{1,20}|\S{1,30}) (?:please )?(?:have|get|use|be given) (?:access to )?(?P<name>.{1,80}?)"
    r"(?:,? (?:for|because|since|until)\b.{0,200})?",
    re.IGNORECASE,
)
_ALSO = re.compile(r"(?:[,;]\s*(?:and\s+)?|\band\s+)(?:also|plus)\s+(?P<name>[^,;]{1,80})$", re.IGNORECASE)
_APART = re.compile(
    r"\s*[,;]\s*(?:and |then |also |plus )*|\s+(?:and|then|also|plus|&)\s+(?:then |also )?", re.IGNORECASE
)
_FEW = 4
# Said so it is a wish of its own. "Password reset" and "I'm blocked" behind one are its reason.
_WISHED = re.compile(
    r"(?:(?:can|could|will|would) (?:you|u) |please )*(?:i (?:(?:also )?(?:want|need)|would like|have)"
    r"|reset|change|renew|replace|recover|set|choose|unlock|unblock|show|list|tell|give|what|which) \S.*",
    re.IGNORECASE,
)

_BEHALF = re.compile(rf"\bon behalf of (?P<who><?@\S{{1,40}}|{_NAME})")

_WORRIED = re.compile(
    r"(?:but )?(?:(?:i think |i believe |maybe |it seems |looks like )?(?:that )?(?:somebody|someone"
    r"|somebody else|someone else|a hacker|they)"
    r" (?:has |is |have |had )?(?:hacked|stole|stolen|changed|knows|using|used|has|got|took over|logged in(?:to)?|in)"
    r" (?:my|to my|into my) (?:account|password|login|mail|e-?mail)(?: account)?"
    r"|(?:i think |i believe |maybe |help |i fear )?(?:my|the) (?:account|password|login) (?:was|is|has been"
    r"|got|may be|might be)"
    r" (?:hacked|stolen|leaked|compromised|taken over|known)"
    r"|(?:somebody|someone)(?: else)? (?:has |have )?(?:hacked me|is (?:logged|signed) in as me)"
    r"|(?:it|that|this) (?:was not|wasn't|was n't) me|i (?:did not|didn't|never) (?:do|ask for|request|change)"
    r" (?:that|this|it|(?:a |this |that |any )?(?:password )?(?:reset|change))"
    r"|i(?:'ve| have)? (?:clicked|opened)(?: on)? (?:a|some|the) (?:phishing|bad|strange|suspicious) (?:link"
    r"|mail|e-?mail)"
    r"|i(?:'ve| have)? (?:got|received)(?: a| an| some)? (?:mail|e-?mail|message|letter|code) (?:about|for|that)"
    r" .{0,60}(?:did not|didn't|never) (?:ask|request|change|do).{0,40}"
    r"|i(?:'ve| have)? been (?:hacked|phished)|(?:i )?was hacked|hacked|i(?:'ve| have)? (?:gave|given|told)"
    r" (?:somebody|someone) my"
    r" (?:password|code))"
    r"(?:[,;]? (?:what (?:do|can|should|must|shall|now)\b.{0,40}|(?:please )?help(?: me)?))?",
    re.IGNORECASE,
)


def as_one_line(text: str) -> str:
    """The text without a signature below it and marks of quotation before it, its list with commas between."""
    # A signature is short and stands last: nothing else is looked at for it.
    whole = text[:-_TAIL] + _SIGNATURE.sub("", text[-_TAIL:])
    begun = _BULLET.sub(" ", _QUOTE.sub("", whole), count=1)
    return _BULLET.sub(", ", begun)


def sentences_of(line: str) -> tuple[str, ...]:
    """The sentences of a line, if there are several and not too many; otherwise none."""
    found = tuple(part for one in _END.split(line) if (part := one.strip().rstrip(",; \u2013\u2014-")))
    return found if 1 < len(found) <= _MOST else ()


def held_name(spoken: str) -> str:
    """The name of what somebody would give back, keep longer, or cannot use; "" if nothing of the kind is said."""
    for pattern in (_HELD, _TAKEN, _BACK, _LONGER, _KEPT, _BROKEN):
        if found := pattern.fullmatch(spoken):
            return found["name"]
    return ""


def is_about_all(spoken: str) -> bool:
    """Whether it is about the end of what they hold, and not said of which."""
    return _ALL.fullmatch(spoken) is not None


def is_for_another(spoken: str) -> bool:
    """Whether access is wanted for somebody else."""
    return _FOR_ANOTHER.fullmatch(spoken) is not None


def wanted_by_another(spoken: str) -> str:
    """The name of what somebody else is to have; "" if nothing of the kind is said."""
    found = _CAN_ANOTHER.fullmatch(spoken)
    return found["name"] if found else ""


def also_named(justification: str | None) -> str:
    """What stands at the end of a reason as one thing more that is wanted; "" if nothing does."""
    found = _ALSO.search((justification or "")[-_TAIL:])
    return found["name"].strip(" .!?") if found else ""


def wishes_in(spoken: str) -> tuple[str, ...]:
    """The parts of a line that may be a wish each, if there are a few; otherwise none."""
    found = tuple(part for one in _APART.split(spoken) if (part := one.strip(" .!?")))
    return found if 1 < len(found) <= _FEW else ()


def is_wish(part: str) -> bool:
    """Whether one of these asks for something by itself, and does not only say how things are."""
    return _WISHED.fullmatch(part) is not None


def another_named(head: str, justification: str | None) -> str:
    """Whom it is for, if what follows "for" is somebody, and no reason; otherwise "".

    After "because" a name is part of one.
    """
    if (found := _ANOTHERS.match(justification or "")) and f"for {found[0]}".casefold() in head.casefold():
        return found[0]
    behalf = _BEHALF.search(head)
    return behalf["who"] if behalf and behalf[0] not in (justification or "") else ""


def is_worried(spoken: str) -> bool:
    """Whether somebody fears that another has their account."""
    return _WORRIED.fullmatch(spoken) is not None
