"""The folder of evidence, written whole or not at all: tables, entries, proofs, a page, and the hash of each file.

It asks nobody anything; what it writes was gathered before.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import mkdtemp

from bot.evidence import tables
from bot.evidence.gathering import Gathered, Wanted
from bot.evidence.report import report
from bot.evidence.tables import Names

MANIFEST = "MANIFEST.sha256"
_READ_ME = """\
Evidence about access, from the audit log of Wicket.

report.html       to read, or to print
population.csv    every request of the period, with what came of it
decisions.csv     every decision of an approver
emergencies.csv   every time that somebody broke the glass, or practised it, with why, and its review
entries.jsonl     the entries of the log behind them, whole, in order, one JSON object a line; HMAC-SHA256 over a text,
                  with its salt as key, is what its entry commits to
checkpoint.txt    the signed state of the log that all of it is proven under
proofs/           for each entry, that it stands in that log: `wicket audit verify-proof FILE --key KEY`
MANIFEST.sha256   the SHA-256 of each file: `sha256sum -c MANIFEST.sha256`

What a spreadsheet would take for a formula has an apostrophe before it in the tables, and none in entries.jsonl; nor is
there in the tables what a terminal would take for a command.
The outcome "stopped" is of whoever asked while new access was stopped: policy refused nothing. Where kept_by_another
says yes, nothing was taken back: from removed_at on something else, like another grant, goes on giving the same.
The public key is not in here on purpose: take it from where you keep it.
"""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What is written. entries: for each id of an entry, what `wicket audit show --json` says of it, with the salts.

    proofs: for each id, the proof's text. checkpoint: the signed note, "" where the key was not at hand. doubts: what
    is to be said of entries that nobody vouches for, and of which there is no proof.
    """

    gathered: Gathered
    wanted: Wanted
    names: Names
    entries: Mapping[str, object]
    proofs: Mapping[str, str]
    checkpoint: str
    written: datetime
    doubts: Sequence[str] = ()


def write(evidence: Evidence, folder: Path) -> int:
    """Write it into a folder that is not there yet, or is empty; how many files. OSError if that cannot be done."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        files = _files(evidence)
        for name, text in files.items():
            path = made / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="")
        made.chmod(0o750)
        made.rename(folder)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    return len(files)


def _files(evidence: Evidence) -> Mapping[str, str]:
    cases, names = evidence.gathered.cases, evidence.names
    page = report(
        cases, evidence.wanted, names, written=evidence.written, checkpoint=evidence.checkpoint,
        broken=evidence.gathered.broken, doubts=evidence.doubts,
    )  # fmt: skip
    files = {
        "README.txt": _READ_ME,
        "report.html": page,
        "population.csv": tables.population(cases, names),
        "decisions.csv": tables.decisions(cases, names),
        "emergencies.csv": tables.emergencies(evidence.gathered.broken, names),
        "entries.jsonl": "".join(f"{json.dumps(entry)}\n" for entry in evidence.entries.values()),
        **({"checkpoint.txt": evidence.checkpoint} if evidence.checkpoint else {}),
        **{f"proofs/{entry}.txt": text for entry, text in evidence.proofs.items()},
    }
    hashes = (
        f"{hashlib.sha256(text.encode()).hexdigest()}  {name}\n" for name, text in sorted(files.items())
    )
    return {**files, MANIFEST: "".join(hashes)}
