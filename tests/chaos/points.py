"""Where a bot is killed to the line: each named point as the steps of the program after which it ends.

It watches and kills its own process, and changes nothing of what the program does.
"""

import dis
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import CodeType, FrameType
from typing import Any, Literal

_RETURNS = frozenset(dis.opmap[name] for name in ("RETURN_VALUE", "RETURN_CONST") if name in dis.opmap)


# Stands for the account that a point is about, so that a bot may finish others' work before it dies.
WHOSE = "(whose)"


@dataclass(frozen=True, kw_only=True)
class Step:
    """A function that begins, or that has given its answer.

    function: one of `_FUNCTIONS`. given: values that its arguments must have, an entry's facts among them; "of": whose
    membership it is about.
    """

    function: str
    when: Literal["call", "return"]
    given: Mapping[str, object]


def _begins(function: str, **given: object) -> Step:
    return Step(function=function, when="call", given=given)


def _answered(function: str, **given: object) -> Step:
    return Step(function=function, when="return", given=given)


# By what a step is called: the functions that it may be, those of them that there are.
_FUNCTIONS: Mapping[str, Sequence[str]] = {
    "commit": (
        "storage.engine.sqlite:SqliteFile.commit",
        "storage.engine.postgresql:PostgresDatabase.commit",
    ),
    "entry": ("storage.audit.entry:Entry.__init__",),
    "add": ("storage.directories.local:LocalDirectory.add_member",),
    "remove": (
        "storage.directories.local:LocalDirectory.remove_member",
        "storage.directories.local:LocalDirectory.remove_members",
    ),
    "note": ("storage.directories.local_rows:note_effect",),
    "end": ("storage.directories.local_rows:end_members",),
    "post": ("slack_sdk.web.async_client:AsyncWebClient.chat_postMessage",),
}


def _written(action: str, **facts: object) -> tuple[Step, ...]:
    """The entry is written, and nothing of its transaction is durable."""
    return (_begins("entry", action=action, subject=WHOSE, **facts), _begins("commit"))


def _durable(action: str, **facts: object) -> tuple[Step, ...]:
    """The transaction of this entry is durable, and nobody has heard of it yet."""
    return (_begins("entry", action=action, subject=WHOSE, **facts), _answered("commit"))


GIVING: Mapping[str, Sequence[Step]] = {
    "before the claim": _durable("grant.approved"),
    "claimed, not durable": _written("effect.begun", removal=False),
    "after the claim": _durable("effect.begun", removal=False),
    "before the call": (_begins("add", of=WHOSE),),
    "inside the call": (_begins("note", what="add", account=WHOSE),),
    "after the call": (_answered("add", of=WHOSE),),
    "outcome written, not durable": _written("access.given"),
    "after the commit": _durable("access.given"),
}
TAKING: Mapping[str, Sequence[Step]] = {
    "before the claim": _durable("grant.given_back"),
    "claimed, not durable": _written("effect.begun", removal=True),
    "after the claim": _durable("effect.begun", removal=True),
    "before the call": (_begins("remove", of=WHOSE),),
    "inside the call": (_answered("end", of=WHOSE),),
    "after the call": (_answered("remove", of=WHOSE),),
    "outcome written, not durable": _written("access.removed"),
    "after the commit": _durable("access.removed"),
}
# What is owed is posted so; what is only whispered is not.
TELLING: Mapping[str, Sequence[Step]] = {
    "before the post": (_begins("post", unfurl_links=False),),
    "posted, not on record": (_answered("post", unfurl_links=False),),
}
_ALL = {"giving": GIVING, "taking": TAKING, "telling": TELLING}


def die_at(kind: str, point: str, whose: str) -> None:
    """Watch this process, and kill it when the last step of the point is reached after all those before it.

    whose: the account that it is about; empty where that does not matter. What the loop runs is watched from the first
    SIGUSR1 on, since watching makes a start several times as long.
    """
    wanted = [(_codes(step.function), _about(step, whose)) for step in _ALL[kind][point]]
    # By their numbers: to hash what a function consists of takes longer than most functions do.
    watching = frozenset(id(code) for codes, _ in wanted for code in codes)
    reached = 0

    def watch(frame: FrameType, event: str, _arg: object) -> None:
        nonlocal reached
        if id(frame.f_code) not in watching or event not in ("call", "return"):
            return
        codes, step = wanted[reached]
        if frame.f_code in codes and event == step.when and _fits(frame, step):
            reached += 1
            if reached == len(wanted):
                os.kill(os.getpid(), signal.SIGKILL)

    threading.setprofile(watch)
    signal.signal(signal.SIGUSR1, lambda _number, _frame: sys.setprofile(watch))


def _about(step: Step, whose: str) -> Step:
    return replace(
        step, given={name: whose if value == WHOSE else value for name, value in step.given.items()}
    )


def _fits(frame: FrameType, step: Step) -> bool:
    """Whether it is called with these values; and an answer is an answer, no exception and no coroutine that waits."""
    if step.when == "return" and frame.f_code.co_code[frame.f_lasti] not in _RETURNS:
        return False
    return all(_has(frame.f_locals, name, value) for name, value in step.given.items())


def _has(values: Mapping[str, Any], name: str, value: object) -> bool:
    if name == "of":
        pairs = values.get("pairs", [(values.get("account_id"),)])
        return any(pair[0] == value for pair in pairs)
    return bool({**values.get("facts", {}), **values}.get(name) == value)


def _codes(function: str) -> frozenset[CodeType]:
    found = [_found(name) for name in _FUNCTIONS[function]]
    return frozenset(each.__code__ for each in found if each is not None)


def _found(name: str) -> Any:
    module, _, path = name.partition(":")
    found: Any = __import__(module, fromlist=["_"])
    for part in path.split("."):
        found = getattr(found, part, None)
    return found
