"""The commands `wicket policy who-can` and `what-can`: rights by policy, as opposed to rights held.

They read beside a running bot, ask the directories as they are now, and change nothing and tell nobody.
"""

import asyncio
import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.bars import progress
from bot.cli.people import grounded
from bot.cli.place import place_of
from bot.cli.policy import AsJson, Directory, Replaces
from bot.cli.policy_place import For, entitlement_of, minutes_of, person_of, policy_of
from bot.cli.sentences import NOT_DONE
from bot.cli.stores import opened
from bot.cli.tables import moment, say, show

if TYPE_CHECKING:
    from bot.settings import Settings
    from handlers.decisions.cedar import CedarPolicy
    from handlers.decisions.explaining import Verdict
    from handlers.people.everybody import Could
    from handlers.questions.explaining import Standing
    from storage.catalogue import Entitlement
    from storage.database import Database
    from storage.directories.base import Account

_SAID = {"automatic": "at once", "approval": "with approval", "refused": "not", "untold": "cannot be told"}
_ORDER = list(_SAID)
_AWAY = "a directory did not answer about them"


@dataclass(frozen=True, kw_only=True)
class _Right:
    """What somebody could have by policy, and what they hold. decision: a key of `_SAID`."""

    entitlement: str
    decision: str
    why: str
    held: str


def who_can(
    context: typer.Context,
    what: Annotated[str, typer.Argument(help="An entitlement.")],
    length: For = "1h",
    people: Annotated[
        bool, typer.Option("--people", help="Name everybody, as they are asked about.")
    ] = False,
    directory: Directory = None,
    replaces: Replaces = None,
    as_json: AsJson = False,
) -> None:
    """Say who could have it by policy: at once, with whose approvals, or not and why."""
    place = place_of(context)
    settings = place.settings()
    policy = policy_of(place, settings, directory, replaces)
    entitlement = entitlement_of(settings, what)
    minutes = minutes_of(length)
    with opened(settings) as database:
        counts, unknown = asyncio.run(
            _count(settings, database, policy, entitlement, minutes, people=people and not as_json)
        )
    rows = sorted(counts.items(), key=lambda each: (_ORDER.index(each[0][0]), -each[1]))
    if as_json:
        told = [{"decision": key[0], "why": key[1], "people": number} for key, number in rows]
        typer.echo(json.dumps({"entitlement": entitlement.id, "minutes": minutes, "counted": told}, indent=2))
    else:
        show(("Answer", "People", "Why"), ((_SAID[key[0]], str(number), key[1]) for key, number in rows))
    for line in unknown:
        say(line, err=True)
    if unknown or any(key[0] == "untold" for key in counts):
        raise typer.Exit(NOT_DONE)


def what_can(
    context: typer.Context,
    who: Annotated[str, typer.Argument(help="A login or an account id.")],
    length: For = "1h",
    directory: Directory = None,
    replaces: Replaces = None,
    as_json: AsJson = False,
) -> None:
    """Show side by side what somebody could have by policy, and what they hold."""
    place = place_of(context)
    settings = place.settings()
    policy = policy_of(place, settings, directory, replaces)
    account = person_of(settings, who)
    with opened(settings) as database:
        rows = asyncio.run(_rights(settings, database, policy, account, minutes_of(length)))
    if as_json:
        typer.echo(json.dumps({"person": account.id, "rights": [vars(one) for one in rows]}, indent=2))
    else:
        columns = ("Entitlement", "By policy", "Why", "Held")
        show(columns, ((one.entitlement, _SAID[one.decision], one.why, one.held) for one in rows))
    if any(one.decision == "untold" for one in rows):
        raise typer.Exit(NOT_DONE)


async def _count(
    settings: "Settings",
    database: "Database",
    policy: "CedarPolicy",
    entitlement: "Entitlement",
    minutes: int,
    *,
    people: bool,
) -> tuple[Counter[tuple[str, str]], list[str]]:
    """How many people have each answer for each reason, and what is to be said of directories that did not say."""
    from handlers.people.everybody import Everybody

    counts = Counter[tuple[str, str]]()
    async with grounded(settings, database, policy) as ground:
        everybody = Everybody(ground)
        unknown = [
            f"The directory {name} cannot tell whom it holds, so its people were not asked about."
            for name in everybody.silent(entitlement)
        ]
        asked_about = await everybody.people(entitlement)
        with progress("Asking about people") as moved:
            done = 0
            async for one in everybody.who_can(entitlement, asked_about, minutes=minutes):
                done += 1
                key = _why(one)
                counts[key] += 1
                if people:
                    say(f"{_SAID[key[0]]}: {one.name or one.account} ({one.account}): {key[1]}")
                moved(done, len(asked_about))
    return counts, unknown


def _why(one: "Could") -> tuple[str, str]:
    """The answer, and its reason: whose approvals, or the policies that decided."""
    if one.verdict is None:
        return "untold", _AWAY
    return one.verdict.outcome, _reason(one.verdict)


def _reason(verdict: "Verdict") -> str:
    from bot.cli.policy_explained import approvals

    if verdict.missing:
        return approvals(verdict.missing)
    by = ", ".join(verdict.decision.policy_ids) or "no policy"
    return f"{by}: {' '.join(map(str, verdict.reasons))}"


async def _rights(
    settings: "Settings", database: "Database", policy: "CedarPolicy", account: "Account", minutes: int
) -> list[_Right]:
    """Every entitlement of the catalogue, one after the other."""
    from handlers.questions.explaining import Explaining
    from storage.faults import DirectoryUnavailable

    rows = list[_Right]()
    async with grounded(settings, database, policy) as ground:
        explaining = Explaining(ground)
        with progress("Asking about entitlements") as moved:
            for done, one in enumerate(settings.catalogue.entitlements.values(), 1):
                try:
                    (standing,) = await explaining.standings(account, [one], minutes=minutes)
                except DirectoryUnavailable:
                    rows.append(_Right(entitlement=one.id, decision="untold", why=_AWAY, held="unknown"))
                    continue
                verdict = explaining.verdict(standing.question)
                rows.append(
                    _Right(
                        entitlement=one.id,
                        decision=verdict.outcome,
                        why=_reason(verdict),
                        held=_held(standing),
                    )
                )
                moved(done, len(settings.catalogue.entitlements))
    return rows


def _held(standing: "Standing") -> str:
    if standing.held is None:
        return "no account there that is certain to be theirs"
    if not standing.held:
        return ""
    return f"until {moment(standing.given.expires_at)}" if standing.given else "standing"
