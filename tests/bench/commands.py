"""Handled slash commands: the whole bot against bare Bolt, side by side, in turns.

One command is one durable transaction, one policy decision and one look into the directory.
"""

from collections.abc import Callable, Iterable

from bot.demo.company import LOVELACE
from tests.bench.figures import Burst, Figure, middle
from tests.bench.load import Commands, Load
from tests.bench.stage import Stage, crowd, listening, running
from tests.ports import free_port

TEXT = "am i in vpn-users"
IN_FLIGHT = (1, 32)
# More people than that would be looked up anew while it runs, since Slack's word about one is good for a minute.
SPEAKERS = 100
AT_MOST = 20_000
PART = "commands"

Bursts = dict[tuple[str, int], list[Burst]]


async def measure_commands(
    stage: Stage, *, rounds: int, seconds: float, progress: Callable[[float], None]
) -> list[Figure]:
    """Both servers on core 0, of which one is asked at a time. seconds: of one burst."""
    bare_port = free_port()
    async with (
        running(stage, "tests.bench.run_app"),
        running(stage, "tests.bench.run_bare", str(bare_port), stage.slack.api_url),
    ):
        await listening(stage.port)
        await listening(bare_port)
        loads = {"bare": load_on(stage, bare_port, expected=b""), "wicket": load_on(stage, stage.port)}
        for load in loads.values():  # warm: profiles known, statements compiled
            await load.burst(in_flight=4, seconds=seconds, at_most=SPEAKERS * 2)
        turns = [(n, name) for _ in range(rounds) for n in IN_FLIGHT for name in loads]
        bursts: Bursts = {}
        for number, (in_flight, name) in enumerate(turns):
            burst = await loads[name].burst(in_flight=in_flight, seconds=seconds, at_most=AT_MOST)
            bursts.setdefault((name, in_flight), []).append(burst)
            progress((number + 1) / len(turns))
    return list(_figures(bursts))


def load_on(stage: Stage, port: int, *, expected: bytes = b"vpn-users") -> Load:
    """Commands to this port, by the one name that the bot answers to. expected: what stands in every answer."""
    people = [person.slack for person in crowd()[:SPEAKERS]]
    secret = stage.slack.signing_secret
    commands = Commands(port=stage.port, secret=secret, team=LOVELACE.slack_team, people=people, text=TEXT)
    return Load(commands, port=port, expected=expected)


def _figures(bursts: Bursts) -> Iterable[Figure]:
    for in_flight in IN_FLIGHT:
        bare, ours = bursts["bare", in_flight], bursts["wicket", in_flight]
        for name, measured in (("bare Bolt", bare), ("Wicket", ours)):
            label = f"{name}, {in_flight} in flight"
            rate = middle([burst.rate for burst in measured])
            yield Figure(part=PART, what=label, value=rate, unit="/s")
            for share in (50, 99):
                wait = middle([burst.wait_ms(share / 100) for burst in measured])
                yield Figure(part=PART, what=f"{label}, p{share}", value=wait, unit="ms")
        shares = [one.rate / other.rate for one, other in zip(ours, bare, strict=True)]
        label = f"Wicket as a share of bare Bolt, {in_flight} in flight"
        note = f"rounds {100 * min(shares):.0f} to {100 * max(shares):.0f}"
        yield Figure(part=PART, what=label, value=100 * middle(shares), unit="%", note=note)
