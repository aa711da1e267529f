"""The command that writes down what an auditor asks for: a folder of evidence about one period.

It changes nothing in the store.
"""

import json
from collections.abc import Iterable, Set
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from sqlmodel import Session

from bot.cli.archives import refuse_archived
from bot.cli.audit import entry_as_json
from bot.cli.bars import progress
from bot.cli.people import account_id, names_of
from bot.cli.place import place_of
from bot.cli.stores import opened
from bot.cli.tables import say, show, time_in
from bot.settings import Settings
from storage.audit import log, proving
from storage.audit.checkpoint import Signer
from storage.audit.findings import told_of_doubt
from storage.audit.log import Row
from storage.audit.passing import Progress
from storage.audit.sealing import check_head, sign_head
from storage.audit.sides import NotProven
from storage.audit.verification import verify_log
from storage.audit.vouched import doubted
from storage.clock import utc_now
from storage.faults import AuditFault

if TYPE_CHECKING:
    from bot.evidence.gathering import Wanted

# What is told of a period without what does not fit would look whole.
_NOTHING = "No evidence was written. `wicket audit verify` names all that does not fit."
_A_QUARTER = timedelta(days=90)


def evidence(
    context: typer.Context,
    since: Annotated[
        str, typer.Option("--from", help="The first day, like 2026-01-01 (UTC).", metavar="DAY")
    ],
    until: Annotated[str, typer.Option("--to", help="The day after the last.", metavar="DAY")],
    out: Annotated[Path, typer.Option(help="The folder; it must not be there yet.", metavar="FOLDER")] = Path(
        "evidence"
    ),
    entitlement: Annotated[
        str | None, typer.Option(help="About this entitlement alone.", metavar="ID")
    ] = None,
    person: Annotated[
        str | None, typer.Option(help="Asked by or for this person alone.", metavar="LOGIN-OR-ID")
    ] = None,
) -> None:
    """Write each request of a period, who decided and why, what was given and when it ended, with the proofs."""
    from bot.evidence.gathering import Gathered, Wanted, gather
    from bot.evidence.writing import Evidence, write

    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise typer.BadParameter(f"{out} is there already; nothing in it is written over", param_hint="--out")
    _check_folder(out)
    wanted_since, wanted_until = _day(since, "--from"), _day(until, "--to")
    if wanted_until <= wanted_since:
        raise typer.BadParameter("It is not after --from", param_hint="--to")
    if wanted_since > utc_now():
        raise typer.BadParameter("That day is yet to come", param_hint="--from")
    settings = place_of(context).settings()
    whom = None if person is None else account_id(settings, person)
    wanted = Wanted(since=wanted_since, until=wanted_until, person=whom, entitlement=entitlement)
    signer = settings.secrets.signer() if settings.secrets.audit_key is not None else None

    def read(tx: Session, tell: Progress) -> Gathered:
        refuse_archived(tx, signer.verifier if signer else None, wanted_since)
        _check(tx, signer, tell)
        return gather(tx, wanted, tell)

    with opened(settings) as database, progress("Reading the log") as tell:
        gathered = database.read_now(lambda tx: read(tx, tell))
        rows = list(gathered.rows.values())
        note, proofs = database.read_now(lambda tx: _proven(tx, rows, signer)) if signer else ("", {})
        unheard = database.read_now(lambda tx: _unheard(tx, wanted))
        doubts = [told_of_doubt(*each) for each in database.read_now(doubted)]
    others = gathered.delegators | ({whom} if whom else set())
    made = Evidence(
        gathered=gathered, wanted=wanted, names=_names(settings, rows, others), proofs=proofs, checkpoint=note,
        entries={row.id: _whole(row) for row in rows}, written=utc_now(), doubts=doubts,
    )  # fmt: skip
    files = write(made, out)
    typer.echo(f"Wrote {len(gathered.cases)} requests with {len(rows)} entries in {files} files to {out}.")
    _say_of(doubts, unheard)
    if signer is None:
        typer.echo("Without WICKET_AUDIT_KEY it holds no checkpoint and no proofs.", err=True)


def _say_of(doubts: Iterable[str], unheard: Iterable[str]) -> None:
    """What is to be known of a folder beside what is in it: what nobody vouches for, and words that fit nothing."""
    for doubt in doubts:
        say(doubt, err=True)
    for word in unheard:
        say(
            f"No entry of the whole log is about {word or repr(word)}. Is it spelled as in the catalogue, or as the "
            "login or the id of an account? Somebody who left is found by the id alone.",
            err=True,
        )


def controls(
    context: typer.Context,
    since: Annotated[
        str | None, typer.Option("--from", help="The first day; 90 days ago without it.", metavar="DAY")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", help="The day after the last; now without it.", metavar="DAY")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON array.")] = False,
) -> None:
    """Show which controls the log is evidence for, by which entries, how many there are, and what is not evidenced."""
    from bot.evidence.controls import CONTROLS

    last = utc_now() if until is None else _day(until, "--to")
    earliest = datetime.min.replace(tzinfo=UTC)
    first = max(last, earliest + _A_QUARTER) - _A_QUARTER if since is None else _day(since, "--from")
    if since is not None and last <= first:
        raise typer.BadParameter(
            "It is not before " + ("now" if until is None else "--to"), param_hint="--from"
        )
    with opened(place_of(context).settings()) as database:
        database.read_now(lambda tx: refuse_archived(tx, None, first))
        counts = database.read_now(lambda tx: log.tally(tx, first, last))
    if as_json:
        rows = [{**asdict(one), "entries": one.count(counts)} for one in CONTROLS]
        typer.echo(json.dumps(rows, indent=2))
        return
    show(
        ("Framework", "Control", "What is on record", "Entries", "Counted by", "Not evidenced here"),
        (
            (one.framework, one.id, one.shows, str(one.count(counts)), one.counted_by, one.gap)
            for one in CONTROLS
        ),
    )
    typer.echo(f"\nFrom {first:%Y-%m-%d} until before {last:%Y-%m-%d %H:%M} UTC. A count is no verdict.")


def _check_folder(out: Path) -> None:
    """BadParameter where a file stands in the way of the folder: told before the whole log is read."""
    there = next(one for one in (out, *out.absolute().parents) if one.exists())
    if not there.is_dir():
        raise typer.BadParameter(f"{there} is a file, and no folder can be made in it", param_hint="--out")


def _check(tx: Session, signer: Signer | None, tell: Progress) -> None:
    """AuditFault where the log is not sound: a proof is about a leaf, and what is told of it stands beside the leaf."""
    report = verify_log(tx, verifier=signer.verifier if signer else None, progress=tell)
    if not report.sound:
        raise AuditFault(f"{report.findings[0].detail} {_NOTHING}")


def _unheard(tx: Session, wanted: "Wanted") -> list[str]:
    """What was asked about that no entry of any time is about: that nothing is found of it is no answer."""
    person, thing = wanted.person, wanted.entitlement
    return [
        *([person] if person is not None and not log.rows(tx, person=person, limit=1) else ()),
        *([thing] if thing is not None and not log.rows(tx, entitlement=thing, limit=1) else ()),
    ]


def _proven(tx: Session, rows: list[Row], signer: Signer) -> tuple[str, dict[str, str]]:
    """The log as it is, signed, and a proof under it for each of these. AuditFault where the log is not sound."""
    wrong = check_head(tx, signer.verifier)
    if wrong is not None:
        raise AuditFault(f"{wrong} {_NOTHING}")
    note = sign_head(tx, signer)
    proofs: dict[str, str] = {}
    doubts = doubted(tx)  # of those it says that there is none
    for row in (one for one in rows if not any(doubt.covers(one.index) for doubt in doubts)):
        proof = proving.prove(tx, row, signer.verifier, note=note, signer=signer)
        if isinstance(proof, NotProven):
            raise AuditFault(f"{proof.detail} {_NOTHING}")
        proofs[row.id] = proof.text()
    return note, proofs


def _whole(row: Row) -> dict[str, Any]:
    """What `show --json` says, and the salt of each text: only with it a text is seen to be what its leaf says."""
    said = entry_as_json(row)
    for name, kept in row.texts.items():
        said["texts"][name]["salt"] = kept.salt.hex() if kept.salt else None
    return said


def _names(settings: Settings, rows: list[Row], others: Set[str]) -> dict[str, str]:
    people = {who for row in rows for who in (row.actor, row.subject) if who}
    return dict(names_of(settings, people | others))


def _day(written: str, option: str) -> datetime:
    return time_in(written, option, "a day, like 2026-01-01")
