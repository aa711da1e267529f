"""The command that judges proofs of the audit log from files, with the public key alone.

It opens no store, and reads settings only where no key was given: so it loads next to nothing.
"""

import json
from codecs import BOM_UTF8
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.files import side_in, to_read
from bot.cli.place import place_of
from bot.cli.public_keys import Key, needed_verifier, read_key
from bot.cli.tables import moment, say, show
from storage.audit.checkpoint import Checkpoint, Verifier
from storage.audit.entry import decode
from storage.audit.sides import NotProven, Side
from storage.audit.tlog_proof import (
    LARGEST,
    BadProof,
    Continuation,
    Proven,
    judge,
    judge_continuation,
    read_proof,
)
from storage.faults import AuditFault, SettingsFault, WicketFault
from storage.micros import from_micros

_WHOLE = "Give the whole file that `wicket audit prove` or `wicket audit consistency --out` wrote"

OldKey = Annotated[
    str | None,
    typer.Option(help="The public key of the earlier checkpoint, if that was another.", metavar="KEY"),
]


def verify_proof(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="What `prove` or `consistency` wrote.", metavar="FILE")],
    key: Key = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(help="A checkpoint that you kept: the proof must be made under it.", metavar="FILE"),
    ] = None,
    old_key: OldKey = None,
    as_json: Annotated[bool, typer.Option("--json", help="What was proven, as JSON.")] = False,
) -> None:
    """Verify a proof with the public key alone: no database, no settings, no network. Exit code 1 when it fails."""
    verifier = _public(context, key)
    proof = read_proof(_bytes_of(file))
    earlier = earlier_key(old_key, verifier) if isinstance(proof, Continuation) else verifier
    held = None if checkpoint is None else side_in(checkpoint, earlier)
    if isinstance(held, NotProven):
        raise _Fails(held.detail) if held.contradicts else SettingsFault(held.detail)
    if isinstance(proof, BadProof):
        raise SettingsFault(f"{file}: This is no proof: {proof.reason}. {_WHOLE}.")
    if isinstance(proof, Continuation):
        _say_continued(file, proof, held, verifier, as_json=as_json)
        return
    judged = judge(proof, verifier)
    if isinstance(judged, BadProof):
        raise _refusal(file, judged)
    _compare(judged.checkpoint, held)
    _show_proven(judged, verifier, as_json=as_json, held=held is not None)


def earlier_key(key: str | None, verifier: Verifier) -> Verifier:
    """The key of the earlier of two checkpoints: of a log whose key was changed it is another."""
    return verifier if key is None else read_key(key, "--old-key")


def continued(old: int, new: int) -> str:
    """What is said of two checkpoints of which one continues the other."""
    if old == new:
        return f"Consistent: both are over the same {new} entries."
    return f"Consistent: the log over {new} entries begins with the {old} entries of before, unchanged."


class _Fails(AuditFault):
    """What was given to be verified does not hold."""


def _refusal(file: Path, found: BadProof) -> WicketFault:
    if found.fails:
        return _Fails(f"The proof fails: {found.reason}.")
    return SettingsFault(
        f"{file}: The proof cannot be judged: {found.reason}. {_WHOLE}, and by --key the public key that signed the "
        "checkpoint in it."
    )


def _public(context: typer.Context, key: str | None) -> Verifier:
    """The key that was given; only without one are settings looked for."""
    if key is not None:
        return read_key(key)
    try:
        return needed_verifier(place_of(context).settings(), None)
    except SettingsFault as fault:
        raise SettingsFault(
            "A proof is checked with the log's public key: give it with --key. "
            f"Settings were looked into because it was not given: {fault}"
        ) from None


def _bytes_of(file: Path) -> bytes:
    """What stands in a file, and no more of it than a proof can hold; its line ends are not signed either."""
    with to_read(file) as opened_file:
        read = opened_file.read(LARGEST + 2).removeprefix(BOM_UTF8)
    return read.replace(b"\r\n", b"\n").strip(b"\n") + b"\n"


def _compare(checkpoint: Checkpoint, held: Side | None) -> None:
    """A proof under another checkpoint than the one that is held says nothing about that one."""
    if held is None or held.checkpoint == checkpoint:
        return
    origin = held.checkpoint.origin if held.checkpoint else checkpoint.origin
    if origin != checkpoint.origin:
        raise _Fails(
            f"The proof holds, but under a checkpoint of {checkpoint.origin}, and yours is of {origin}, another epoch "
            "of the log. What became of what yours covers the log says itself: `wicket audit verify --checkpoint FILE` "
            "tells."
        )
    if held.size == checkpoint.size:
        raise _Fails(
            f"The proof holds under a checkpoint that contradicts yours: both are over {held.size} entries, and their "
            "roots differ. One key signed two histories: keep both files."
        )
    raise _Fails(
        f"The proof holds, but under a checkpoint over {checkpoint.size} entries, and yours covers {held.size}. Ask "
        "for a proof under yours, with `wicket audit prove ENTRY --checkpoint FILE`, or for one that the larger "
        "continues the smaller, with `wicket audit consistency OLD NEW --out FILE`."
    )


def _say_continued(
    file: Path, proof: Continuation, held: Side | None, verifier: Verifier, *, as_json: bool
) -> None:
    if held is None or held.checkpoint is None:
        raise SettingsFault(
            "This proof is about two checkpoints and holds the later one. Give the earlier one with --checkpoint."
        )
    judged = judge_continuation(proof, held.checkpoint, verifier)
    if isinstance(judged, BadProof):
        raise _refusal(file, judged)
    if as_json:
        typer.echo(json.dumps({"old": held.size, "new": judged.size}))
    else:
        say(continued(held.size, judged.size))


def _show_proven(proven: Proven, verifier: Verifier, *, as_json: bool, held: bool) -> None:
    try:
        said = decode(proven.leaf)
    except AuditFault as fault:
        raise _Fails(f"The proof holds, but what it is about is no entry of Wicket: {fault}.") from fault
    if as_json:
        typer.echo(json.dumps({"index": proven.index, "size": proven.checkpoint.size, **said}, indent=2))
        return
    yours = "your checkpoint" if held else "the checkpoint"
    say(
        f"Proven. This entry is number {proven.index} of the {proven.checkpoint.size} that {yours} of "
        f"{proven.checkpoint.origin} covers, signed by {verifier.text}."
    )
    show(("It says", ""), _readable(said))


def _readable(said: dict[str, Any]) -> list[tuple[str, str]]:
    """What a leaf says, a line for each thing that it says anything about."""
    actor, where, policy = said["actor"], said["where"], said["policy"]
    try:
        at = f"{moment(from_micros(said['at']))} UTC"
    except OverflowError:
        at = str(said["at"])
    lines = [
        ("When", at),
        ("What", said["action"]),
        ("Outcome", said["outcome"]),
        ("Who", f"{actor['id']} ({actor.get('type')})"),
        ("About", said["subject"]),
        ("Entitlement", said["resource"]),
        ("Story", said["correlation"]),
        ("Where from", " ".join(str(each) for each in where.values() if each)),
        ("Policy", None if policy is None else f"{_flat(policy.get('ids'))} (set {policy.get('set')})"),
        *((f"  {name}", _flat(fact)) for name, fact in sorted(said["facts"].items())),
        *((f"  {name}", f"a text, committed to as {its}") for name, its in sorted(said["texts"].items())),
        ("Id", said["id"]),
    ]
    return [(name, str(value)) for name, value in lines if value not in (None, "")]


def _flat(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
