"""The sentences of entries about requests, approvals, grants, access and differences found in a directory.

Templates only: {who} did it, {whom} it is about, {what} is the entitlement, {length} for how long.
"""

from collections.abc import Mapping

from bot.texts import template

REQUESTS: Mapping[str, str] = {
    "grant.requested": template("{who} asked for {what} for {length}, and it went to its owner."),
    "grant.refused": template("{who} asked for {what} for {length}, and policy refused it."),
    "grant.approved": template("Enough people had approved: {what} was granted for {length}."),
    "grant.withdrawn": template("{who} withdrew the request for {what}."),
    "grant.lapsed": template("Nobody answered in time, and the request for {what} lapsed."),
    "grant.voided": template("The request for {what} was voided, and nothing was given by it any more."),
    "grant.expired": template("The time was over, and taking back {what} began."),
    "grant.ended_early": template("{who} ended {what} before its time, and taking it back began."),
    "grant.ends_sooner": template(
        "The clock had been ahead when {what} was granted, so its end was set to as long from then as was granted."
    ),
    "grant.given_back": template("{who} gave {what} back before its time."),
    "grant.end_reminded": template("{whom} was reminded that {what} ends soon."),
    "grant.stopped": template("{who} asked for {what} while new access was stopped, and nothing was sent."),
    "grant.put_off": template(
        "New access was stopped, so the request for {what} was given more time to be answered."
    ),
    "grant.gone": template("{who} clicked a button about something that is no longer there."),
    "grant.late": template("{who} clicked after this had been settled, and nothing was changed."),
    "grant.tampered": template(
        "{who} sent a click about a request that was never shown to them. It was turned away."
    ),
    "grant.already_held": template("{who} asked for {what}, which was held already."),
    "grant.already_asked": template("{who} asked for {what} again while the same request was waiting."),
    "grant.already_extended": template("{who} asked to extend {what}, which had been extended already."),
    "grant.not_a_report": template(
        "{who} asked on behalf of somebody who does not report to them. Nothing was sent."
    ),
    "emergency.asked": template(
        "{who} broke the glass for {what}, for {length}, and had to prove that it is them."
    ),
    "emergency.proven": template(
        "They proved who they are, and whoever has to hear of it first was being told."
    ),
    "emergency.told": template("The alert was taken."),
    "emergency.not_told": template("The alert was not taken by everybody who has to hear of it first."),
    "emergency.granted": template("Everybody had been told: {what} was granted for {length}."),
    "emergency.refused": template("Breaking the glass for {what} was refused, and nothing was given."),
    "emergency.lapsed": template("Nobody proved in time who had asked for {what}, and nothing was given."),
    "emergency.repeated": template(
        "{who} broke the glass for {what} again while the first one was under way."
    ),
    "emergency.needless": template("{who} broke the glass for {what}, which they held already."),
    "emergency.not_listed": template("{who} tried to break the glass and is on no list of those who may."),
    "emergency.stopped": template(
        "{who} tried to break the glass while new access was stopped. Nothing was given."
    ),
    "request.reminded": template("The owner of {what} was reminded that the request waits."),
    "request.passed_on": template("The request for {what} was passed on to whoever stands in for its owner."),
    "request.look_refused": template(
        "{who} wanted to see the details of this request and may not. Nothing was shown."
    ),
    "approval.given": template("{who} approved it."),
    "approval.denied": template("{who} denied it, and nothing was granted."),
    "approval.asked": template("{who} asked the requester a question."),
    "approval.answered": template("{who} answered the question."),
    "approval.answered_before": template(
        "{who} answered a question that had been answered. The first answer stands."
    ),
    "approval.answered_late": template("{who} answered after the request had been settled."),
    "approval.voided": template("An approval was voided and counts no more."),
    "approval.refused": template("{who} tried to decide it and may not. Nothing was changed."),
    "approval.early": template("{who} tried to decide it before it was their turn. Nothing was changed."),
    "approval.late": template("{who} tried to decide it after it had been settled. Nothing was changed."),
    "approval.repeated": template("{who} tried to decide it a second time. Their first decision stands."),
    "approval.outdated": template(
        "{who} decided about an older state of the request. It was shown to them anew."
    ),
    "approval.not_asked": template("{who} tried to ask a question and may not. Nothing was sent."),
    "approval.stopped": template(
        "{who} tried to decide it while new access was stopped. Nothing was decided."
    ),
    "approval.tampered": template(
        "{who} sent a decision about something that was never shown to them. It was turned away."
    ),
    "approval.unexplained": template("{who} approved without the words that policy wants. It did not count."),
    "approval.unproven": template(
        "{who} approved without the fresh proof that policy wants. It did not count."
    ),
    "approval.unretyped": template(
        "{who} approved without the code that policy wants retyped. It did not count."
    ),
    "access.given": template("{whom} was given {what}, and the directory, read back, agrees."),
    "access.removed": template("{what} was taken from {whom}, and the directory, read back, agrees."),
    "access.kept": template("This grant of {what} ended; {whom} keeps it, since something else gives it."),
    "access.change_failed": template(
        "The directory did not follow a change of {what} for {whom}. It is tried again."
    ),
    "access.removal_overdue": template("Taking {what} from {whom} was overdue, and security was told."),
    "access.stopped": template("{who} stopped all new access."),
    "access.unchecked": template(
        "One process could not check the records, and gave nothing new by itself; security was told."
    ),
    "access.resumed": template("{who} let new access begin again."),
    "effect.begun": template("Changing {what} for {whom} in the directory began."),
    "ending.late": template("{who} tried to end it after it was over. Nothing was changed."),
    "ending.refused": template("{who} tried to end it and may not. Nothing was changed."),
    "ending.tampered": template("{who} sent a click to end something that was never shown to them."),
    "owner.unreachable": template("An owner could not be reached, and security was told."),
    "person.left": template("{whom} left, and what Wicket had given them was ended."),
    "leavers.halted": template("More people than usual seemed to have left at once, so nothing was ended."),
    "leavers.confirmed": template("{who} confirmed that they all left, and what they held was ended."),
    "leavers.late": template("{who} confirmed that people left after that had been settled."),
    "leavers.refused": template("{who} tried to confirm that people left and may not. Nothing was ended."),
    "entitlement.left": template(
        "{what} was not in the catalogue any more while somebody had it, and security was told."
    ),
    "directory.missing": template(
        "A directory that gave access is no longer in the settings. Security was told."
    ),
    "directory.not_following": template(
        "Many changes in one directory were late or failed at once. Security was told in one message."
    ),
    "drift.unexplained": template("{whom} was found in {what}, and nothing explains it."),
    "drift.vanished": template("{whom} was found to have lost {what}, though Wicket gave it."),
    "drift.first_look": template("{what} was compared for the first time, and who stood in it was kept."),
    "drift.found_left": template("People who left were found in {what}."),
    "drift.group_gone": template("The group of {what} was found to be gone."),
    "drift.review_due": template("It was time to look again at who stands in {what}."),
    "drift.unread": template("A directory could not be read to be compared."),
    "rules.undiscovered": template("What a group says of itself in the directory could not be used."),
    "drift.considered": template("{who} opened the form to decide about it."),
    "drift.adopted": template("{who} let {whom} keep {what} for a time."),
    "drift.declared": template("{who} declared that {what} may be held standing."),
    "drift.removed": template("{what} was decided to be taken from {whom}."),
    "drift.given_again": template("{who} had {what} given to {whom} again."),
    "drift.ended": template("{who} ended what {whom} had been given of {what}."),
    "drift.late": template("{who} decided about it after that had been settled. Nothing was changed."),
    "drift.not_possible": template("{who} decided something that is not possible here. Nothing was changed."),
    "drift.refused": template("{who} tried to decide about it and may not. Nothing was changed."),
    "drift.tampered": template("{who} sent a decision about something that was never shown to them."),
}

FOR_ANOTHER: Mapping[str, str] = {
    "grant.requested": template("{who} asked for {what} for {length} for {whom}, and it went to its owner."),
    "grant.refused": template("{who} asked for {what} for {length} for {whom}, and policy refused it."),
    "grant.stopped": template(
        "{who} asked for {what} for {whom} while new access was stopped. Nothing was sent."
    ),
}
"""Where whom it is about is another person than who did it."""

AT_ONCE = template("{who} asked for {what} for {length}, and policy granted it at once.")
AT_ONCE_FOR_ANOTHER = template(
    "{who} asked for {what} for {length} for {whom}, and policy granted it at once."
)
STOOD_BEFORE = template("{whom} had {what} before this grant already, and it was left as it stood.")
OVERTAKEN = template("The directory followed a change of {what} for {whom} that had been overtaken.")
