"""The templates as they stand in our own source: read, never run, for whoever translates them and for a test.

Run as `python -m bot.extraction`, it writes the template of a translation (.pot); it changes nothing.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TextIO

from bot.extraction_pages import PAGES, Found, Text, said_on
from bot.texts import places

ROOT = Path(__file__).parent.parent
SPEAKING = ("bot/slack", "bot/couriers", "bot/web")
"""Where sentences are said; each module there is read, and `bot.texts` itself, which says lengths of time."""

HANDING = ("handlers", "storage")
"""Where reasons and refusals are made that a message repeats (`as_told`): whole, or as `Sentence` with their values."""

# Reading a module's tree takes most of the time, and most modules say nothing.
SAYING = frozenset({"say", "say_counted", "template", "Sentence"})
# Those that take a template and its values, as `Sentence` does.
TAKING = frozenset({"DirectoryUnavailable", "ConnectionLost", "ServerSilent", "GivenUp"})
_SAYS = re.compile(rf"\b(?:{'|'.join(sorted(SAYING | TAKING))})\b")
_REASON = re.compile(r'^@reason\("((?:[^"\\]|\\.)*)"\)', re.MULTILINE)


@dataclass(kw_only=True)
class _Module:
    """One module's tree, and its constants that hold templates: by name, all that stand in each."""

    path: str
    tree: ast.Module
    constants: dict[str, list[ast.Constant]] = field(default_factory=dict)
    tables: set[str] = field(default_factory=set)
    imported: dict[str, tuple[str, str]] = field(default_factory=dict)


def speaking(root: Path = ROOT) -> list[Path]:
    """The modules in which sentences are said."""
    folders = [file for folder in SPEAKING for file in sorted((root / folder).rglob("*.py"))]
    return [*(root / "bot").glob("texts.py"), *folders]


def handing(root: Path = ROOT) -> list[Path]:
    """The modules in which sentences are made that others say."""
    return [file for folder in HANDING for file in sorted((root / folder).rglob("*.py"))]


def everything(root: Path = ROOT) -> Found:
    """All that is said to people: by modules, by the templates of pages, and by policies. Read once in a process."""
    return _everything(root)


@cache
def _everything(root: Path) -> Found:
    modules = said_in((*speaking(root), *handing(root)), root)
    pages = said_on(root / PAGES, root)
    return Found(
        texts=(*modules.texts, *pages.texts, *handed_over(root)), wrong=(*modules.wrong, *pages.wrong)
    )


def said_in(files: Iterable[Path], root: Path = ROOT) -> Found:
    """Every template that is said in these files, and what is wrong with how it is."""
    modules = {one.path: one for one in (_read(file, root) for file in sorted(files))}
    texts: list[Text] = []
    wrong: list[str] = []
    for module in modules.values():
        reader = _Reader(module, modules)
        texts += reader.texts()
        wrong += reader.wrong
    return Found(texts=tuple(texts), wrong=tuple(wrong))


def _read(file: Path, root: Path) -> _Module:
    source = file.read_text()
    tree = ast.parse(source if _SAYS.search(source) else "")
    module = _Module(path=file.relative_to(root).as_posix(), tree=tree)
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module:
            for one in node.names:
                module.imported[one.asname or one.name] = (node.module, one.name)
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        if isinstance(target, ast.Name) and isinstance(value, ast.expr):
            found = [call.args[0] for call in calls(value, "template") if call.args]
            held = [one for one in found if isinstance(one, ast.Constant)]
            names = [one.id for one in ast.walk(value) if isinstance(one, ast.Name)]
            held += [one for name in names for one in module.constants.get(name, ())]
            if held:
                module.constants[target.id] = held
            if held and next(calls(value, "template"), None) is not value:
                module.tables.add(target.id)
    return module


class _Reader:
    """Reads one module's calls."""

    def __init__(self, module: _Module, modules: Mapping[str, _Module]) -> None:
        self._module = module
        self._modules = modules
        self.wrong: list[str] = []

    def texts(self) -> Iterator[Text]:
        """The templates of this module: what is said here, and what its constants hold."""
        for call in calls(self._module.tree, *SAYING, *TAKING):
            assert isinstance(call.func, ast.Name)  # noqa: S101 - calls by a name alone are found
            if call.func.id in TAKING and not call.keywords:
                continue
            if call.func.id == "template":
                yield from self._marked(call)
            elif call.func.id == "say_counted":
                yield from self._counted(call)
            elif (
                call.func.id == "say" or call.keywords or any(_literal(one) is not None for one in call.args)
            ):
                yield from self._said(call)  # a sentence without values is one that somebody else made

    def _marked(self, call: ast.Call) -> Iterator[Text]:
        if len(call.args) == 1 and (one := _literal(call.args[0])) is not None:
            self._check(call, one, None)
            yield Text(one=one, where=self._where(call))
        else:
            self._complain(call, "a template is a literal")

    def _said(self, call: ast.Call) -> Iterator[Text]:
        if len(call.args) != 1 or any(one.arg is None for one in call.keywords):
            self._complain(call, "it takes one template, and values by name")
            return
        names = frozenset(str(one.arg) for one in call.keywords)
        literal = _literal(call.args[0])
        if literal is not None:
            self._check(call, literal, names)
            yield Text(one=literal, where=self._where(call))
            return
        found = self._constant(call.args[0])
        if found is None:
            self._complain(call, "its template is neither a literal nor a constant of a module")
            return
        texts, is_table = found
        for one in texts:
            self._check(call, str(one.value), names, fewer=is_table)
        if is_table and names - frozenset[str]().union(*(places(str(one.value)) for one in texts)):
            self._complain(call, "no template in its table has all of its values")

    def _counted(self, call: ast.Call) -> Iterator[Text]:
        forms = [_literal(one) for one in call.args[:2]]
        if len(call.args) != 3 or None in forms or any(one.arg is None for one in call.keywords):
            self._complain(call, "it takes two literals, a count, and values by name")
            return
        one, many = str(forms[0]), str(forms[1])
        names = frozenset(str(keyword.arg) for keyword in call.keywords)
        # A word may stand for the number, or it is written in a place of its own.
        for text in (one, many):
            self._check(call, text, names | ({"count"} & _found(text)))
        yield Text(one=one, many=many, where=self._where(call))

    def _check(
        self, call: ast.Call, template: str, names: frozenset[str] | None, *, fewer: bool = False
    ) -> None:
        try:
            found = places(template)
        except ValueError as fault:
            self._complain(call, str(fault))
            return
        if names is not None and (found - names if fewer else found != names):
            self._complain(call, f"{template!r} has the places {sorted(found)}, not {sorted(names)}")

    def _constant(self, node: ast.expr) -> tuple[list[ast.Constant], bool] | None:
        """The templates that a constant holds, and whether one of several is chosen; None if it is no constant."""
        is_chosen = isinstance(node, ast.Subscript)
        base = node.value if isinstance(node, ast.Subscript) else node
        match base:
            case ast.Name(id=name) if name in self._module.constants:
                holder: _Module | None = self._module
            case ast.Name(id=here) if here in self._module.imported:
                place, name = self._module.imported[here]
                holder = self._named(place)
            case ast.Attribute(value=ast.Name(id=here), attr=name) if here in self._module.imported:
                holder = self._named(".".join(self._module.imported[here]))
            case _:
                return None
        if holder is None or name not in holder.constants or (name in holder.tables) != is_chosen:
            return None
        return holder.constants[name], is_chosen

    def _named(self, dotted: str) -> _Module | None:
        return self._modules.get(f"{dotted.replace('.', '/')}.py")

    def _where(self, node: ast.Call) -> str:
        return f"{self._module.path}:{node.lineno}"

    def _complain(self, call: ast.Call, why: str) -> None:
        self.wrong.append(f"{self._where(call)}: {why}")


def _found(text: str) -> frozenset[str]:
    try:
        return places(text)
    except ValueError:
        return frozenset()


def calls(tree: ast.AST, *names: str) -> Iterator[ast.Call]:
    """Every call of one of these, by its name alone."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            yield node


def _literal(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def handed_over(root: Path = ROOT) -> list[Text]:
    """The sentences that handlers hand over whole: policies' reasons, and constants that end as a sentence does."""
    found = []
    for file in sorted(file for folder in HANDING for file in (root / folder).rglob("*.cedar")):
        source, path = file.read_text(), file.relative_to(root).as_posix()
        for reason in _REASON.finditer(source):
            line = source.count("\n", 0, reason.start()) + 1
            found.append(Text(one=str(ast.literal_eval(f'"{reason[1]}"')), where=f"{path}:{line}"))
    for file in handing(root):
        known: dict[str, str] = {}
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                texts = [(one.lineno, text) for one in _values(node.value) if (text := _whole(one, known))]
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                if len(texts) == 1 and isinstance(target, ast.Name):
                    known[target.id] = texts[0][1]
                found += [
                    Text(one=text, where=f"{file.relative_to(root).as_posix()}:{line}")
                    for line, text in texts
                    if _SENTENCE.fullmatch(text)
                ]
    return found


_SENTENCE = re.compile(r"[A-Z][^{}]* [^{}]*[.!?]")


def _values(node: ast.expr) -> list[ast.expr]:
    """A constant's value, or those of its table, however it is wrapped."""
    match node:
        case ast.Dict(values=values):
            return values
        case ast.Call(args=[ast.Dict(values=values)]):
            return values
        case _:
            return [node]


def _whole(node: ast.expr, known: Mapping[str, str]) -> str:
    """A text of literals and of constants before it; empty if it is anything else."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            texts = [_whole(one, known) for one in parts]
            return "".join(texts) if all(texts) else ""
        case ast.FormattedValue(value=ast.Name(id=name)):
            return known.get(name, "")
        case _:
            return ""


def write_template(out: TextIO, root: Path = ROOT) -> None:
    """The template of a translation, as gettext's tools read it: each text once, with everywhere it stands."""
    together: dict[tuple[str, str], list[str]] = {}
    for text in everything(root).texts:
        together.setdefault((text.one, text.many), []).append(text.where)
    out.write('msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n')
    for (one, many), places_ in together.items():
        out.write("\n" + "".join(f"#: {where}\n" for where in places_))
        out.write("#, python-brace-format\n" if places(one) | places(many) else "")
        out.write(f"msgid {_quoted(one)}\n")
        if many:
            out.write(f'msgid_plural {_quoted(many)}\nmsgstr[0] ""\nmsgstr[1] ""\n')
        else:
            out.write('msgstr ""\n')


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


if __name__ == "__main__":
    write_template(sys.stdout)
