"""Which directory's people are whose: what is wrong with `people_of`, between the sections [directories.NAME].

It reads the data as written, so that it stands beside the sections' own problems; it asks no directory.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.settings.problems import Problem, unknown


def homes_checked(data: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with each `people_of`.

    Where nothing is, there is at least one home, since each names one.
    """
    sections = sections_of_directories(data)
    homes = [name for name, section in sections.items() if "people_of" not in section]
    for name, section in sections.items():
        home = section.get("people_of")
        if isinstance(home, str):
            yield from _checked(name, home, sections, homes)


def sections_of_directories(data: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Each [directories.NAME] that is a section, whatever stands in it."""
    directories = data.get("directories")
    named = directories.items() if isinstance(directories, Mapping) else ()
    return {str(name): section for name, section in named if isinstance(section, Mapping)}


def _checked(
    name: str, home: str, sections: Mapping[str, Mapping[str, Any]], homes: list[str]
) -> Iterator[Problem]:
    setting = f"directories.{name}.people_of"
    if home == name:
        yield Problem(
            name=setting,
            wrong="names the directory itself",
            mend="Remove the line: people then sign in from this directory.",
        )
    elif home not in sections:
        others = [one for one in homes if one != name]
        yield unknown(setting, home, others, "is no [directories.NAME]")
    elif home not in homes:
        yield Problem(
            name=setting,
            wrong=f'"{home}" has people_of itself, so nobody signs in from it',
            mend="Name the directory that people sign in from.",
        )
    else:
        yield from (_no_numbers(one, setting) for one in (name, home) if not _has_numbers(sections[one]))


def _has_numbers(section: Mapping[str, Any]) -> bool:
    """Whether it says where a person's number stands. A local directory always has a place for it."""
    attributes = section.get("attributes")
    return section.get("kind") == "local" or (isinstance(attributes, Mapping) and "person" in attributes)


def _no_numbers(name: str, setting: str) -> Problem:
    return Problem(
        name=f"directories.{name}.attributes.person",
        wrong=f"is missing, and {setting} needs it to know people by their number",
        mend=f'Write, under [directories.{name}.attributes]: person = "employeeNumber"',
    )
