"""All commands of `wicket`: where each stands, and what it is for.

It loads none of them: whoever types one waits for nothing that another needs.
"""

from collections.abc import Iterator

from typer.core import TyperCommand, TyperGroup

from bot.cli.later import Later

_AUDIT: tuple[TyperCommand | TyperGroup, ...] = (
    Later(
        "show",
        "bot.cli.audit:show_entries",
        "Show entries, oldest first. It does not verify them: that is `wicket audit verify`.",
    ),
    Later(
        "checkpoint",
        "bot.cli.audit:checkpoint",
        "Sign how far the log has grown, and send that to the security channel by the running bot.",
    ),
    Later(
        "verify",
        "bot.cli.verifying:verify",
        "Verify the log: name what was edited, deleted, inserted, moved or cut. Exit code 1 when not sound.",
    ),
    Later(
        "rebuild-tiles",
        "bot.cli.verifying:rebuild_tiles",
        "Make the stored tree anew, if that alone is wrong and a signed checkpoint covers the entries. It is recorded.",
    ),
    Later(
        "prove",
        "bot.cli.audit_proofs:prove_entry",
        "Prove that an entry stands in the log: one small file, which anybody can verify with the public key alone.",
    ),
    Later(
        "verify-proof",
        "bot.cli.judging:verify_proof",
        "Verify a proof with the public key alone: no database, no settings, no network. Exit code 1 when it fails.",
    ),
    Later(
        "consistency",
        "bot.cli.audit_proofs:consistency",
        "Show that one checkpoint continues another: what the first covers is unchanged in the second.",
    ),
    Later(
        "evidence",
        "bot.cli.evidence:evidence",
        "Write each request of a period, who decided and why, what was given and when it ended, with the proofs.",
    ),
    Later(
        "controls",
        "bot.cli.evidence:controls",
        "Show which controls the log is evidence for, by which entries, how many there are, and what is not evidenced.",
    ),
    Later(
        "leaves",
        "bot.cli.audit_proofs:leaves",
        "Every entry's leaf, one a line: all that a verifier of somebody else's needs, beside a checkpoint and the "
        "key.",
    ),
    Later(
        "erase",
        "bot.cli.erasing:erase",
        "Erase what people typed, for good; the log stays verifiable, and what is still needed is left.",
    ),
    Later(
        "archive",
        "bot.cli.archives:archive",
        "Move old entries into files, verified and signed; the log stays verifiable, and what may be asked about "
        "stays.",
    ),
    Later(
        "unarchive",
        "bot.cli.archives:unarchive",
        "Bring entries back from the files of archives, as for evidence about that time.",
    ),
    Later(
        "give-up-siem",
        "bot.cli.archives:give_up_siem",
        "Give up what a SIEM that is not in the settings any more has yet to take: archiving waits for it no more.",
    ),
    Later(
        "sign-archives",
        "bot.cli.archives:sign_archives",
        "After a change of WICKET_AUDIT_KEY: sign what states the archives under the new key, too.",
    ),
)
_POLICY: tuple[TyperCommand | TyperGroup, ...] = (
    Later(
        "check",
        "bot.cli.policy:check",
        "Look the policies through: what will not load, never applies or says too little, and what no case reaches.",
        epilog="Exit codes: 0 nothing failed (there may be warnings), 1 something failed, 2 it could not be done.",
    ),
    Later(
        "test",
        "bot.cli.policy:put_cases",
        "Put every case to the policies and show each that got another answer than it must have.",
        epilog="Exit codes: 0 every case got its answer, 1 at least one did not, 2 it could not be done.",
    ),
    Later(
        "show",
        "bot.cli.policy:show",
        "Print a policy, a file of policies or a table of cases as it is written, to begin one of your own with.",
    ),
    Later(
        "explain",
        "bot.cli.policy_questions:explain",
        "Explain one answer: what policy says, which policies say so, by which facts, and what would change it.",
    ),
    Later(
        "who-can",
        "bot.cli.policy_rights:who_can",
        "Say who could have it by policy: at once, with whose approvals, or not and why.",
    ),
    Later(
        "what-can",
        "bot.cli.policy_rights:what_can",
        "Show side by side what somebody could have by policy, and what they hold.",
    ),
    Later(
        "replay",
        "bot.cli.policy_replay:replay",
        "Ask all on the record again, under the files as they are or under --directory, and say what would differ.",
    ),
)
COMMANDS: tuple[TyperCommand | TyperGroup, ...] = (
    Later(
        "serve",
        "bot.cli.running:serve",
        "Run the bot until it is told to stop. Makes and migrates its database by itself.",
    ),
    Later(
        "migrate",
        "bot.cli.running:migrate",
        "Bring the database to this version; makes its file if there is none, and puts missing guards back.",
    ),
    Later(
        "manifest",
        "bot.cli.running:manifest",
        'Print the Slack app manifest. Paste it at api.slack.com, "Create new app", "From a manifest".',
    ),
    Later(
        "keygen",
        "bot.cli.running:keygen",
        "Print fresh secrets as lines for the environment. Nothing is kept: save them where only the bot can read.",
    ),
    Later(
        "check",
        "bot.cli.check:check",
        "Examine everything that running needs, and say what to do about what is wrong. Changes nothing.",
        epilog="Exit codes: 0 nothing failed (there may be warnings), 1 at least one line failed, 2 it could not be "
        "done.",
    ),
    Later(
        "demo",
        "bot.cli.running:demo",
        "Start a sample company in a pretend Slack workspace, and the bot in it, at one address on this machine.",
    ),
    Later(
        "drift",
        "bot.cli.drift:drift",
        "Compare the directories with what was granted and declared, now. Exit code 2 if one could not be read.",
    ),
    Later(
        "delegations",
        "bot.cli.delegations:delegations",
        "Who lets whom approve for which owner now, and the standing scopes of the catalogue.",
    ),
    Later(
        "backup",
        "bot.cli.restoring:backup",
        "Copy the database while the bot runs, and verify the copy. Exit code 1 if what it holds is not sound.",
    ),
    Later(
        "restore",
        "bot.cli.restoring:restore",
        "Go back to a copy of the database; the bot must not run. New access stays stopped until a person confirms.",
    ),
    Later(
        "resume",
        "bot.cli.restoring:resume",
        "Let new access begin again after it was stopped. Goes on the record, and into the security channel's message.",
    ),
    Later(
        "release",
        "bot.cli.alarms:release",
        "Let a person in again after “This wasn't me”: the account is switched on, and the alarm lifted. On the "
        "record.",
    ),
    Later(
        "freeze",
        "bot.cli.halting:freeze",
        "Stop all new access, until two people of the security team let it begin again. Ends and removals go on.",
    ),
    Later(
        "revoke-all",
        "bot.cli.halting:revoke_all",
        "Revoke everything of one person now: the running bot takes it back and reports in the security channel.",
    ),
    TyperGroup(
        name="audit", commands=_AUDIT, help="What happened, and the proof that nothing of it was changed."
    ),
    Later("grants", "bot.cli.grants:commands", "Who has what, and who asked for it."),
    Later(
        "exceptions",
        "bot.cli.exceptions:commands",
        "Exceptions, what the security channel was told: list them, show one.",
    ),
    Later("proofs", "bot.cli.proofs:commands", "The proofs of the secure page."),
    Later(
        "petitions",
        "bot.cli.petitions:commands",
        "Petitions of people who cannot pass by themselves: list them, stop one.",
    ),
    Later(
        "emergency", "bot.cli.emergencies:commands", "Emergencies: what was done while Wicket was not there."
    ),
    TyperGroup(
        name="policy",
        commands=_POLICY,
        help="Policy as code: check it, put cases to it, show what is shipped.",
    ),
    Later("keys", "bot.cli.keys:commands", "The keys that seal secrets at rest."),
)


def every_command() -> Iterator[Later]:
    """Each that is loaded once it is typed, and of groups that stand in one module, the group."""
    for table in (COMMANDS, _AUDIT, _POLICY):
        yield from (one for one in table if isinstance(one, Later))


def load_all() -> None:
    """Load every one: for whoever has many typed, one after the other."""
    for command in every_command():
        _ = command.loaded
