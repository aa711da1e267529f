"""What stands in our own source that people read and no translator sees: words that are not said, faults put together.

It reads files and runs nothing of them.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from jinja2 import nodes

from bot.extraction import ROOT, SAYING, TAKING, calls
from bot.extraction_pages import parsed

_FAULTS = TAKING | {"PasswordRejected"}
_RAISES = re.compile(rf"\b(?:{'|'.join(sorted(_FAULTS))})\b")
_CLASS = re.compile(r"^class (\w+)\((\w+)\):", re.MULTILINE)
_TAGS = re.compile(r"<[^>]*(?:>|$)|^[^<]*>")
_READ_OUT = re.compile(
    r"""\b(?:alt|title|placeholder|aria-label|data-show|data-hide)=["']([^"']*[A-Za-z][^"']*)"""
)
_WORD = re.compile(r"[A-Za-z]{2,}")
_OURS = frozenset({"Wicket", "nbsp", "amp", "doctype", "html"})


def unsaid_in(files: Iterable[Path], root: Path = ROOT) -> list[tuple[str, str]]:
    """Literals of two words and more that are neither said, nor marked, nor raised, nor logged: path and text."""
    found = []
    for file in sorted(files):
        tree = ast.parse(file.read_text())
        quiet = {id(one) for node in ast.walk(tree) if _is_quiet(node) for one in ast.walk(node)}
        loud = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in quiet]
        texts = [node.value for node in loud if isinstance(node.value, str) and _WORDS.search(node.value)]
        found += [(file.relative_to(root).as_posix(), text) for text in texts]
    return found


_WORDS = re.compile(r"[A-Za-z]{2,}[,:;]? +[A-Za-z]{2,}")


def _is_quiet(node: ast.AST) -> bool:
    """Whether nothing below it is read by people in Slack or in a mail."""
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Raise():  # a docstring, a fault
            return True
        case ast.Call(func=ast.Name(id=name)):
            return name in SAYING
        case ast.Call(func=ast.Attribute(value=ast.Name(id="log"))):
            return True
        case _:
            return False


def bare_faults(files: Iterable[Path], root: Path = ROOT) -> list[str]:
    """Where a fault of a directory is raised with words that were put together: path and line. People read them."""
    found = []
    for file in sorted(files):
        source = file.read_text()
        for call in calls(ast.parse(source), *_FAULTS) if _RAISES.search(source) else ():
            given = [*call.args, *(one.value for one in call.keywords if one.arg == "reason")]
            if any(isinstance(one, ast.JoinedStr) for one in given):
                found.append(f"{file.relative_to(root).as_posix()}:{call.lineno}")
    return found


def unseen_faults(files: Iterable[Path], root: Path = ROOT) -> list[str]:
    """Where a fault takes values for a template that no translator sees, and nobody compares with them: path, line."""
    sources = {file: file.read_text() for file in sorted(files)}
    classes = {pair for source in sources.values() for pair in _CLASS.findall(source)}
    faults = {"WicketFault"}
    while more := {name for name, base in classes if base in faults} - faults:
        faults |= more
    unseen = faults - TAKING
    raises = re.compile(rf"\b(?:{'|'.join(sorted(unseen))})\(")
    return [
        f"{file.relative_to(root).as_posix()}:{call.lineno}"
        for file, source in sources.items()
        if raises.search(source)
        for call in calls(ast.parse(source), *unseen)
        if call.keywords
    ]


def unsaid_on(folder: Path) -> list[tuple[str, str]]:
    """Words that stand on a page without being said: the template's name, and the words."""
    return [(file.name, words) for file in sorted(folder.glob("*.html")) for words in _bare(parsed(file))]


def _bare(page: nodes.Template) -> Iterator[str]:
    """What is read between tags, or read out of an attribute; pieces of a tag that expressions cut are left out."""
    whole = "".join(
        each.data if isinstance(each, nodes.TemplateData) else "\0"
        for output in page.find_all(nodes.Output)
        for each in output.nodes
    )
    for words in (*_TAGS.sub("\n", whole).splitlines(), *_READ_OUT.findall(whole)):
        if [word for word in _WORD.findall(words) if word not in _OURS]:
            yield words.replace("\0", "…").strip()
