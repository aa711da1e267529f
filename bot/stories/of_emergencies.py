"""The sentences of entries about what follows an emergency: reviews, who may break the glass again, and drills.

Templates only: {who} did it, {whom} it is about.
"""

from collections.abc import Mapping

from bot.texts import template

FOLLOW_UPS: Mapping[str, str] = {
    "emergency.review_owed": template(
        "The access of {whom} was over, and its review by somebody else was asked for."
    ),
    "emergency.review_reminded": template(
        "Reviewers were reminded that what {whom} did is still to be reviewed."
    ),
    "emergency.review_overdue": template(
        "Nobody reviewed it in time. {whom} cannot break the glass until somebody does."
    ),
    "emergency.review_considered": template("{who} opened the form to review what {whom} did."),
    "emergency.reviewed": template("{who} reviewed what {whom} did."),
    "emergency.review_late": template("{who} tried to review what had been reviewed already."),
    "emergency.review_early": template("{who} tried to review what was not over yet."),
    "emergency.review_refused": template("{who} tried to decide about what {whom} did and may not."),
    "emergency.review_tampered": template(
        "{who} sent a click about an emergency that was never shown to them."
    ),
    "emergency.restore_considered": template("{who} opened the form to let {whom} break the glass again."),
    "emergency.restore_late": template(
        "{who} wanted to let {whom} break the glass again, which nothing stood against."
    ),
    "emergency.eligibility_restored": template("{who} let {whom} break the glass again."),
    "emergency.lost": template(
        "The database did not have this as I wrote it. {whom} cannot break the glass until two of security let them."
    ),
    "emergency.found": template(
        "The database has this again as I wrote it. What was said of its loss counts no more."
    ),
    "emergency.restore_said": template("{who} said that {whom} may break the glass again: one of two."),
    "emergency.restore_said_before": template(
        "{who} said again that {whom} may break the glass again, which counts once."
    ),
    "emergency.restore_outdated": template(
        "{who} wanted to let {whom} break the glass again by a form that did not name all that is lost."
    ),
    "emergency.accounted_for": template("{who} was the second to say so: {whom} can break the glass again."),
    "emergency.practised": template(
        "{who} let the drill end: everybody had been told, and nothing was given."
    ),
    "emergency.drill_missed": template(
        "No drill of breaking the glass took place in time. Security was told."
    ),
    "emergency.recorded": template(
        "{who} put on the record that {whom} had {what} in an emergency, past Wicket."
    ),
}
