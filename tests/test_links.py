"""Every link of the docs leads somewhere: to a file that is there, and to a heading that it has.

It never asks the network: addresses of other sites are left alone.
"""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
# What the program and its settings say of a page, for people who look there: docs/audit.md, docs/audit.md#the-walk.
NAMED = re.compile(r"\bdocs/[\w./-]+\.(?:md|py|example)(?:#[\w-]+)?")
# A test as the pages about attacks name it: `wire/test_asking`, without the folder of all tests.
PLAYED = re.compile(r"`((?:wire|bot|handlers|storage|browser)/(?:\w+/)*test_\w+)`")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def pages() -> list[Path]:
    return [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def speakers() -> list[Path]:
    """Whatever names a page in its text: modules, policies, settings, the Makefile."""
    kinds = ("py", "cedar", "html", "md", "toml", "example")
    folders = ("bot", "handlers", "storage", "tests", "docs")
    found = [file for folder in folders for kind in kinds for file in (ROOT / folder).rglob(f"*.{kind}")]
    return [*found, ROOT / "Makefile", ROOT / "pyproject.toml", *ROOT.glob("*.md")]


def headings(page: Path) -> set[str]:
    """The marks by which a heading is linked to, made as GitHub makes them."""
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    marks: set[str] = set()
    for title in re.findall(r"^#{1,6} +(.+?) *#*$", text, re.MULTILINE):
        said = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).lower()
        mark = re.sub(r"[^\w\- ]", "", said).replace(" ", "-")
        times = sum(one == mark or re.fullmatch(rf"{re.escape(mark)}-\d+", one) is not None for one in marks)
        marks.add(f"{mark}-{times}" if times else mark)
    return marks


def missing(target: str, *, beside: Path) -> bool:
    file, _, mark = target.partition("#")
    page = (beside.parent / file).resolve() if file else beside
    return not page.exists() or bool(mark and mark not in headings(page))


def test_every_link_leads_to_a_file_and_to_a_heading_that_it_has():
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages()
        for target in LINK.findall(FENCED.sub("", page.read_text(encoding="utf-8")))
        if "://" not in target and not target.startswith("mailto:") and missing(target, beside=page)
    ]
    assert broken == []


def test_every_page_that_the_program_names_is_there():
    broken = [
        f"{file.relative_to(ROOT)}: {target}"
        for file in speakers()
        if file != Path(__file__)
        for target in NAMED.findall(file.read_text(encoding="utf-8"))
        if missing(target, beside=ROOT / "README.md")
    ]
    assert broken == []


def test_every_test_that_a_page_names_is_there():
    """What stands against an attack is claimed with the test that plays it."""
    named = {
        f"{page.name}: {name}"
        for page in (ROOT / "docs").glob("*.md")
        for name in PLAYED.findall(page.read_text(encoding="utf-8"))
    }
    assert len(named) > 50
    assert [one for one in named if not (ROOT / "tests" / f"{one.split(': ')[1]}.py").is_file()] == []


def test_links_and_names_are_seen():
    """Else the two above could pass by finding nothing."""
    links = [target for page in pages() for target in LINK.findall(page.read_text(encoding="utf-8"))]
    assert sum("#" in target for target in links) > 20
    assert sum(bool(NAMED.search(file.read_text(encoding="utf-8"))) for file in speakers()) > 20
    assert {"restore", "which-names-are-one-group"} <= headings(ROOT / "docs/operations.md") | headings(
        ROOT / "docs/directories.md"
    )
