"""No action is recorded that nobody decided about how a SIEM is to read it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from storage.states import Purpose
from tests.bot.siem.golden import GOLDEN

ROOT = Path(__file__).parents[3]
_DOTTED = re.compile(r"[a-z_]+(\.[a-z_]+)+")
# Files of policies, a name in an example, a logger, and facts as policies call them.
_NO_ACTIONS = frozenset(
    {
        "handlers.policies", "schema.cedarschema", "luca.diborgo", "wicket.mail",
        "context.approvals", "context.attested", "context.delegate", "context.member", "context.proof",
        "context.report", "context.requester",
    }
)  # fmt: skip


def _said(tree: ast.Module) -> Iterator[str]:
    """Every dotted word that is not one of the log for operators. `{purpose}.x` is one for each purpose."""
    logged = {
        id(part)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "log"
        for part in ast.walk(call)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in logged:
            yield node.value
        elif isinstance(node, ast.JoinedStr) and isinstance(node.values[-1], ast.Constant):
            end = str(node.values[-1].value)
            yield from (f"{purpose}{end}" for purpose in Purpose if len(node.values) == 2 and end[0] == ".")


def test_each_action_that_the_code_names_is_in_the_table() -> None:
    """O-1: whoever adds one decides what it is."""
    folders = ("handlers", "storage/audit", "bot/couriers")
    files = [file for folder in folders for file in (ROOT / folder).rglob("*.py")]
    said = {word for file in files for word in _said(ast.parse(file.read_text("utf-8")))}
    actions = {word for word in said if _DOTTED.fullmatch(word)} - _NO_ACTIONS
    assert sorted(actions - set(GOLDEN)) == []
    assert sorted(set(GOLDEN) - actions) == []
