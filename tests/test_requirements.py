"""The codes that tests, comments and policies cite: a reader finds each on docs/requirements.md, once."""

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "requirements.md"
FOLDERS = ("bot", "handlers", "storage", "tests", "docs")
# Ours, and the controls that policies name. What people type in tests ("because A-1") has the shape of some of them;
# names of elliptic curves have three digits.
CODE = re.compile(
    r"(?<![\w.-])(?:(?:P|A|B|J|R|N|T|O|W|SL)-\d{1,2}|(?:AC|AU|IA)-\d+(?:\(\d+\))?|PR\.[A-Z]{2}-\d+)(?![\w-])"
)
ROW = re.compile(r"^\| (\S+) \|", re.MULTILINE)


def explained() -> list[str]:
    return [code for code in ROW.findall(PAGE.read_text(encoding="utf-8")) if CODE.fullmatch(code)]


def cited() -> dict[str, str]:
    """Each code with a file that cites it."""
    files = [ROOT / "CONTRIBUTING.md", ROOT / "README.md"]
    for folder in FOLDERS:
        files += [file for kind in ("py", "cedar", "md") for file in (ROOT / folder).rglob(f"*.{kind}")]
    return {
        code: str(file.relative_to(ROOT))
        for file in files
        if file not in (PAGE, Path(__file__))
        for code in CODE.findall(file.read_text(encoding="utf-8"))
    }


def test_every_code_that_is_cited_is_explained():
    known = set(explained())
    assert {code: file for code, file in cited().items() if code not in known} == {}


def test_every_code_is_explained_once_and_cited_somewhere():
    """A line that nothing cites would claim what nothing meets."""
    assert [code for code, times in Counter(explained()).items() if times > 1] == []
    assert set(explained()) - set(cited()) == set()


def test_the_citations_of_every_kind_of_file_are_seen():
    """Else the first test could pass by finding nothing."""
    assert {"SL-6", "T-3", "AC-6(5)", "PR.AA-05", "P-9"} <= set(cited())
