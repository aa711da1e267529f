"""The sentences of entries about policies, the catalogue and settings, and about rows that Wicket signs.

Templates only: {who} did it.
"""

from collections.abc import Mapping

from bot.texts import template

RULES: Mapping[str, str] = {
    "rules.began": template("The policies, catalogue and settings that Wicket began with were kept."),
    "rules.changed": template("Policies, catalogue or settings changed, and security was told what."),
    "rules.refused": template("Changed files could not be used. What held before goes on."),
    "rules.differ": template("One replica goes by other files than the others. Security was told."),
    "rules.proposed": template("A change of the rules was put before its owners."),
    "rules.approved": template("{who} approved a change of the rules."),
    "rules.denied": template("{who} denied a change of the rules. What held before goes on."),
    "rules.withdrawn": template("A change of the rules was taken back before it was approved."),
    "rules.late": template("{who} decided about a change of the rules that had been settled."),
    "rules.said_before": template("{who} approved a change of the rules a second time. It counts once."),
    "rules.stopped": template("{who} wanted to approve a change of the rules while that was stopped."),
    "rules.not_allowed": template("{who} tried to decide about a change of the rules and may not."),
    "rules.tampered": template("{who} sent a click about the rules that was never shown to them."),
    "row.refused": template("Something stored was not as Wicket wrote it. It counts for nothing."),
    "rows.unsigned": template(
        "What an older version stored was found without signatures. It counts for now."
    ),
    "detector.failed": template("A detector broke over some entries of the record. Security was told which."),
    "detector.noticed": template("A pattern was noticed that this belongs to, and security was told."),
    "log.walked": template("The whole record was walked over and held against what was signed of it."),
    "log.overdue": template(
        "The walk over the record was overdue, what follows it stood still, or checkpoints did not leave the database; "
        "security was told."
    ),
    "stream.begun": template("From here on the record is sent on to another system."),
    "stream.given_up": template(
        "{who} gave up sending the record on to another system: old entries may be archived without it."
    ),
    "rows.signed": template("All that gives something was signed. What is not signed counts no more."),
    "clock.set_back": template(
        "The clock was set back after it had granted something. What would have lasted too long counts from then."
    ),
    "code.used": template("{who} used a code that counts once."),
    "log.archived": template("{who} had old entries of the record archived in files."),
    "log.unarchived": template("{who} had archived entries brought back into the record."),
    "log.archives_signed": template("{who} had an archive of the record signed under a new key."),
    "log.tiles_rebuilt": template("{who} had the stored tree of the record built anew from its entries."),
}
