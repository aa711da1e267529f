"""What staff type to hear what became of what they asked for: where it is, whose turn it is, how to take it back.

It names nobody's request: whatever is asked, the answer is about the requests of whoever asks.
"""

import re

_REQUEST = (
    r"(?:my|our|the|that|this)(?: (?:last|latest|open|pending|current|access|other))* (?:requests?|application)"
    r"(?: (?:for|to|about) .{1,80})?"
)
_IT = rf"(?:{_REQUEST}|it|this|that)"
_ANSWERED = (
    r"(?:approved|granted|accepted|decided|answered|done|ready|through|seen|looked at|processed|handled|waiting|pending"
    r"|stuck|open)"
)
_DONE = rf"(?:denied|rejected|{_ANSWERED})"
_WHEN = r"(?: (?:yet|now|already|still|at the moment|please|so far))*"
_SOMEBODY = r"(?:any(?:one|body)|some(?:one|body)|they|you|he|she)"

_AFTER = re.compile(
    "|".join(
        (
            rf"(?:where|what|how)(?:'s| is|s| are| about| happened (?:to|with)| happens (?:to|with)) {_REQUEST}"
            rf"(?: (?:going|doing|status|standing))?{_WHEN}",
            rf"where (?:does|do) {_REQUEST} stand{_WHEN}",
            rf"(?:what(?:'s|s| is) )?(?:the )?(?:request )?(?:status|state)(?: (?:update|please))?"
            rf"(?: (?:of|on|for|about|with) {_IT})?{_WHEN}",
            rf"(?:is there |are there |do you have )?(?:any |some )?(?:news|updates?|progress)"
            rf"(?: (?:on|about|for|with|of|from) {_IT})?{_WHEN}",
            rf"(?:is|was|has|have|were|are) {_IT}(?: been| got| being| still| already| not| already been)*"
            rf" {_DONE}{_WHEN}",
            rf"(?:is|was|has) .{{1,80}}?(?: been)? approved{_WHEN}",
            rf"(?:did|has|have|will|can|could) {_SOMEBODY} (?:please )?"
            r"(?:approved?|answer(?:ed)?|decided?|seen?|looked|look|get|got|received?|sen[dt])(?: (?:at|on|about|to))?"
            rf" {_IT}{_WHEN}",
            rf"who (?:has|have|got|holds|is (?:looking at|handling|approving|deciding(?: about)?)|looks at|handles"
            r"|(?:needs to|has to|must|can|will|should|may) (?:approve|decide(?: about| on)?|answer)"
            rf"|approves|decides(?: about| on)?) {_IT}{_WHEN}",
            rf"who(?:m)? (?:is {_IT}|am i|do i|does it|are we) wait(?:ing)?(?: for| on)?{_WHEN}",
            rf"(?:whose turn is it|whose turn|who is next){_WHEN}",
            r"(?:(?:show|list|see|tell|give)(?: me)? )?(?:all )?(?:of )?my (?:(?:open|pending|own|last|current)"
            r" )*requests",
            r"(?:open|pending) requests|requests",
            r"(?:do i have|have i got|have i) (?:any |an )?(?:open |pending |waiting )*requests?(?: open|"
            r" waiting| pending)?",
            rf"what (?:did|have) i (?:ask(?:ed)? for|request(?:ed)?){_WHEN}",
            rf"what am i (?:still )?waiting for{_WHEN}",
            r"(?:i'?m |i am |we are |we're )?(?:still )?waiting(?: (?:for|on) .{1,80})?",
            rf"when (?:will|does|do|is|can) {_IT} (?:be |get |gets )?{_DONE}{_WHEN}",
            rf"when (?:will|do|can) (?:i|we) (?:get|have|hear|know)(?: (?:it|access|an answer|an approval|my"
            rf" access|more))?{_WHEN}",
            rf"how (?:long|much longer) (?:does|will|do|must i wait|do i (?:have to |need to )?wait)"
            rf"(?: (?:{_IT}|an approval|approval)(?: (?:take|last|need))?)?{_WHEN}",
            rf"why (?:does|is|do|has|are|hasn't|isn't) (?:{_IT}|no ?body|no ?one)(?: (?:take|taking|been|be"
            rf"|answer|answering))*"
            rf"(?: (?:so|that|this) long| (?:not|still|still not)(?: been)? {_ANSWERED}| answered(?: {_IT})?|"
            rf" approved(?: {_IT})?"
            rf"| approving(?: {_IT})?| {_ANSWERED})?{_WHEN}",
            rf"(?:approve|answer|decide|look at|hurry up with|speed up|escalate|chase) {_REQUEST}{_WHEN}",
            rf"(?:i want to |i'd like to )?(?:withdraw|cancel|take back|delete|remove|revoke|stop)"
            rf" (?:{_REQUEST}|it){_WHEN}",
            rf"why (?:do|does|would|must) (?:i|{_IT}) (?:need|require|have to get) (?:an |any )?approval"
            rf"(?: for {_IT})?{_WHEN}",
            rf"(?:i(?:'ve| have)? )?changed my mind(?: about {_IT})?|{_REQUEST} (?:is|was) (?:wrong|a mistake)",
            r"no ?(?:body|one) (?:answers|answered|reacts|responds|is answering)|what(?:'s| is) taking so long",
            r"(?:make (?:it|that)|change (?:it|that) to|actually|rather) \d{1,3}"
            r" ?(?:h|hours?|hrs?|min(?:ute)?s?|d|days?)(?: instead)?",
            r"cancel",
        )
    ),
    re.IGNORECASE,
)


def asks_after(spoken: str) -> bool:
    """Whether this is all that it says."""
    return _AFTER.fullmatch(spoken) is not None
