"""The pictures of the docs: each that is named is there, and each state of a message that can be seen has one.

No browser is started: how they are taken is `make pictures`.
"""

import re
import struct
import zlib
from pathlib import Path
from typing import get_args

import pytest

from bot.slack.actions import Form
from handlers.exceptions.strange import Kind
from handlers.questions.answers import Answer
from storage.states import FreezeKind, GrantState
from tests.browser.gallery.palette import colours, small
from tests.browser.gallery.registry import APPROVAL, PICTURES, REQUEST, page
from tests.browser.gallery.studio import FOLDER

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
SLACK = ROOT / "bot" / "slack"
MOST_BYTES = 4_200_000
# What messages are put together from: nobody sees them alone, or what is seen is pictured with what it is about.
ALERTS = {"alerts.facts", "alerts.people", "alerts.refused", "drift_decided"}
PIECES = {
    "parts",
    "forms.parts",
    "naming",
    "critical",
    "deciding",
    "handed",
    "proofs",
    "rules_told",
    "who_decided",
    *ALERTS,
}
# Nothing brings these about yet, or only what no demo can do: breaking the bot's own code.
UNSEEN = {FreezeKind.EMERGENCY, Kind.DETECTOR_FAILED, Kind.NOT_LOOKED_OVER}
# The owner is never asked about what was never sent, or was refused.
NOT_THE_OWNERS = {GrantState.DRAFT, GrantState.REFUSED}


def test_every_picture_that_a_page_shows_is_there():
    for file in [ROOT / "README.md", *DOCS.rglob("*.md")]:
        for shown in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", file.read_text(encoding="utf-8")):
            assert (file.parent / shown).is_file(), f"{file.name} shows {shown}"


def test_the_gallery_shows_what_is_registered_and_nothing_else():
    assert (DOCS / "messages.md").read_text(encoding="utf-8") == page(), "make pictures writes it anew"
    names = [picture.name for picture in PICTURES]
    assert len(set(names)) == len(names)
    assert {file.stem for file in FOLDER.iterdir()} == set(names)
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < MOST_BYTES


def test_every_state_that_a_person_can_see_has_a_picture():
    shown = {state for picture in PICTURES for state in picture.shows}
    wanted = {
        *((REQUEST, state) for state in GrantState),
        *((APPROVAL, state) for state in GrantState if state not in NOT_THE_OWNERS),
        *(kind for kind in Kind if kind not in UNSEEN),
        *Form,
        *(kind for kind in FreezeKind if kind not in UNSEEN),
        *get_args(Answer),
    }
    assert wanted - shown == set()


def test_every_module_that_makes_messages_or_forms_has_pictures():
    modules = {*_modules(SLACK / "messages", SLACK / "messages"), *_modules(SLACK, SLACK / "forms")}
    assert {*(modules - PIECES), "home"} == {picture.of for picture in PICTURES}


def test_the_readme_and_the_page_for_approvers_lead_to_the_gallery():
    assert "docs/messages.md" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert "(messages.md)" in (DOCS / "approvals.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("way", range(5))
def test_a_picture_made_small_shows_the_same(way):
    """Whichever of PNG's five ways a row is written in; Chromium uses them all."""
    rows = bytes([way, 10, 20, 30, 40, 50, 60]) + bytes([way, 7, 8, 9, 250, 251, 252])
    png = b"\x89PNG\r\n\x1a\n"
    for kind, body in (
        (b"IHDR", struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b""),
    ):  # fmt: skip
        png += struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    first, second = {
        0: ([(10, 20, 30), (40, 50, 60)], [(7, 8, 9), (250, 251, 252)]),
        1: ([(10, 20, 30), (50, 70, 90)], [(7, 8, 9), (1, 3, 5)]),
        2: ([(10, 20, 30), (40, 50, 60)], [(17, 28, 39), (34, 45, 56)]),
        3: ([(10, 20, 30), (45, 60, 75)], [(12, 18, 24), (22, 34, 45)]),
        4: ([(10, 20, 30), (50, 70, 90)], [(17, 28, 39), (44, 65, 86)]),
    }[way]
    assert colours(png) == (2, 2, [*first, *second])
    palette, numbers = _indexed(small(png))
    assert [palette[number] for number in numbers] == [*first, *second]


def _modules(root: Path, folder: Path) -> set[str]:
    """As the registry names them."""
    found = (
        file.relative_to(root).with_suffix("") for file in folder.rglob("*.py") if file.stem != "__init__"
    )
    return {".".join(file.parts) for file in found}


def _indexed(png: bytes) -> tuple[list[tuple[int, ...]], list[int]]:
    """Palette and numbers of a picture of 2 by 2."""
    at, bodies = 8, {}
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        bodies[png[at + 4 : at + 8]] = png[at + 8 : at + 8 + length]
        at += 12 + length
    flat, raw = bodies[b"PLTE"], zlib.decompress(bodies[b"IDAT"])
    return [tuple(flat[at : at + 3]) for at in range(0, len(flat), 3)], [*raw[1:3], *raw[4:6]]
