"""The command about delegated approvals: who lets whom approve what until when, and the standing scopes.

It reads only: people delegate in Slack, and scopes stand in the catalogue.
"""

import json
from collections.abc import Iterable
from typing import Annotated, Any

import typer

from bot.cli.place import place_of
from bot.cli.stores import opened
from bot.cli.tables import moment, show
from bot.slack.words import duration
from handlers.delegations.outcomes import DelegationStory, ScopeStory
from handlers.delegations.shown import scope_told, told
from storage import delegations as rows


def delegations(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object, with everything.")] = False,
) -> None:
    """Who lets whom approve for which owner now, and the standing scopes of the catalogue."""
    settings = place_of(context).settings()
    with opened(settings) as database:
        found = database.read_now(lambda tx: rows.open_at(tx, database.now()))
    made = [told(settings.catalogue, one) for one in found]
    scopes = [scope_told(settings.catalogue, one) for one in settings.catalogue.scopes.values()]
    if as_json:
        plain = {
            "delegations": [_as_json(one) for one in made],
            "scopes": [_scope_as_json(one) for one in scopes],
        }
        typer.echo(json.dumps(plain, indent=2))
        return
    if not made and not scopes:
        typer.echo("There are none.")
        return
    if made:
        show(("Id", "Owner", "By", "To", "What", "At most", "Until"), (_row(one) for one in made))
    if scopes:
        show(("Scope", "Owner", "Group", "What", "Where", "At most"), (_scope_row(one) for one in scopes))


def _row(story: DelegationStory) -> tuple[str, ...]:
    to = f"group {story.to}" if story.to_group else story.to
    return story.id, story.owner, story.by, to, _things(story.things), _most(story), moment(story.until)


def _scope_row(scope: ScopeStory) -> tuple[str, ...]:
    return scope.id, scope.owner, scope.group, _things(scope.things), ", ".join(scope.where), _most(scope)


def _things(things: Iterable[str]) -> str:
    return ", ".join(things)


def _most(one: DelegationStory | ScopeStory) -> str:
    return f"risk {one.risk}, {duration(one.minutes)}"


def _as_json(story: DelegationStory) -> dict[str, Any]:
    """Times as ISO 8601 in UTC."""
    return {
        "id": story.id, "owner": story.owner, "by": story.by, "to": story.to,
        "to_group": story.to_group, "entitlements": list(story.things), "max_risk": story.risk,
        "max_minutes": story.minutes, "made_at": story.made_at.isoformat(), "until": story.until.isoformat(),
    }  # fmt: skip


def _scope_as_json(scope: ScopeStory) -> dict[str, Any]:
    return {
        "id": scope.id, "name": scope.name, "owner": scope.owner, "group": scope.group,
        "entitlements": list(scope.things), "where": list(scope.where), "max_risk": scope.risk,
        "max_minutes": scope.minutes,
    }  # fmt: skip
