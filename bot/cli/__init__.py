"""The command line: `wicket` and its commands.

It decides nothing: commands read settings, call what does the work, and print what came of it.
"""

import os
from pathlib import Path
from typing import Annotated

import typer

from bot.cli import (
    alarms,
    archives,
    audit,
    audit_proofs,
    check,
    emergencies,
    erasing,
    evidence,
    exceptions,
    halting,
    keys,
    petitions,
    policy,
    policy_questions,
    policy_replay,
    policy_rights,
    records,
    restoring,
    running,
    verifying,
)
from bot.cli.delegations import delegations
from bot.cli.drift import drift
from bot.cli.outputs import settle
from bot.cli.place import Place
from bot.cli.sentences import Kindly

app = typer.Typer(
    cls=Kindly,
    add_completion=False,
    help="Wicket: a self-hosted Slack bot for identity self-service. "
    "Routine work at once, privileged access by its owner's approval, for a limited time, on the record.",
    epilog="Commands that only read work beside a running bot. Exit codes: 0 done, 1 what was looked at is not "
    "sound (the audit log, or a line of `wicket check` that failed), 2 it could not be done.",
)
app.command()(running.serve)
app.command()(running.migrate)
app.command()(running.manifest)
app.command()(running.keygen)
app.command(epilog=check.EXIT_CODES)(check.check)
app.command()(running.demo)
app.command()(drift)
app.command()(delegations)
app.command()(restoring.backup)
app.command()(restoring.restore)
app.command()(restoring.resume)
app.command()(alarms.release)
app.command()(halting.freeze)
app.command()(halting.revoke_all)
audit.commands.command("verify")(verifying.verify)
audit.commands.command("rebuild-tiles")(verifying.rebuild_tiles)
audit.commands.command("prove")(audit_proofs.prove_entry)
audit.commands.command("verify-proof")(audit_proofs.verify_proof)
audit.commands.command("consistency")(audit_proofs.consistency)
audit.commands.command("evidence")(evidence.evidence)
audit.commands.command("controls")(evidence.controls)
audit.commands.command("leaves")(audit_proofs.leaves)
audit.commands.command("erase")(erasing.erase)
audit.commands.command("archive")(archives.archive)
audit.commands.command("unarchive")(archives.unarchive)
audit.commands.command("give-up-siem")(archives.give_up_siem)
audit.commands.command("sign-archives")(archives.sign_archives)
policy.commands.command("explain")(policy_questions.explain)
policy.commands.command("who-can")(policy_rights.who_can)
policy.commands.command("what-can")(policy_rights.what_can)
policy.commands.command("replay")(policy_replay.replay)
app.add_typer(audit.commands, name="audit")
app.add_typer(records.grants, name="grants")
app.add_typer(exceptions.commands, name="exceptions")
app.add_typer(records.proofs, name="proofs")
app.add_typer(petitions.commands, name="petitions")
app.add_typer(emergencies.commands, name="emergency")
app.add_typer(policy.commands, name="policy")
app.add_typer(keys.commands, name="keys")


@app.callback(invoke_without_command=True)
def _wicket(
    context: typer.Context,
    config: Annotated[
        Path | None, typer.Option(help="The settings file.", show_default="wicket.toml", metavar="FILE")
    ] = None,
) -> None:
    context.obj = Place(config=config, environ=os.environ)
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main() -> None:
    """Run the command that was typed, and exit with its code."""
    settle()
    app()
