"""A compiled translation (.mo), as msgfmt writes it: the format of the GNU gettext manual, section 10.3."""

import struct
from collections.abc import Mapping
from pathlib import Path

GERMAN = "Content-Type: text/plain; charset=UTF-8\nLanguage: de\nPlural-Forms: nplurals=2; plural=(n != 1);\n"


def compiled(file: Path, texts: Mapping[str | tuple[str, str], str | tuple[str, ...]]) -> Path:
    """Write these texts; a pair is a singular and a plural, and its translation one text for each form."""
    pairs = {"": GERMAN, **{_joined(one): _joined(other) for one, other in texts.items()}}
    rows = sorted((one.encode(), other.encode()) for one, other in pairs.items())
    head, tables, body = 28, b"", b""
    begins = head + 16 * len(rows)
    for column in (0, 1):
        for row in rows:
            tables += struct.pack("<II", len(row[column]), begins + len(body))
            body += row[column] + b"\0"
    start = struct.pack("<IIIIIII", 0x950412DE, 0, len(rows), head, head + 8 * len(rows), 0, 0)
    file.write_bytes(start + tables + body)
    return file


def _joined(text: str | tuple[str, ...]) -> str:
    return text if isinstance(text, str) else "\0".join(text)
