"""The single facts of a question as people state them, read by the types that the question has for them.

It never takes a value of another type for one that it could be, and knows no policy.
"""

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import timedelta
from functools import lru_cache
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from handlers.decisions.drift import Way
from handlers.decisions.policy import (
    AttestQuestion,
    DriftQuestion,
    GivenProof,
    Question,
    ResumeQuestion,
    VouchQuestion,
)
from handlers.decisions.standing import HelperRole
from handlers.decisions.vouching import Spoken
from storage.catalogue import Entitlement, Owner
from storage.directories.base import Account
from storage.states import FreezeKind, PetitionKind

_LENGTH = re.compile(r"(?:(\d{1,4})d)?\s?(?:(\d{1,5})h)?\s?(?:(\d{1,6})m)?")
NO_END = "no end"
UNKNOWN = "unknown"
NONE = "none"
"""Takes back what is usual, where the fact may be missing."""

PROOFS = (
    "passkey", "totp", "recovery_code", "mail_code", "password", "sign_in", "sign_in_apart", "vouched",
)  # fmt: skip
"""What somebody can show: the names of storage.proofs.ProofKind."""

# Fields whose words are fewer than their type says.
_CHOICES: Mapping[tuple[type, str], Iterable[str]] = {
    (Account, "employment"): ("employee", "contractor", "service"),
    (DriftQuestion, "way"): tuple(Way),
    (ResumeQuestion, "kind"): tuple(FreezeKind),
    (AttestQuestion, "kind"): tuple(PetitionKind),
    (AttestQuestion, "role"): get_args(HelperRole),
    (VouchQuestion, "spoken"): tuple(Spoken),
    (GivenProof, "kinds"): PROOFS,
}
# Fields of questions that are read elsewhere.
_LEFT_OUT = frozenset({
    "action", "principal", "requester", "report", "target", "member", "entitlement", "owner", "fallback", "recently",
    "now", "minutes", "held", "having", "delegations", "delegate",
})  # fmt: skip
# Fields that no policy hears of.
_UNHEARD: Mapping[type, frozenset[str]] = {
    Account: frozenset({
        "id", "person", "login", "mail", "direct_groups", "must_change_password", "password_changed_at",
        "password_expires_at", "mail_changed_at", "read_at", "group_key",
    }),
    Entitlement: frozenset({"id", "access", "max_duration", "aliases", "drift"}),
    Owner: frozenset({"id", "channel", "fallback"}),
}  # fmt: skip
# Where the schema, or the settings, have a better word than the field.
_CALLED: Mapping[tuple[type, str], str] = {
    (Entitlement, "standing_allowed"): "standing",
    (AttestQuestion, "moved"): "address_moved",
    (AttestQuestion, "petitioned"): "petitioned_lately",
    (VouchQuestion, "petitioned"): "petitioned_lately",
}


class Misstated(ValueError):
    """What was stated cannot be asked. place: the keys down to what will not do, empty for the whole."""

    def __init__(self, wrong: str, *place: str) -> None:
        super().__init__(wrong)
        self.wrong = wrong
        self.place = place

    def under(self, *keys: str) -> "Misstated":
        """The same, further down. keys: from the inside out."""
        return Misstated(self.wrong, *reversed(keys), *self.place)


def facts_of(kind: type) -> Mapping[str, str]:
    """The keys that facts of this kind are stated with, and the field that each becomes."""
    return {key: name for key, (name, _) in _fields(kind).items()}


def values(kind: type, stated: Mapping[str, object]) -> dict[str, Any]:
    """The fields that are stated, by name. Misstated where a value is not of the type that it has to be."""
    return {
        name: _read(stated[key], hint, key, _CHOICES.get((kind, name)))
        for key, (name, hint) in _fields(kind).items()
        if key in stated
    }


def text(value: object, key: str) -> str:
    """A text; Misstated if it is none."""
    if not isinstance(value, str):
        raise Misstated("must be text in quotes", key)
    return value


def length(value: object, key: str, *, endless: bool = False) -> timedelta:
    """How long, like "2h". endless: "no end", which counts as none at all, will do too."""
    if endless and value == NO_END:
        return timedelta()
    match = _LENGTH.fullmatch(text(value, key))
    found = match and [int(part or 0) for part in match.groups()]
    if not found or not any(found):
        raise Misstated('is no length of time. Write days, hours and minutes: "8h", "90m", "1h30m"', key)
    return timedelta(days=found[0], hours=found[1], minutes=found[2])


def unknown(name: str, known: Collection[str], word: str) -> str:
    """The sentence for a name that is not among these."""
    return f"there is no {word} `{name}`. {nearest(name, known)}"


def nearest(name: str, known: Collection[str], *, otherwise: str = "") -> str:
    """A sentence that offers the nearest of these; where none is near all of them, or what to do otherwise."""
    close = difflib.get_close_matches(name.lower(), known, n=1)
    if close:
        return f"Did you mean `{close[0]}`?"
    if otherwise:
        return otherwise
    return f"Known here: {', '.join(sorted(known))}." if known else "None is described here yet."


@lru_cache(maxsize=32)
def _fields(kind: type) -> Mapping[str, tuple[str, Any]]:
    """By key, the field and its type, of all that can be stated."""
    hints = get_type_hints(kind)
    left_out = _LEFT_OUT if kind in get_args(Question) else _UNHEARD.get(kind, frozenset())
    return {
        _CALLED.get((kind, one.name), one.name): (one.name, hints[one.name])
        for one in fields(kind)
        if one.name not in left_out
    }


def _read(value: object, hint: Any, key: str, choices: Iterable[str] | None = None) -> object:
    if value == NONE and NoneType in get_args(hint):
        return None
    kinds = [each for each in get_args(hint) if each is not NoneType] if _is_union(hint) else [hint]
    if all(get_origin(each) is Literal for each in kinds):
        return _chosen(value, [word for each in kinds for word in get_args(each)], key)
    (kind,) = kinds
    if kind is bool:
        if not isinstance(value, bool):
            raise Misstated("must be true or false", key)
        return value
    if kind is int:
        return whole(value, key)
    if kind is str:
        return text(value, key) if choices is None else _chosen(value, list(choices), key)
    if get_origin(kind) is frozenset:
        return several(value, key, PROOFS if key == "proofs" else choices)
    if get_origin(kind) is tuple:
        return tuple(sorted(several(value, key)))
    if is_dataclass(kind) and isinstance(kind, type) and isinstance(value, Mapping):
        return _nested(value, kind, key)
    raise Misstated("must be a table in braces", key)


def _nested(value: Mapping[str, object], kind: type, key: str) -> object:
    try:
        for name in value:
            if name not in facts_of(kind):
                raise Misstated(f"is not known here. {nearest(name, facts_of(kind))}", name)
        return kind(**values(kind, value))
    except Misstated as wrong:
        raise wrong.under(key) from None
    except TypeError:
        raise Misstated(f"needs all of: {', '.join(facts_of(kind))}", key) from None


def several(value: object, key: str, choices: Iterable[str] | None = None) -> frozenset[str]:
    """Texts in a list, of these if there are any; Misstated if it is none."""
    if not isinstance(value, list):
        raise Misstated('must be a list: ["a", "b"]', key)
    return frozenset(
        text(each, key) if choices is None else _chosen(each, list(choices), key) for each in value
    )


def _chosen(value: object, choices: Collection[str], key: str) -> str:
    written = text(value, key)
    if written not in choices:
        raise Misstated(f"cannot be `{written}`. {nearest(written, [each for each in choices if each])}", key)
    return str(written)


def whole(value: object, key: str) -> int:
    """A number; Misstated if it is none."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        raise Misstated("must be a whole number", key)
    return value


def _is_union(hint: Any) -> bool:
    return NoneType in get_args(hint) or (
        bool(get_args(hint)) and get_origin(hint) not in (Literal, frozenset, tuple)
    )
