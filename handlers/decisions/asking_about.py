"""Questions about one thing that staff name: whether they hold it, who answers for it, why it was refused.

It answers none, and takes no name for certain that is only close.
"""

import re
from collections.abc import Callable, Mapping
from typing import Literal

from handlers.decisions.names import Names
from handlers.decisions.understanding import (
    CheckMembership,
    DidYouMean,
    ShowOwner,
    Understanding,
    WhyApproval,
    WhyRefused,
)

REFUSED = r"(?:refused|denied|rejected|declined|turned (?:down|away))"
_APPROVAL = r"(?:an? |any |the )?(?:approvals?|approved|approving|to be approved)"

_WHYS: tuple[tuple[str, Literal["refusal", "approval"]], ...] = (
    (rf"why (?:was|am|were|did) i(?: get)? {REFUSED} (?:access (?:to|for) |for )?(?P<name>.+)", "refusal"),
    (rf"why (?:was|is|were) my (?:last )?(?:request|wish) for (?P<name>.+) {REFUSED}", "refusal"),
    (
        r"why can(?:'t i| ?not i| i not) (?:have|get|ask for|use|access)(?: access to)? (?P<name>.+)",
        "refusal",
    ),
    (
        rf"why (?:do|would|must|does) (?:i|it|this) (?:have to )?(?:need|require|get) {_APPROVAL} for (?P<name>.+)",
        "approval",
    ),
    (rf"why (?:do|would|does|is|must) (?P<name>.+) (?:needs?|requires?|wants?|be) {_APPROVAL}", "approval"),
    (
        rf"(?:why (?:is|are)|is|are|do i need) {_APPROVAL} (?:needed |required |necessary )?for (?P<name>.+)",
        "approval",
    ),
    (rf"does (?P<name>.+) (?:need|require) {_APPROVAL}", "approval"),
)
_About = Literal["membership", "owner", "refusal", "approval"]
_QUESTIONS: tuple[tuple[re.Pattern[str], _About], ...] = (
    *((re.compile(pattern, re.IGNORECASE), kind) for pattern, kind in _WHYS),
    (
        re.compile(
            r"(?:am i(?: still| already)? (?:in|on|part of|(?:a )?member of)"
            r"|do i(?: still| already)? (?:have|hold)(?: access to)?|have i got(?: access to)?|can i access"
            r"|is my account in) (?P<name>.+)",
            re.IGNORECASE,
        ),
        "membership",
    ),
    (
        re.compile(
            r"(?:who (?:owns|approves|can approve|decides about|answers for)|whose is|owners? of"
            r"|who(?:'s|s| is| are)(?: the)? (?:owners? of|responsible for|approvers? (?:of|for))) (?P<name>.+)",
            re.IGNORECASE,
        ),
        "owner",
    ),
)
# Whom to turn to is who answers for it; who holds it is told nobody.
_WHOM = re.compile(
    r"(?:who|whom) (?:do|can|should|must|could|would) (?:i|we) (?:ask|contact|write to|talk to|speak to|turn to)"
    r" (?:for|about|to get)(?: access (?:to|for))? (?P<asked>.+)"
    r"|who (?:(?:can )?(?:gives?|grants?)|manages|looks after|is in charge of)(?: me)?(?: access to)? (?P<given>.+)"
    r"|who(?: else)? (?:has|have|got|holds|uses|is in|is on|can access|can use)(?: access to)? (?P<held>.+)"
    r"|(?:what(?:'s|s| is)|tell me about|explain)(?: the)? (?P<what>.+?)(?: (?:used )?for)?"
    r"|(?:please )?(?:i (?:really |urgently )?)?need (?:some )?help (?:with|on|for|using)(?: the)? (?P<helped>.+)"
    r"|(?:please )?(?:(?:can|could|would|will) you )?(?:please )?help me (?:with|on|using)(?: the)? (?P<with>.+)",
    re.IGNORECASE,
)
_MEANT: Mapping[_About, Callable[..., Understanding]] = {
    "membership": CheckMembership,
    "owner": ShowOwner,
    "refusal": WhyRefused,
    "approval": WhyApproval,
}
_AROUND_NAME = re.compile(r"^(?:the )?(?:group )?|(?: (?:group|access|still|already|yet))+$", re.IGNORECASE)


def asked_about(spoken: str, names: Names) -> Understanding | None:
    """The question about one entitlement that this is, asked back where its name is not certain. None if it is none."""
    for question, kind in _QUESTIONS:
        if found := question.fullmatch(spoken):
            return _about(found["name"], kind, names)
    whom = _WHOM.fullmatch(spoken)
    about = names.exactly(bare_name(whom[whom.lastgroup])) if whom and whom.lastgroup else None
    return None if about is None else ShowOwner(entitlement=about)


def bare_name(name: str) -> str:
    """A name without what stands around it: "the group", "access", "already"."""
    return _AROUND_NAME.sub("", name)


def _about(name: str, kind: _About, names: Names) -> Understanding:
    """A question about one entitlement, if its name is certain."""
    match = names.look_up(name)
    if match.exact is None:
        match = names.look_up(bare_name(name))
    if match.exact is None:
        return DidYouMean(candidates=match.close, kind=kind)
    return _MEANT[kind](entitlement=match.exact)
