"""How often the glass was broken, by whom and for what, and how often that was practised: counted from the audit log.

It reads only; what the log says counts, whatever became of the table.
"""

from collections import Counter
from datetime import datetime, timedelta

from sqlmodel import Session

from handlers.audit.digests import Broken
from storage import emergencies
from storage.audit import stories
from storage.emergency_reviews import GRANTED, PRACTISED, RECORDED

MONTH = timedelta(days=30)
"""Who broke the glass in a week is told beside how often they did in so long."""


def frequency(tx: Session, begins: datetime, ends: datetime) -> tuple[Broken, ...]:
    """Each person and thing of the month before `ends`, the most frequent first. begins: of the time told of."""
    month, within = Counter[tuple[str, str, bool]](), Counter[tuple[str, str, bool]]()
    names: dict[str, str] = {}
    first = min(begins, ends - MONTH)
    for entry in stories.during(tx, first, ends, (GRANTED, PRACTISED, RECORDED)):
        row = emergencies.get(tx, entry.correlation)
        if row is not None and row.account == entry.subject:
            names[entry.subject] = row.name
        key = (entry.subject, entry.resource, entry.action == PRACTISED)
        month[key] += 1
        within[key] += entry.at >= begins
    return tuple(
        Broken(
            who=names.get(who, who), what=what, drill=drill, times=within[who, what, drill], in_month=count
        )
        for (who, what, drill), count in sorted(month.items(), key=lambda one: (one[0][2], -one[1], one[0]))
    )
