"""The sentences of entries about people's accounts, proofs, links and petitions, and about Wicket's own record.

Templates only: {who} did it, {whom} it is about.
"""

from collections.abc import Mapping

from bot.texts import template
from storage.states import Purpose

_OPENED, _TURNED_AWAY, _STOPPED = "page_opened", "refused", "stopped"

PEOPLE: Mapping[str, str] = {
    **dict.fromkeys(
        (f"{purpose}.{_OPENED}" for purpose in Purpose),
        template("{who} asked for a link to the secure page and got one."),
    ),
    **dict.fromkeys(
        (f"{purpose}.{_TURNED_AWAY}" for purpose in Purpose),
        template("{who} asked for a link to the secure page, and it was refused."),
    ),
    **dict.fromkeys(
        (f"{purpose}.{_STOPPED}" for purpose in Purpose),
        template("{who} asked for a link to the secure page while that was stopped. Nothing was opened."),
    ),
    "front_door.opened": template("A visit was opened at the page's own front door for {whom}."),
    "reset.no_proofs": template(
        "{who} asked for a new password without proofs that could show who they are."
    ),
    "password.announced": template(
        "{whom} was told, by mail and in Slack, that a new password is about to be set."
    ),
    "password.change_started": template("Setting a new password for {whom} began."),
    "password.changed": template("The password of {whom} was changed."),
    "account.unlock_started": template("Unlocking the account of {whom} began."),
    "account.proven_unlock_started": template("Unlocking the account of {whom} began, after a proof."),
    "account.unlocked": template("The account of {whom} was unlocked."),
    "unlock.not_locked": template("{who} asked to be unlocked and was not locked."),
    "account.reported": template("{whom} said that this was not them."),
    "account.report_tampered": template("{who} sent a report about an account that is not theirs."),
    "account.stopped": template("The account of {whom} was switched off after their report."),
    "account.released": template("{who} let {whom} in again."),
    "release.considered": template("{who} opened the form to let {whom} in again."),
    "release.late": template("{who} tried to let {whom} in again after somebody had."),
    "release.refused": template("{who} tried to let {whom} in again and may not."),
    "release.tampered": template("{who} sent a click to let somebody in that was never shown to them."),
    "proof.given": template("{who} showed who they are on the secure page."),
    "proofs.changed": template("The proofs of {whom} were changed."),
    "proofs.distrusted": template("Recovery codes of before were declared void."),
    "proofs.unlocked": template("{who} let {whom} give proofs again."),
    "mail_code.sent": template("A code was sent by mail to {whom}."),
    "sign_in.begun": template("{who} went to the company's sign-in."),
    "sign_in.returned": template("{who} came back from the company's sign-in."),
    "sign_in.forgotten": template(
        "{who} had the sign-in of {whom} forgotten, so that their next one counts."
    ),
    "identity.refused": template("Somebody who is not known for certain was turned away."),
    "identity.not_told": template("Slack did not tell the address of somebody, so they were turned away."),
    "link.offered": template("{who} was offered to link their Slack account."),
    "link.proven": template("{who} proved on the secure page who they are."),
    "link.made": template("The Slack account of {whom} was linked."),
    "link.suspended": template("The link of the Slack account of {whom} was suspended."),
    "petition.asked": template("{whom} asked two people to say that it is them."),
    "petition.considered": template("{who} opened the form to decide about the petition."),
    "petition.attested": template("{who} said that it is them."),
    "petition.approved": template("Enough people had said so, and the petition was approved."),
    "petition.denied": template("{who} denied the petition. Nothing was changed."),
    "petition.cancelled": template("The petition was stopped. Nothing was changed."),
    "petition.lapsed": template("The petition lapsed, since it was not answered or not used in time."),
    "petition.voided": template(
        "The petition ended, since it could not be opened or did not count any more."
    ),
    "petition.opened": template("The page of the petition was opened for {whom}."),
    "petition.used": template("{whom} used the petition."),
    "petition.put_off": template("Opening the petition was put off."),
    "petition.not_weighed": template("Policy could not be asked about the petition. It waits."),
    "petition.late": template("{who} decided about the petition after it was over. Nothing was changed."),
    "petition.said_before": template("{who} had said so before. Their first word stands."),
    "petition.not_allowed": template("{who} tried to decide about the petition and may not."),
    "petition.refused": template("A petition was refused, and nobody was asked."),
    "petition.reported": template("{whom} said that the petition was not theirs, and it was stopped."),
    "petition.tampered": template("{who} sent a click about a petition that was never shown to them."),
    "vouching.asked": template("{whom} asked to be vouched for."),
    "vouching.given": template("{who} vouched for {whom}."),
    "vouching.cooled": template("The word that was given for {whom} counts from now on."),
    "vouching.used": template("{whom} used the word that was given for them."),
    "vouching.ended": template("The word that was given for {whom} counts no more."),
    "vouching.refused": template("{who} tried to vouch for somebody and may not. It did not count."),
    "vouching.stopped": template(
        "{who} wanted to vouch for somebody while that was stopped. Nothing was done."
    ),
    "vouching.late": template("{who} vouched after that had been settled. It did not count."),
    "vouching.wrong_code": template("{who} gave a code for {whom} that was wrong."),
    "desk.unlock_started": template("{who} of the help desk began to unlock the account of {whom}."),
    "desk.reset_started": template("{who} of the help desk started a password reset for {whom}."),
    "desk.rechecked": template("{who} of the help desk had the access of {whom} checked again."),
    "desk.given_again": template(
        "{what} was missing, and {who} of the help desk had it given to {whom} again."
    ),
    "desk.not_locked": template("{who} wanted to unlock the account of {whom}, which was not locked."),
    "desk.refused": template(
        "{who} wanted to do something for somebody else and may not. Nothing was changed."
    ),
    "desk.stopped": template(
        "{who} wanted to do something for somebody else while that was stopped. Nothing was done."
    ),
    "question.asked": template("{who} asked something that is answered at once."),
    "click.refused": template("{who} sent a button or form that is none of ours. It was turned away."),
    "message.given_up": template("A mail could not be delivered and was given up."),
    "message.undeliverable": template("A message could not be delivered. It is kept and tried again."),
    "resets.stopped": template("There were too many resets at once, and all were stopped."),
    "resume.considered": template("{who} opened the form to let new access begin again."),
    "resume.late": template("{who} tried to let new access begin again after somebody had."),
    "resume.refused": template("{who} tried to let new access begin again and may not."),
    "resume.said": template("{who} said that new access may begin again: one of two."),
    "resume.said_before": template("{who} had said so before. It takes another person."),
    "freeze.late": template("{who} wanted to stop new access, which was stopped already."),
    "freeze.refused": template("{who} tried to stop all new access and may not."),
    "revoke_all.considered": template("{who} looked at what {whom} has, to revoke all of it."),
    "revoke_all.refused": template("{who} tried to revoke everything of somebody and may not."),
    "revoke_all.begun": template("{who} revoked everything of {whom}."),
    "revoke_all.late": template("{who} revoked everything of {whom} once more. Nothing was new since."),
    "delegation.made": template("{who} delegated approvals."),
    "delegation.refused": template("{who} wanted to delegate approvals and may not. Nothing was changed."),
    "delegation.stopped": template(
        "{who} wanted to delegate approvals while that was stopped. Nothing was changed."
    ),
    "delegation.ended": template("{who} ended the delegation."),
    "delegation.expired": template("The time of the delegation was over, and it ended."),
    "delegation.end_late": template("{who} wanted to end a delegation that had ended. Nothing was changed."),
    "delegation.end_refused": template("{who} wanted to end a delegation and may not. Nothing was changed."),
    "revoke_all.finished": template("All that was revoked of {whom} is gone."),
    "petition.stopped": template(
        "{who} wanted to approve the petition while that was stopped. Nothing was decided."
    ),
    "resume.tampered": template(
        "{who} sent a click to let new access begin again that was never shown to them."
    ),
    "keys.resealed": template("{who} had what is kept secret sealed under a new key."),
    "log.epoch_opened": template("The record began a new part that cites what was signed of the one before."),
    "erasure.begun": template("{who} began to have what people typed erased from the record."),
    "text.erased": template("{who} had a text erased from the record; the entry stands."),
    "story.refused": template(
        "{who} wanted to see what happened with something and may not. Nothing was shown."
    ),
    "story.tampered": template(
        "{who} sent a click about a story that was never shown to them. It was turned away."
    ),
    "checkpoint.taken": template("{who} had the record signed."),
    "checkpoint.refused": template("{who} asked for a signed checkpoint and may not. Nothing was signed."),
}

NOT_DONE: Mapping[str, str] = {
    "password.changed": template("The password of {whom} was not changed."),
    "account.unlocked": template("The account of {whom} was not unlocked."),
    "proof.given": template("{who} tried to show who they are on the secure page, and it did not count."),
    "mail_code.sent": template("A code was asked for on the secure page, and none was sent."),
    "sign_in.begun": template("Going to the company's sign-in was refused."),
    "sign_in.returned": template("What came back from the company's sign-in did not count."),
    "link.proven": template("{who} tried to prove on the secure page who they are, and it did not count."),
    "vouching.used": template("The word that was given for {whom} could not be used."),
}
"""What is said of those that are recorded as refused, too, and whose own sentence says that something came of it."""
