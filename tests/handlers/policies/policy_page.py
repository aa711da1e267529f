"""The parts of docs/policy.md that follow from the policies and their schema: run, it writes them; a test compares.

    .venv/bin/python -m tests.handlers.policies.policy_page

It writes nothing of the page beside these parts.
"""

import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from handlers.decisions.attested import Attested
from handlers.decisions.cedar import CedarPolicy
from handlers.decisions.policy import Action, Approvals, GivenProof
from handlers.decisions.stated_facts import facts_of
from handlers.decisions.stating import Lately, known_facts
from handlers.policies import shipped
from storage.catalogue import Entitlement, Owner
from storage.directories.base import Account

PAGE = Path(__file__).parents[3] / "docs" / "policy.md"

_BLOCK = re.compile(r"^(entity|type) (\w+) =? ?\{\s*(?://[^\n]*)?\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_FACT = re.compile(r"^\s*((?:@\w+ )?)(\w+)(\??): ([\w<>]+),?\s*(?://\s*(.*))?$", re.MULTILINE)
_ACTIONS = re.compile(r"^action ([\w, ]+) appliesTo \{.*?context: (\w+)", re.MULTILINE | re.DOTALL)
# What a case says otherwise than by the name of the fact.
_SAID = {
    "Entitlement.maxMinutes": "max",
    "Entitlement.standingAllowed": "standing",
    "Account.recentReset": "hours_since_reset",
    "Access.minutes": "for",
    "Access.heldMinutes": "held",
    "Access.extends": "held",
    "Reconciling.minutes": "for",
    "Access.conflicts": "has",
    "Reconciling.conflicts": "has",
    "Access.workloadEnvironments": "has",
}
_STATED = {
    "Account": {*facts_of(Account), *facts_of(Lately)},
    "Entitlement": set(facts_of(Entitlement)),
    "Owner": set(facts_of(Owner)),
    "Approvals": set(facts_of(Approvals)),
    "Attested": set(facts_of(Attested)),
    "FreshProof": set(facts_of(GivenProof)),
    # By the hours of the settings and the moment that is stated.
    "LocalTime": set(),
    "Service": set(),
}


def parts() -> dict[str, str]:
    """By name, what each part has to be."""
    return {"facts": "\n".join(_facts()), "policies": "\n".join(_policies())}


def written(page: str) -> str:
    """The page with these parts as they have to be."""
    for name, text in parts().items():
        start, end = f"<!-- {name}: made from the files -->", f"<!-- end of {name} -->"
        before, _, rest = page.partition(start)
        _, _, after = rest.partition(end)
        page = f"{before}{start}\n{text}\n{end}{after}"
    return page


def _policies() -> Iterator[str]:
    """Each policy under its file: its id, which way it decides, about what, its sentence and its control."""
    sources, schema = shipped()
    notes = CedarPolicy.load(sources, schema, bound_to="").notes.values()
    for file, each in groupby(notes, key=lambda note: note.where.split(",")[0]):
        yield f"\n**{file}**\n"
        yield "| policy | | about | what a person reads | serves | exception |"
        yield "|---|---|---|---|---|---|"
        for note in each:
            effect = "permits" if re.search(r"^permit\b", note.text, re.MULTILINE) else "forbids"
            about = ", ".join(sorted(note.actions)) if note.actions else "everything"
            cells = (f"`{note.id}`", effect, about, note.reason, note.control or "", note.severity or "")
            yield f"| {' | '.join(cells)} |"


def _facts() -> Iterator[str]:
    """Each kind of thing with its facts, as policies and as cases say them."""
    schema = shipped()[1]
    asked = {context: names for names, context in _ACTIONS.findall(schema)}
    for _, name, body in _BLOCK.findall(schema):
        about = f"`context` of {asked[name]}" if name in asked else _HEADINGS.get(name, name)
        yield f"\n**{about}**\n"
        yield "| fact | | what it is | in a case |"
        yield "|---|---|---|---|"
        for looked_up, fact, optional, type_, comment in _FACT.findall(body):
            note = " (may be missing: ask `has` first)" if optional else ""
            note += " (may be unknown: then what comes to it is refused)" if looked_up else ""
            meaning = f"{comment or _MEANINGS.get(f'{name}.{fact}', _MEANINGS.get(fact, ''))}{note}"
            cells = (f"`{fact}`", _TYPES.get(type_, f"`{type_}`"), meaning, _in_a_case(name, fact, asked))
            yield f"| {' | '.join(cells)} |"


def _in_a_case(name: str, fact: str, asked: dict[str, str]) -> str:
    """The key that states it, if there is one."""
    key = _SAID.get(f"{name}.{fact}", re.sub(r"[A-Z]", lambda letter: f"_{letter[0].lower()}", fact))
    known = _STATED.get(name)
    if known is None and name in asked:
        known = set(known_facts(Action(asked[name].split(",")[0]))) | {"requester", "report", "role"}
    return f"`{key}`" if known is None or key in known or key in _SAID.values() else ""


_HEADINGS = {
    "Account": "A person or a service account: `principal`, and `resource` where it is about an account",
    "Entitlement": "What can be granted: `resource`",
    "Owner": "The team that answers for it: `resource.owner`",
    "Service": "Wicket itself: `resource` of resume",
    "Approvals": "`context.approvals`: how many people approved, each once and in one role",
    "FreshProof": "`context.proof`",
    "Attested": "`context.attested`: how many people said that it is them, each once and in one role",
    "LocalTime": "`context.local`: the hour where the company is",
}
# Of those that the schema leaves to their names.
_MEANINGS = {
    "directory": "where it is kept, by the name that the settings give it",
    "team": "as the directory says it",
    "company": "as the directory says it",
    "active": "not switched off",
    "locked": "after too many wrong passwords",
    "groups": "of the directory, also those that they are in through others, by each name that the catalogue "
    "and policies have for them",
    "group": "whose members have it",
    "Entitlement.owner": "see there",
    "Approvals.owner": "of the team that owns it",
    "Approvals.manager": "the manager of whoever asks",
    "Attested.manager": "their manager",
    "maxMinutes": "for how long it may be had, by the catalogue",
    "standingAllowed": "it may be had without an end",
    "requester": "who asked",
    "justificationGiven": "they said why",
    "ticketGiven": "they named a ticket",
    "now": "when it is asked, in UTC",
    "businessHours": "within the hours that the settings say",
    "local": "the hour where the company is",
    "security": "of security",
    "helpDesk": "of the help desk",
    "total": "of all together",
}
_TYPES = {
    "String": "text",
    "Long": "number",
    "Bool": "yes or no",
    "Set<String>": "texts",
    "datetime": "moment",
}


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
