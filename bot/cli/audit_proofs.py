"""Commands that make proofs from the audit store; what judges them, with the public key alone, is bot.cli.judging.

They change nothing, in the store or beside it, but for the file that one asks for; what is shown was verified first.
"""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.files import place_for, put, side_in, writing
from bot.cli.judging import OldKey, continued, earlier_key
from bot.cli.outputs import on_terminal
from bot.cli.place import place_of
from bot.cli.public_keys import Key, needed_verifier, verifier_of
from bot.cli.stores import opened
from bot.cli.tables import say
from bot.cli.verifying import Archives
from bot.settings import Settings
from storage.audit import proving
from storage.audit.archive_files import NotHeld, find_archived, held_of
from storage.audit.archives import Archive, gone_of, read_archives
from storage.audit.archives import Archives as AllArchives
from storage.audit.asked import each_leaf
from storage.audit.checkpoint import Checkpoint, Signer, Verifier, verify_note
from storage.audit.log import Row, Transaction, as_index
from storage.audit.proving import Continued
from storage.audit.sealing import check_head, sign_head
from storage.audit.sides import NotProven, Side, signed_side
from storage.audit.tlog_proof import Inclusion
from storage.faults import AuditFault, SettingsFault, WicketFault

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
    held = None if checkpoint is None else side_in(checkpoint, verifier)
    if isinstance(held, NotProven):
        raise _refusal(held)
    note = None if held is None else held.note

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
        one, other = side(tx, old, earlier_key(old_key, verifier)), side(tx, new, verifier)
        if isinstance(one, NotProven):
            return one
        return other if isinstance(other, NotProven) else proving.continue_from(tx, one, other, verifier)

    with opened(settings) as database:
        found = database.read_now(work)
    if isinstance(found, NotProven):
        raise _refusal(found)
    say(continued(found.old, found.new))
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


def _refusal(found: NotProven, file: Path | None = None) -> WicketFault:
    """file: the one with the checkpoint that it is about."""
    detail = found.detail if file is None else f"{file}: {found.detail}"
    return AuditFault(detail) if found.contradicts else SettingsFault(detail)


def _keys(settings: Settings, key: str | None) -> tuple[Signer | None, Verifier]:
    signer = settings.secrets.signer() if key is None and settings.secrets.audit_key is not None else None
    return signer, needed_verifier(settings, key)


def _signed_if_last(tx: Transaction, side: Side | NotProven, signer: Signer | None) -> Side | NotProven:
    """The tree over all entries can be signed now, if nobody signed it before."""
    if isinstance(side, NotProven) or side.note is not None or signer is None:
        return side
    if check_head(tx, signer.verifier) is not None:
        return side
    signed = signed_side(sign_head(tx, signer), signer.verifier)
    return (
        signed if isinstance(signed, Side) and (signed.size, signed.root) == (side.size, side.root) else side
    )


def _put(text: str, out: Path | None, what: str) -> None:
    if out is None:
        typer.echo(text, nl=False)
        return
    put(out, text)
    say(f"Wrote the proof {what} to {out}.")
