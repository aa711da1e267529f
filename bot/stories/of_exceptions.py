"""The sentences of entries about exceptions as somebody's work.

Templates only: {who} did it, {whom} it was given to.
"""

from collections.abc import Mapping

from bot.texts import template

EXCEPTIONS: Mapping[str, str] = {
    "exception.acknowledged": template("{who} acknowledged the exception."),
    "exception.assigned": template("{who} gave the exception to {whom} to work on."),
    "exception.resolved": template("{who} resolved the exception."),
    "exception.reopened": template("{who} opened the exception again."),
    "exception.escalated": template(
        "Nobody acknowledged the exception in time, and it was told outside Slack."
    ),
    "exception.late": template("{who} acted on the exception after somebody had. Nothing was changed."),
    "exception.not_possible": template(
        "{who} wanted to do with the exception what cannot be. It stays as it was."
    ),
    "exception.refused": template("{who} tried to act on the exception and may not."),
    "exception.tampered": template("{who} sent a click about an exception that was never shown to them."),
}
