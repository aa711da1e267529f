"""The policies that come with Wicket, as text: Cedar files by topic, their schema, and the cases that they answer.

It never judges them and never reads any but its own files.
"""

from importlib.resources import files
from importlib.resources.abc import Traversable

_SCHEMA = "schema.cedarschema"


def shipped() -> tuple[dict[str, str], str]:
    """The policy files by name, in the order of their names, and the schema."""
    folder = files(__name__)
    return _texts(folder, ".cedar"), (folder / _SCHEMA).read_text(encoding="utf-8")


def shipped_cases() -> dict[str, str]:
    """The tables of cases by name, in the order of their names."""
    return _texts(files(__name__) / "cases", ".toml")


def _texts(folder: Traversable, ending: str) -> dict[str, str]:
    return {
        entry.name: entry.read_text(encoding="utf-8")
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(ending)
    }
