"""Commands about proofs of the audit log: made from the store, or judged from files with the public key alone.

They change nothing, in the store or beside it, but for the file that one asks for; what is shown was verified first.
"""

import json
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.files import note_in, place_for, put, side_in, writing
from bot.cli.outputs import on_terminal
from bot.cli.place import opened, place_of
from bot.cli.tables import moment, say, show
from bot.cli.verifying import Archives, Key, read_key, verifier_of
from bot.settings import Settings
from storage.audit import proving
from storage.audit.archive_files import NotHeld, find_archived, held_of
from storage.audit.archives import Archive, gone_of, read_archives
from storage.audit.archives import Archives as AllArchives
from storage.audit.asked import each_leaf
from storage.audit.checkpoint import Checkpoint, Signer, Verifier, verify_note
from storage.audit.entry import decode
from storage.audit.log import Row, Transaction, as_index
from storage.audit.proving import Continued, NotProven, Side
from storage.audit.sealing import check_head, sign_head
from storage.audit.tlog_proof import (
    LARGEST,
    BadProof,
    Continuation,
    Inclusion,
    Proven,
    judge,
    judge_continuation,
    read_proof,
)
from storage.faults import AuditFault, SettingsFault, WicketFault
from storage.types import from_micros

OldKey = Annotated[
    str | None,
    typer.Option(help="The public key of the earlier checkpoint, if that was another.", metavar="KEY"),
]
Out = Annotated[
    Path | None, typer.Option(help="Write the proof here instead of printing it.", metavar="FILE")
]


def prove_entry(
    context: typer.Context,
    entry: Annotated[str, typer.Argument(help="Its id, or its index.", metavar="ENTRY")],
    out: Out = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(help="Prove it under this one, kept elsewhere, and no other.", metavar="FILE"),
    ] = None,
    archives: Archives = None,
    key: Key = None,
) -> None:
    """Prove that an entry stands in the log: one small file, which anybody can verify with the public key alone."""
    settings = place_of(context).settings()
    signer, verifier = _keys(settings, key)
    place_for(out)
    note = None if checkpoint is None else note_in(checkpoint)

    def work(tx: Transaction) -> Inclusion | NotProven | None:
        row = proving.find_entry(tx, entry) or _archived(tx, entry, verifier, archives)
        return None if row is None else proving.prove(tx, row, verifier, note=note, signer=signer)

    with opened(settings) as database:
        proof = database.read_now(work)
    if proof is None:
        raise typer.BadParameter(
            "There is no entry with that id or index here. One that is archived is found with --archives FOLDER.",
            param_hint="ENTRY",
        )
    if isinstance(proof, NotProven):
        raise _refusal(proof, checkpoint)
    covers = verify_note(proof.checkpoint, verifier)
    size = covers.size if isinstance(covers, Checkpoint) else 0
    _put(proof.text(), out, f"that entry {entry} is number {proof.index} of {size}")


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
    earlier = _earlier(old_key, verifier) if isinstance(proof, Continuation) else verifier
    held = None if checkpoint is None else side_in(checkpoint, earlier)
    if isinstance(held, NotProven):
        raise _Fails(held.detail)
    if isinstance(proof, BadProof):
        raise _Fails(
            f"{file}: This is no proof: {proof.reason}. Give the whole file that `wicket audit prove` or `wicket audit "
            "consistency --out` wrote."
        )
    if isinstance(proof, Continuation):
        _say_continued(proof, held, verifier, as_json=as_json)
        return
    judged = judge(proof, verifier)
    if isinstance(judged, BadProof):
        raise _Fails(f"The proof fails: {judged.reason}.")
    _compare(judged.checkpoint, held)
    _show_proven(judged, verifier, as_json=as_json, held=held is not None)


def consistency(
    context: typer.Context,
    old: Annotated[str, typer.Argument(help="A checkpoint's file, or a number of entries.", metavar="OLD")],
    new: Annotated[str, typer.Argument(help="The same, of later.", metavar="NEW")],
    out: Annotated[Path | None, typer.Option(help="Write the proof here.", metavar="FILE")] = None,
    key: Key = None,
    old_key: OldKey = None,
) -> None:
    """Show that one checkpoint continues another: what the first covers is unchanged in the second."""
    settings = place_of(context).settings()
    signer, verifier = _keys(settings, key)
    place_for(out)

    def side(tx: Transaction, named: str, verifier: Verifier) -> Side | NotProven:
        size = as_index(named)
        if size is not None and not Path(named).exists():
            return _signed_if_last(tx, proving.side_of(tx, size, verifier), signer)
        return side_in(Path(named), verifier)

    def work(tx: Transaction) -> Continued | NotProven:
        one, other = side(tx, old, _earlier(old_key, verifier)), side(tx, new, verifier)
        if isinstance(one, NotProven):
            return one
        return other if isinstance(other, NotProven) else proving.continue_from(tx, one, other, verifier)

    with opened(settings) as database:
        found = database.read_now(work)
    if isinstance(found, NotProven):
        raise _refusal(found)
    say(_continued(found.old, found.new))
    if out is not None and found.proof is None:
        raise SettingsFault(
            f"No signed checkpoint over {found.new} entries is kept here, so there is nothing to hand out. Name one "
            "by its file, or take one with `wicket audit checkpoint`."
        )
    if out is not None and found.proof is not None:
        _put(found.proof.text(), out, "of that")


def leaves(
    context: typer.Context,
    out: Annotated[
        Path | None, typer.Option(help="Write them here instead of printing them.", metavar="FILE")
    ] = None,
    archives: Archives = None,
    key: Key = None,
) -> None:
    """Every entry's leaf, one a line: all that a verifier of somebody else's needs, beside a checkpoint and the key.

    Free text is not in it, only what commits to it. A terminal shows escaped what is no plain sign of ASCII.
    """
    settings = place_of(context).settings()
    verifier = verifier_of(settings, key)
    place_for(out)

    def write(tx: Transaction) -> int:
        count, each = 0, _all_leaves(tx, verifier, archives)
        with nullcontext(typer.get_binary_stream("stdout")) if out is None else writing(out) as file:
            for leaf in each:
                file.write((on_terminal(leaf) if out is None else leaf) + b"\n")
                count += 1
        return count

    with opened(settings) as database:
        count = database.read_now(write)
    if out is not None:
        say(f"Wrote {count} leaves to {out}.")


def _all_leaves(tx: Transaction, verifier: Verifier | None, folder: Path | None) -> Iterator[bytes]:
    """Those that are archived from their files, all others from the store. WicketFault before any if some are missing:
    half of the leaves look like all.
    """
    there = read_archives(tx, verifier)
    gone = gone_of(tx, there)
    for one in gone:
        _of_files(there, one, folder)
    return _leaves_of(tx, there, gone, folder)


def _leaves_of(
    tx: Transaction, there: AllArchives, gone: Sequence[Archive], folder: Path | None
) -> Iterator[bytes]:
    for one in there.each:
        if one in gone:
            yield from _of_files(there, one, folder)
        else:
            yield from each_leaf(tx, first=one.first, below=one.end)
    yield from each_leaf(tx, first=there.end)


def _of_files(there: AllArchives, one: Archive, folder: Path | None) -> Sequence[bytes]:
    what = f"The entries {one.first:,} to {one.end - 1:,} are archived"
    if folder is None:
        raise SettingsFault(f"{what}: give the folder with their files as --archives.")
    held = held_of(there, one, folder)
    if isinstance(held, NotHeld):
        raise _unheld(held, f"{what}: {held.detail}")
    return held.leaves


def _archived(tx: Transaction, named: str, verifier: Verifier, folder: Path | None) -> Row | None:
    found = None if folder is None else find_archived(read_archives(tx, verifier), folder, named)
    if isinstance(found, NotHeld):
        raise _unheld(found, found.detail)
    return found


def _unheld(found: NotHeld, detail: str) -> WicketFault:
    """Of files that are elsewhere nothing says that they are not sound."""
    return AuditFault(detail) if found.at_hand else SettingsFault(detail)


class _Fails(AuditFault):
    """What was given to be verified does not hold."""


def _refusal(found: NotProven, file: Path | None = None) -> WicketFault:
    """file: the one with the checkpoint that it is about."""
    detail = found.detail if file is None else f"{file}: {found.detail}"
    return AuditFault(detail) if found.contradicts else SettingsFault(detail)


def _keys(settings: Settings, key: str | None) -> tuple[Signer | None, Verifier]:
    signer = settings.secrets.signer() if key is None and settings.secrets.audit_key is not None else None
    verifier = verifier_of(settings, key)
    if verifier is None:
        raise SettingsFault(
            "A proof is made with a signed checkpoint. Set WICKET_AUDIT_KEY, or give the public key with --key."
        )
    return signer, verifier


def _earlier(key: str | None, verifier: Verifier) -> Verifier:
    """The key of the earlier of two checkpoints: of a log whose key was changed it is another."""
    return verifier if key is None else read_key(key, "--old-key")


def _public(context: typer.Context, key: str | None) -> Verifier:
    """The key that was given; only without one are settings looked for."""
    if key is not None:
        return read_key(key)
    try:
        return _keys(place_of(context).settings(), None)[1]
    except SettingsFault as fault:
        raise SettingsFault(
            "A proof is checked with the log's public key: give it with --key. "
            f"Settings were looked into because it was not given: {fault}"
        ) from None


def _signed_if_last(tx: Transaction, side: Side | NotProven, signer: Signer | None) -> Side | NotProven:
    """The tree over all entries can be signed now, if nobody signed it before."""
    if isinstance(side, NotProven) or side.note is not None or signer is None:
        return side
    if check_head(tx, signer.verifier) is not None:
        return side
    signed = proving.signed_side(sign_head(tx, signer), signer.verifier)
    return (
        signed if isinstance(signed, Side) and (signed.size, signed.root) == (side.size, side.root) else side
    )


def _bytes_of(file: Path) -> bytes:
    """What stands in a file, and no more of it than a proof can hold; its line ends are not signed either."""
    with file.open("rb") as opened_file:
        read = opened_file.read(LARGEST + 2).removeprefix(BOM_UTF8)
    return read.replace(b"\r\n", b"\n").strip(b"\n") + b"\n"


def _put(text: str, out: Path | None, what: str) -> None:
    if out is None:
        typer.echo(text, nl=False)
        return
    put(out, text)
    say(f"Wrote the proof {what} to {out}.")


def _continued(old: int, new: int) -> str:
    if old == new:
        return f"Consistent: both are over the same {new} entries."
    return f"Consistent: the log over {new} entries begins with the {old} entries of before, unchanged."


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


def _say_continued(proof: Continuation, held: Side | None, verifier: Verifier, *, as_json: bool) -> None:
    if held is None or held.checkpoint is None:
        raise SettingsFault(
            "This proof is about two checkpoints and holds the later one. Give the earlier one with --checkpoint."
        )
    judged = judge_continuation(proof, held.checkpoint, verifier)
    if isinstance(judged, BadProof):
        raise _Fails(f"The proof fails: {judged.reason}.")
    if as_json:
        typer.echo(json.dumps({"old": held.size, "new": judged.size}))
    else:
        say(_continued(held.size, judged.size))


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
