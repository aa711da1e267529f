"""The sentences in the templates of pages, read as Jinja reads them and never filled in.

It judges no words that stand there without being said.
"""

from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, nodes

from bot.texts import places

PAGES = "bot/web/templates"
"""Where the templates of pages stand."""


@dataclass(frozen=True, kw_only=True)
class Text:
    """One template. where: "path:line". many: its plural, "" if it has none."""

    one: str
    where: str
    many: str = ""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What stands in some modules. wrong: calls that no translator could follow, a sentence each."""

    texts: tuple[Text, ...]
    wrong: tuple[str, ...]


def said_on(folder: Path, root: Path) -> Found:
    """Every template that is said in these pages, and what is wrong with how it is."""
    texts: list[Text] = []
    wrong: list[str] = []
    for file in sorted(folder.glob("*.html")):
        page = parsed(file)
        path = file.relative_to(root).as_posix()
        for call in page.find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name in _ARGUMENTS:
                _read(call, f"{path}:{call.lineno}", texts, wrong)
    return Found(texts=tuple(texts), wrong=tuple(wrong))


_ARGUMENTS = {"say": 1, "say_counted": 3}


def _read(call: nodes.Call, where: str, texts: list[Text], wrong: list[str]) -> None:
    assert isinstance(call.node, nodes.Name)  # noqa: S101 - the caller looked
    needed = _ARGUMENTS[call.node.name]
    said = [one.value for one in call.args[: max(1, needed - 1)] if isinstance(one, nodes.Const)]
    if len(call.args) != needed or len(said) != max(1, needed - 1) or call.dyn_kwargs is not None:
        wrong.append(f"{where}: it takes a literal, and values by name")
        return
    names = {str(one.key) for one in call.kwargs}
    for text in said:
        try:
            found = places(str(text))
        except ValueError as fault:
            wrong.append(f"{where}: {fault}")
            continue
        if found - {"count"} != names - {"count"} or (needed == 1 and found != names):
            wrong.append(f"{where}: {text!r} has the places {sorted(found)}, not {sorted(names)}")
    texts.append(Text(one=str(said[0]), many=str(said[1]) if len(said) == 2 else "", where=where))


def parsed(file: Path) -> nodes.Template:
    """A page's template, taken apart."""
    return Environment(autoescape=True).parse(file.read_text(encoding="utf-8"), filename=file.name)
