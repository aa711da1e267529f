"""Courtesies that staff write beside everything else: thanks, a greeting, an ok, a word of regret, a bare "approve".

It takes a line for one only where nothing else is said, and nothing is done by any of them.
"""

import re

from handlers.decisions.understanding import Courteous, Courtesy

# A longer line says more than a courtesy.
_LONGEST = 120

EMOJI = r":[a-z+][\w+-]{0,40}:|[\u2600-\u27bf\U0001f300-\U0001faff\ufe0f]+"
"""By its name, as Slack sends it, or as itself."""

_EMOJI = re.compile(rf"{EMOJI}|\u200d+", re.IGNORECASE)
_SIGNS = {
    "fine": re.compile("\U0001f44d|\U0001f389|:(?:tada|\\+1|thumbsup|ok_hand):"),
    "thanks": re.compile("\U0001f64f|\u2764|:pray:|:heart:"),
}
_APART = re.compile(r"[\s,.;:!?)(\u2026-]+")

_WORDS: tuple[tuple[Courtesy, str], ...] = (
    (
        "never_mind",
        r"no,? thanks?|no,? thank you|never ?mind|nvm|forget (?:it|about it|that)|sorry(?: about that)?|my"
        r" (?:mistake|bad)"
        r"|wrong (?:chat|window|channel|person)|ignore (?:that|me)|scratch that|undo|stop|exit|quit"
        r"|abbrechen|vergiss es",
    ),
    (
        "thanks",
        r"(?:many |a lot of |ok |big )?(?:thanks|thank you|thank u|thankyou|thx|tnx|ty|tysm|cheers|merci"
        r"|danke(?: sch\u00f6n)?)"
        r"(?: (?:so much|very much|a lot|again|a million|a bunch|wicket|you|for (?:the |your |all )?help(?:ing)?"
        r"|for (?:that|this|everything|all)))*"
        r"|much appreciated|i appreciate it|appreciated|you(?:'re| are) (?:the best|great|awesome)",
    ),
    (
        "goodbye",
        r"bye(?: bye)?|goodbye|good ?night|see (?:you|ya)(?: (?:later|soon|tomorrow))?|ciao|you too"
        r"|have a (?:nice|good|great|lovely) (?:day|one|evening|weekend|week)",
    ),
    (
        "hello",
        r"(?:hi|hello|hey|hallo|hiya|howdy|moin|yo|greetings)(?: (?:there|wicket|all|team|everybody|everyone))*"
        r"|good (?:morning|afternoon|evening|day)(?: wicket)?|morning|wicket"
        r"|(?:are you|(?:is )?(?:anybody|anyone|somebody|someone)) (?:there|here|awake)"
        r"|(?:test|ping)|how are you(?: doing)?(?: today)?",
    ),
    (
        "decide",
        r"approve \S{1,40}'s request"
        r"|(?:please |i |i'd )?(?:approve|approved|deny|denied|reject|rejected|lgtm)(?: (?:it|this|that|them|all"
        r"|everything))?"
        r"(?: please)?|(?:what|which requests?|is anything|does anything)"
        r" (?:waits?|waiting|is waiting) for (?:me|my (?:approval|decision))|what do i (?:have|need) to approve"
        r"|(?:(?:show|list) )?(?:me )?(?:my )?(?:open |pending )?approvals|send(?: it)?|submit(?: it)?|go ahead|do it",
    ),
    (
        "stuck",
        r"(?:(?:can i|i want to|i need to|let me)(?: please)? |please )?(?:talk|speak|chat) (?:to|with)"
        r" (?:(?:a|an|some) )?(?:real )?(?:human(?: being)?|person|agent|somebody|someone|people|support)(?: please)?"
        r"|(?:a )?(?:real )?(?:human|agent|operator)(?: please)?"
        r"|(?:this|it|that|nothing)(?: just| still)? (?:doesn't|does not|doesnt|isn't|is not|don't) work(?:ing)?"
        r"(?: at all)?"
        r"|(?:this|that|it)(?: is|'s) (?:so |really |just )*(?:stupid|useless|ridiculous|annoying|broken|a joke)"
        r"|(?:you(?: are|'re) |so )?(?:stupid|useless|dumb)(?: (?:bot|thing))?|wtf|ffs|argh+|i give up"
        r"|you don't understand(?: me)?|who can (?:i ask|help(?: me)?)|(?:that's|that is|this is) (?:so )?unfair",
    ),
    (
        "fine",
        r"(?:very |all |so )?good|lol|haha+|ok|okay|k|kk|great|perfect|cool|nice|awesome|super|excellent|wonderful"
        r"|lovely"
        r"|fine|alright|all right|sure|(?:yes|no)(?: please)?"
        r"|yep|yeah|yup|nope|done|noted|got it|understood|i see|makes sense"
        r"|will do"
        r"|(?:it|that)(?: now)? work(?:s|ed)(?: now)?|works(?: now)?|well done|good (?:bot|job)|nice (?:bot|job|work)"
        r"|no (?:problem|worries)|you(?:'re| are) welcome|(?:that's|that is) (?:fine|ok|okay|great|all)|yay",
    ),
)
_ONE = {kind: re.compile(rf"(?:{words})(?= |$)", re.IGNORECASE) for kind, words in _WORDS}


def courtesy_in(line: str) -> Courteous | None:
    """The courtesy that the whole line is; of several the first in the order above. None if it says anything else."""
    if len(line) > _LONGEST:
        return None
    rest = " ".join(_APART.sub(" ", _EMOJI.sub(" ", line)).split())
    if not rest:
        found = {kind for kind, sign in _SIGNS.items() if sign.search(line)}
        return _first(found)
    said = set[Courtesy]()
    while rest:
        # "no thanks" begins with "no": the longest that stands here is what is meant.
        read = [(match.end(), kind) for kind, one in _ONE.items() if (match := one.match(rest))]
        if not read:
            return None
        end = max(end for end, _ in read)
        said.add(next(kind for at, kind in read if at == end))
        rest = rest[end:].lstrip()
    return _first(said)


def _first(said: "set[Courtesy] | set[str]") -> Courteous | None:
    kind = next((kind for kind, _ in _WORDS if kind in said), None)
    return Courteous(kind=kind) if kind else None
