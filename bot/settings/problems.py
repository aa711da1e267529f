"""What is wrong with a setting, in the operator's words: its name, what is wrong, how to mend it.

It never shows a value that might be a secret, and never a library's own wording.
"""

import difflib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from storage.faults import SettingsFault

Place = tuple[str | int, ...]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing to mend. name: the setting as the operator writes it; wrong and mend: plain sentences."""

    name: str
    wrong: str
    mend: str

    @property
    def line(self) -> str:
        """The problem on one line."""
        return f"{self.name}: {self.wrong}. {self.mend}"


class Unusable(SettingsFault):
    """Settings that cannot be used yet. problems: everything to mend, each once."""

    def __init__(self, path: Path, problems: Iterable[Problem]) -> None:
        self.problems = tuple(dict.fromkeys(problems))
        super().__init__(refusal(path, self.problems))


def refusal(path: Path, problems: Iterable[Problem]) -> str:
    """What to say of a file that cannot be used yet: every problem once, one a line."""
    lines = list(dict.fromkeys(problem.line for problem in problems))
    count = "one thing" if len(lines) == 1 else f"{len(lines)} things"
    return "\n".join([f"{path} cannot be used yet: {count} to mend.", *(f"  {line}" for line in lines)])


def nearest(word: str, known: Iterable[str], *, closeness: float = 0.6) -> str | None:
    """The known word that was probably meant, or None. closeness: 0 (anything) to 1 (the same)."""
    close = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=closeness)
    return close[0] if close else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A sentence that offers the nearest known word, or all of them when none is near."""
    choices = sorted(known)
    if (meant := nearest(word, choices)) is not None:
        return f'Did you mean "{meant}"?'
    return f"Known here: {', '.join(choices)}." if choices else "Remove it."


def unknown(name: str, value: str, known: Iterable[str], wrong: str) -> Problem:
    """That a setting names what there is not. wrong: what it is not, to follow the value."""
    return Problem(name=name, wrong=f'"{value}" {wrong}', mend=did_you_mean(value, known))


def explain(
    fault: ValidationError, model: type[BaseModel], *, names: Mapping[Place, str] | None = None
) -> list[Problem]:
    """A validation error as problems. names: how the operator writes a place, where it is not `a.b.c`."""
    errors = [
        (_written(error["loc"]), error) for error in fault.errors(include_url=False, include_input=False)
    ]
    # A list whose only entry is wrong is reported as empty too; the entry's own problem is the one to tell.
    around = {place[:length] for place, _ in errors for length in range(len(place))}
    return [_explained(place, error, model, names or {}) for place, error in errors if place not in around]


def dotted(place: Place) -> str:
    """A place as it is written in the file: `slack.teams`, `entitlement[3].risk` (counted from 1)."""
    text = ""
    for step in place:
        text += f"[{step + 1}]" if isinstance(step, int) else f".{step}"
    return text.removeprefix(".")


def _written(place: Place) -> Place:
    """The place without the `kind` that pydantic adds behind the name of a directory."""
    return place[:2] + place[3:] if place[:1] == ("directories",) else place


def _explained(
    place: Place, error: ErrorDetails, model: type[BaseModel], names: Mapping[Place, str]
) -> Problem:
    context = error.get("ctx", {})
    name = _name(place, names)
    # With the `kind` still in it, which says which of the sections of a union is meant.
    full = error["loc"]
    field = _along(model, full)[0]
    kind = error["type"]
    if kind == "extra_forbidden":
        known = _keys(_along(model, full[:-1])[1])
        return Problem(
            name=name, wrong="is not a setting of Wicket", mend=did_you_mean(str(place[-1]), known)
        )
    if kind == "value_error":
        wrong, _, mend = str(context["error"]).partition(". ")
        return Problem(name=name, wrong=wrong, mend=f"{mend}." if mend else _how_to_write(name, place, field))
    if _holds_named_sections(field) and (len(place) == 1 or kind.startswith("model")):
        # Where the operator names the sections, no name stands here yet, or a setting stands in its place.
        place = (*place[:1], *(field.examples or ())[:1])
    return Problem(name=name, wrong=_wrong(kind, context), mend=_how_to_write(name, place, field))


_WRONG = {
    "missing": "is missing",
    "literal_error": "must be {expected}",
    "union_tag_invalid": "has a kind that is not known; it must be {expected_tags}",
    "union_tag_not_found": "has no kind",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "too_short": "must not be empty",
    "too_long": "has more than {max_length} entries",
    "string_too_short": "must not be empty",
    "string_too_long": "is longer than {max_length} characters",
    "string_type": "must be text in quotes",
    "path_type": "must be a path in quotes",
}
_WRONG_BY_START = {
    "int": "must be a whole number",
    "bool": "must be true or false",
    "tuple": "must be a list",
    "list": "must be a list",
    "dict": "must be a section",
    "model": "must be a section",
}


def _wrong(kind: str, context: Mapping[str, Any]) -> str:
    if kind in _WRONG:
        return _WRONG[kind].format(**context).replace("'", '"')
    return _WRONG_BY_START.get(kind.partition("_")[0], "is not valid")


def _name(place: Place, names: Mapping[Place, str]) -> str:
    """The longest prefix that has a name of its own, then the rest in dots."""
    for length in range(len(place), 0, -1):
        if (known := names.get(place[:length])) is not None:
            rest = dotted(place[length:])
            return f"{known}.{rest}" if rest and not rest.startswith("[") else f"{known}{rest}"
    return dotted(place)


def _how_to_write(name: str, place: Place, field: FieldInfo | None) -> str:
    """`Write, under [slack]: teams = ["T0123ABCD"]`, from the field's example."""
    section = next(iter(_models_of(field)), None)
    if section is not None:
        written = _examples(section)
        heading = _header(place)
        return f"Write {heading} with {', '.join(written)}" if written else f"Write it as {heading}"
    if field is None or not field.examples:
        return "Mend or remove it."
    example = field.examples[0]
    if name.startswith("WICKET_"):
        return f"Write: {name}='{example if isinstance(example, str) else _toml(example)}'"
    above = _header(place[:-1])
    line = f"{place[-1] if isinstance(place[-1], str) else place[-2]} = {_toml(example)}"
    return f"Write, under {above}: {line}" if above else f"Write: {line}"


def _header(place: Place) -> str:
    """The heading of a section: `[directories.local]`, `[[entitlement]]`; empty at the top of the file."""
    words = [step for step in place if isinstance(step, str)]
    if not words:
        return ""
    # A list of tables is written with doubled brackets; a list of plain values is never a heading.
    return f"[[{words[0]}]]" if len(place) > 1 and isinstance(place[1], int) else f"[{'.'.join(words)}]"


def _examples(section: type[BaseModel]) -> list[str]:
    """What a section must hold at least, as one would write it."""
    required = (
        (info.alias or name, info) for name, info in section.model_fields.items() if info.is_required()
    )
    return [f"{name} = {_toml(info.examples[0])}" for name, info in required if info.examples]


def _toml(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _keys(models: list[type[BaseModel]]) -> list[str]:
    return [info.alias or name for model in models[:1] for name, info in model.model_fields.items()]


def _models_of(field: FieldInfo | None) -> list[type[BaseModel]]:
    """The section models a field holds: alone, one of several, in a list, or under names of the operator's choosing."""
    return [] if field is None else _models_in(field.annotation)


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for argument in getattr(annotation, "__args__", ()) for found in _models_in(argument)]


def _holds_named_sections(field: FieldInfo | None) -> TypeGuard[FieldInfo]:
    """Whether the operator chooses the names of the sections in it: [directories.NAME]."""
    return field is not None and get_origin(field.annotation) is dict


def _along(model: type[BaseModel], place: Place) -> tuple[FieldInfo | None, list[type[BaseModel]]]:
    """The innermost declared field along a place, and the sections that may stand at its end."""
    found: FieldInfo | None = None
    current, named = [model], False
    for step in place:
        if named:  # a name of the operator's choosing, whatever setting it looks like
            named = False
            continue
        field, current = _next(current, step)
        found, named = field or found, _holds_named_sections(field)
    return found, current


def _next(models: list[type[BaseModel]], step: str | int) -> tuple[FieldInfo | None, list[type[BaseModel]]]:
    """One step on: into a field, or to one of several sections by its kind."""
    for model in models:
        for name, info in model.model_fields.items():
            if step in (name, info.alias):
                return info, _models_of(info)
    chosen = [model for model in models if _kind(model) == step]
    return None, chosen or models


def _kind(model: type[BaseModel]) -> str | None:
    info = model.model_fields.get("kind")
    return next(iter(getattr(info.annotation, "__args__", ())), None) if info else None
