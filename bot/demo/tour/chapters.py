"""The chapters of the tour, in the order in which they are played.

The story itself stands in bot.demo.tour.story.
"""

from collections.abc import Awaitable, Callable

from bot.demo.tour.scene import Scene
from bot.demo.tour.story import (
    access,
    approvals,
    asking,
    discovery,
    drift,
    emergencies,
    lasting,
    linking,
    passwords,
    questions,
    record,
    refusals,
    trouble,
)

Step = Callable[[Scene], Awaitable[None]]
Chapter = tuple[str, tuple[Step, ...]]

CHAPTERS: tuple[Chapter, ...] = (
    ("Who is speaking", linking.STEPS),
    ("Routine questions", questions.STEPS),
    ("Low risk: access at once", access.STEPS),
    ("The request form", asking.STEPS),
    ("Privileged: the owner decides", approvals.STEPS),
    ("While it lasts", lasting.STEPS),
    ("Breaking the glass", emergencies.STEPS),
    ("What nobody gets", refusals.STEPS),
    ("When the directory hangs", trouble.STEPS),
    ("Passwords and lockouts", passwords.STEPS),
    ("What changed behind our back", drift.STEPS),
    ("Groups that describe themselves", discovery.STEPS),
    ("The record", record.STEPS),
)
