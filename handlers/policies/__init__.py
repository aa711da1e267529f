"""The policies that come with Wicket, as text: Cedar files by topic and the schema they are checked against.

It never judges them and never reads any but its own files.
"""

from importlib.resources import files

_SCHEMA = "schema.cedarschema"


def shipped() -> tuple[dict[str, str], str]:
    """The policy files by name, in the order of their names, and the schema."""
    folder = files(__name__)
    sources = {
        entry.name: entry.read_text(encoding="utf-8")
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".cedar")
    }
    return sources, (folder / _SCHEMA).read_text(encoding="utf-8")
