"""The policies, examined: whether they load, and whether everything in the catalogue can be had by somebody.

It asks them about nobody in particular, and grants nothing.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from bot.checking.report import failed, ok, warning
from bot.settings import Settings
from handlers.decisions.cedar import CedarPolicy
from handlers.decisions.prospects import prospect
from handlers.decisions.requests import Verdict
from storage.directories.base import Finding


def prospects(policy: CedarPolicy, settings: Settings, *, now: datetime) -> Mapping[str, Verdict]:
    """What becomes of an ordinary request for each entitlement, by its id."""
    catalogue = settings.catalogue
    return {
        name: prospect(policy, one, catalogue.owner_of(one), home=settings.home_of(one.directory), now=now)
        for name, one in catalogue.entitlements.items()
    }


def examine_policy(policy: CedarPolicy, verdicts: Mapping[str, Verdict]) -> list[Finding]:
    """The set, how entitlements are granted by it, and those that nothing ever grants."""
    counted = Counter(verdict.outcome for verdict in verdicts.values())
    loaded = f"{len(policy.notes)} policies are loaded and fit their schema. Their hash: {policy.policy_set}."
    granted = f"{counted['automatic']} at once, {counted['approval']} by approval"
    never = [_never(name, verdict) for name, verdict in verdicts.items() if verdict.outcome == "refused"]
    return [ok("policies", loaded), ok("entitlements", f"An employee gets {granted}."), *never]


def _never(name: str, verdict: Verdict) -> Finding:
    about, decision = f"entitlement {name}", verdict.decision
    if decision.errors:
        return failed(
            about,
            f"A policy about it cannot be evaluated: {'; '.join(decision.errors)}.",
            "Correct the policy; until then everything about it is refused.",
        )
    if not decision.policy_ids:
        return warning(
            about,
            "Nothing can ever grant it to an employee: no policy does, whoever approves.",
            "Give it a risk, environment or kind that a policy knows, or take it out of the catalogue.",
        )
    names = ", ".join(decision.policy_ids)
    return warning(
        about,
        f"Nothing can ever grant it to an employee, because of {names}: {' '.join(verdict.reasons)}",
        "If that is meant, take it out of the catalogue; if not, change what it says of it.",
    )
