"""The raw pieces as figures.

They are measured in a process of their own (run_pieces), like everything else.
"""

from tests.bench.figures import Figure
from tests.bench.stage import Stage, running, told

PART = "pieces"
_NAMES = {
    "write alone": "one transaction with an audit entry, alone",
    "write of 32": "the same, 32 in flight, each",
    "read": "a read that reads nothing",
    "account": "one account with its groups, from the local directory",
    "decision view": "one policy decision: view",
    "decision grant": "one policy decision: grant",
    "decision 1000 apart": "the same with 1,000 policies, each about an entitlement of its own",
    "decision 1000 teams": "the same with 1,000 policies, each begun by the team that it is about",
    "decision 1000": "the same with 1,000 policies begun by a sum, so that all must be looked at",
    "home": "the App Home of somebody with 200 grants, rendered",
    "parse": "one sentence understood",
}


async def measure_pieces(stage: Stage) -> list[Figure]:
    """Each piece alone."""
    async with running(stage, "tests.bench.run_pieces") as process:
        found = await told(process, within=120)
    return [Figure(part=PART, what=_NAMES[name], value=value, unit="µs") for name, value in found.items()]
