"""The command `wicket policy explain`: one question, its answer, why it is so, and what would change it.

It reads beside a running bot, asks the directories as they are now, and changes nothing and tells nobody.
"""

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from bot.cli.people import grounded
from bot.cli.place import Place, place_of
from bot.cli.policy import AsJson, Directory, Replaces, loaded, rulebook_of
from bot.cli.policy_place import For, entitlement_of, minutes_of, person_of, policy_of
from bot.cli.stores import opened
from storage.faults import PolicyFault

if TYPE_CHECKING:
    from bot.settings import Settings
    from handlers.decisions.cedar import CedarPolicy
    from handlers.decisions.policy import Question
    from handlers.ground import Ground
    from storage.catalogue import Entitlement
    from storage.directories.base import Account


@dataclass(frozen=True, kw_only=True)
class _Wish:
    """What is asked beside who and what. roles: of those who approved."""

    action: str
    minutes: int
    ticket: bool
    justification: bool
    roles: tuple[str, ...]
    proofs: frozenset[str]


def explain(
    context: typer.Context,
    who: Annotated[str | None, typer.Argument(help="A login or an account id.")] = None,
    what: Annotated[str | None, typer.Argument(help="An entitlement.")] = None,
    case: Annotated[
        str | None, typer.Option(help="Instead, a case by its name: with the facts that it states.")
    ] = None,
    action: Annotated[
        str, typer.Option(help="request (as a whole), or one question: grant, view, unlock, reset_password …")
    ] = "request",
    length: For = "1h",
    ticket: Annotated[bool, typer.Option(help="A ticket is named.")] = False,
    justification: Annotated[bool, typer.Option(help="They say why.")] = True,
    approval: Annotated[
        list[str] | None, typer.Option(help="Of grant: owner, security or manager approved.", metavar="ROLE")
    ] = None,
    proof: Annotated[
        list[str] | None, typer.Option(help="Of one's own account: what was shown.", metavar="PROOF")
    ] = None,
    directory: Directory = None,
    replaces: Replaces = None,
    as_json: AsJson = False,
) -> None:
    """Explain one answer: what policy says, which policies say so, by which facts, and what would change it."""
    from bot.cli.policy_explained import explained_as_json, explanation, show_explanation

    place = place_of(context)
    if case is not None:
        policy, question, whole = _of_case(place, case, directory, replaces)
    elif who is None:
        raise PolicyFault("Say about whom: wicket policy explain LOGIN ENTITLEMENT, or --case NAME.")
    else:
        settings = place.settings()
        policy = policy_of(place, settings, directory, replaces)
        wish = _Wish(
            action=action, minutes=minutes_of(length), ticket=ticket, justification=justification,
            roles=tuple(approval or ()), proofs=frozenset(proof or ()),
        )  # fmt: skip
        question = _live(settings, policy, person_of(settings, who), what, wish)
        whole = action == "request"
    told = explanation(policy, question, whole=whole)
    if as_json:
        typer.echo(json.dumps(explained_as_json(told), indent=2))
    else:
        show_explanation(told)


def _of_case(
    place: Place, name: str, directory: Path | None, replaces: list[str] | None
) -> tuple["CedarPolicy", "Question", bool]:
    """The set, and the question of the case that is called so, as it is stated."""
    from handlers.decisions.stated_facts import nearest

    book = rulebook_of(place, directory, replaces)
    cases, _ = book.cases()
    found = [one for one in cases if one.name == name]
    if not found:
        raise PolicyFault(f"There is no case {name!r}. {nearest(name, [one.name for one in cases])}")
    return loaded(book), found[-1].question, False


def _live(
    settings: "Settings", policy: "CedarPolicy", account: "Account", what: str | None, wish: _Wish
) -> "Question":
    """The question with the facts of now."""
    from handlers.decisions.policy import AccountAction, Action

    actions = [*(one.value for one in (Action.REQUEST, Action.GRANT)), *map(str, get_args(AccountAction))]
    if wish.action not in actions:
        raise PolicyFault(
            f"{wish.action!r} cannot be asked about a person as they are: {', '.join(actions)} can. "
            "State it as a case, and give its name with --case."
        )
    is_account = wish.action in get_args(AccountAction)
    if is_account == (what is not None):
        raise PolicyFault(
            f"{wish.action} is about one's own account: leave the entitlement out."
            if is_account
            else "Say what is asked for: wicket policy explain LOGIN ENTITLEMENT."
        )
    with opened(settings) as database:

        async def look() -> "Question":
            async with grounded(settings, database, policy) as ground:
                if what is None:
                    return await _of_account(ground, account, wish)
                return await _of_access(ground, account, entitlement_of(settings, what), wish)

        return asyncio.run(look())


async def _of_access(
    ground: "Ground", account: "Account", entitlement: "Entitlement", wish: _Wish
) -> "Question":
    from handlers.decisions.policy import AccessAction, Action, Approvals
    from handlers.questions.explaining import Explaining

    (standing,) = await Explaining(ground).standings(
        account, [entitlement], minutes=wish.minutes, justified=wish.justification, ticket=wish.ticket
    )
    given = Counter(wish.roles)
    if not given.keys() <= {"owner", "security", "manager"}:
        raise PolicyFault("--approval is owner, security or manager, once for each who approved.")
    so_far = Approvals(owner=given["owner"], security=given["security"], manager=given["manager"])
    whole: AccessAction = Action.GRANT if wish.action == Action.GRANT else Action.REQUEST
    return replace(standing.question, action=whole, approvals=so_far)


async def _of_account(ground: "Ground", account: "Account", wish: _Wish) -> "Question":
    from handlers.decisions.policy import AccountQuestion, Action
    from handlers.people.recently import recently

    lately = await ground.database.read(lambda tx: recently(tx, ground.now, (account,)))
    return AccountQuestion(
        action=Action(wish.action),  # type: ignore[arg-type]  # one of those about accounts
        principal=account,
        target=account,
        now=ground.now(),
        proofs=wish.proofs,
        recently=lately,
    )
