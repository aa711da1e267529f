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
    """A function that begins, or that has given its answer. given: values that its arguments must have."""

    function: str
    when: Literal["call", "return"]
    given: Mapping[str, object]


def _begins(function: str, **given: object) -> Step:
    return Step(function=function, when="call", given=given)


def _answered(function: str, **given: object) -> Step:
    return Step(function=function, when="return", given=given)


_RECORD = "handlers.recording:record"
_COMMITS = ("storage.sqlite:SqliteFile.commit", "storage.postgresql:PostgresDatabase.commit")
_ADD = "storage.directories.local:LocalDirectory.add_member"
_REMOVE = "storage.directories.local:LocalDirectory.remove_member"
_NOTE = "storage.directories.local_rows:note_effect"
_POST = "slack_sdk.web.async_client:AsyncWebClient.chat_postMessage"


def _written(action: str) -> tuple[Step, ...]:
    """The entry is written, and nothing of its transaction is durable."""
    return (_begins(_RECORD, action=action, subject=WHOSE), _begins("commit"))


def _durable(action: str) -> tuple[Step, ...]:
    """The transaction of this entry is durable, and nobody has heard of it yet."""
    return (_begins(_RECORD, action=action, subject=WHOSE), _answered("commit"))


GIVING: Mapping[str, Sequence[Step]] = {
    "before the claim": _durable("grant.approved"),
    "claimed, not durable": _written("effect.begun"),
    "after the claim": _durable("effect.begun"),
    "before the call": (_begins(_ADD, account_id=WHOSE),),
    "inside the call": (_begins(_NOTE, what="add", account=WHOSE),),
    "after the call": (_answered(_ADD, account_id=WHOSE),),
    "outcome written, not durable": _written("access.given"),
    "after the commit": _durable("access.given"),
}
TAKING: Mapping[str, Sequence[Step]] = {
    "before the claim": _durable("grant.given_back"),
    "claimed, not durable": _written("effect.begun"),
    "after the claim": _durable("effect.begun"),
    "before the call": (_begins(_REMOVE, account_id=WHOSE),),
    "inside the call": (_begins(_NOTE, what="remove", account=WHOSE),),
    "after the call": (_answered(_REMOVE, account_id=WHOSE),),
    "outcome written, not durable": _written("access.removed"),
    "after the commit": _durable("access.removed"),
}
TELLING: Mapping[str, Sequence[Step]] = {
    "before the post": (_begins(_POST),),
    "posted, not on record": (_answered(_POST),),
}
_ALL = {"giving": GIVING, "taking": TAKING, "telling": TELLING}


def die_at(kind: str, point: str, whose: str) -> None:
    """Watch this process, and kill it when the last step of the point is reached after all those before it.

    whose: the account that it is about; empty where that does not matter.
    """
    wanted = [(_codes(step.function), _about(step, whose)) for step in _ALL[kind][point]]
    watching = frozenset(code for codes, _ in wanted for code in codes)
    reached = 0

    def watch(frame: FrameType, event: str, _arg: object) -> None:
        nonlocal reached
        if frame.f_code not in watching or event not in ("call", "return"):
            return
        codes, step = wanted[reached]
        if frame.f_code in codes and event == step.when and _fits(frame, step):
            reached += 1
            if reached == len(wanted):
                os.kill(os.getpid(), signal.SIGKILL)

    threading.setprofile(watch)
    sys.setprofile(watch)


def _about(step: Step, whose: str) -> Step:
    return replace(
        step, given={name: whose if value == WHOSE else value for name, value in step.given.items()}
    )


def _fits(frame: FrameType, step: Step) -> bool:
    """Whether it is called with these values; and an answer is an answer, no exception and no coroutine that waits."""
    if step.when == "return" and frame.f_code.co_code[frame.f_lasti] not in _RETURNS:
        return False
    return all(frame.f_locals.get(name) == value for name, value in step.given.items())


def _codes(function: str) -> frozenset[CodeType]:
    names = _COMMITS if function == "commit" else (function,)
    return frozenset(_found(name).__code__ for name in names)


def _found(name: str) -> Any:
    module, _, path = name.partition(":")
    found: Any = __import__(module, fromlist=["_"])
    for part in path.split("."):
        found = getattr(found, part)
    return found
