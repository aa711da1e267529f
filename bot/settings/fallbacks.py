"""Who stands in for whom: what is wrong with `fallback`, between the rows [[owner]].

It reads the rows as written, so that it stands beside the rows' own problems; it asks no directory.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.settings.problems import Problem, unknown


def fallbacks_checked(rows: Mapping[int, Mapping[str, Any]]) -> Iterator[Problem]:
    """What is wrong with each `fallback`: nobody's id, the owner's own, or a chain that comes round again."""
    known = {row["id"]: row for row in rows.values() if isinstance(row.get("id"), str)}
    for owner, row in known.items():
        fallback = row.get("fallback")
        if not isinstance(fallback, str):
            continue
        name = f"owner[{owner}].fallback"
        if fallback == owner:
            mend = "Name another owner, or remove the line."
            yield Problem(name=name, wrong="names the owner itself", mend=mend)
        elif fallback not in known:
            others = [one for one in known if one != owner]
            yield unknown(name, fallback, others, "is no [[owner]]'s id")
        elif (chain := _chain(owner, known))[-1] == owner:
            yield Problem(
                name=name,
                wrong=f"goes in a circle: {' to '.join(chain)}",
                mend="Let one of them have no fallback.",
            )


def _chain(owner: str, known: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Who stands in for this owner, for that one, and so on, until there is nobody more or somebody comes again."""
    chain = [owner]
    while isinstance(following := known.get(chain[-1], {}).get("fallback"), str):
        chain.append(following)
        if following in chain[:-1]:
            break
    return chain
