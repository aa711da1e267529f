"""What staff type in German though everything here is said otherwise: known by a few words, and asked back.

It drafts no name and does nothing: whoever wrote it is shown the way in the words that are understood.
"""

import re

from handlers.decisions.understanding import DraftRequest, FollowUp, Help, NearlyUnderstood, Understanding

_LONGEST = 120
_RIGHTS = r"(?:zugriff\w*|zug(?:a|\u00e4)ng\w*|rechte?|berechtigung\w*)"
_MEANT: tuple[tuple[re.Pattern[str], Understanding], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), meaning)
    for pattern, meaning in (
        (r"(?:ich brauche )?(?:bitte )?hilfe(?: bitte)?", Help()),
        (
            r".*\b(?:pass|kenn)wort\b.*\b(?:vergessen|zur\u00fccksetzen|\u00e4ndern|abgelaufen|verloren)\b.*"
            r"|.*\bneues (?:pass|kenn)wort\b.*",
            NearlyUnderstood(commands=("reset",)),
        ),
        (
            r"(?:.*\b(?:konto|account|zugang)\b.*\b|(?:ich bin|bin) )(?:aus)?gesperrt\b.*|.*\bentsperren\b.*",
            NearlyUnderstood(commands=("unlock",)),
        ),
        (
            rf".*\b(?:brauche|ben\u00f6tige|m\u00f6chte|will|h\u00e4tte gerne?)\b.*\b{_RIGHTS}\b.*",
            DraftRequest(),
        ),
        (r"kann ich .{1,80} (?:haben|bekommen|kriegen)", DraftRequest()),
        (r"wer (?:genehmigt|entscheidet)\b.*|wo ist mein\w* (?:anfrage|antrag)\b.*", FollowUp()),
        (r"bin ich (?:in|mitglied)\b.*", NearlyUnderstood(commands=("access",))),
        (
            rf"(?:was|welche|zeig\w*|meine|wann|wie lange)\b.*\b{_RIGHTS}\b.*",
            NearlyUnderstood(commands=("access",)),
        ),
    )
)


def in_german(spoken: str) -> Understanding | None:
    """What it probably asks for; None if it is nothing of the kind."""
    if len(spoken) > _LONGEST:
        return None
    return next((meaning for pattern, meaning in _MEANT if pattern.fullmatch(spoken)), None)
