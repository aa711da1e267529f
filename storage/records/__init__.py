"""The tables. Rows are assigned to only inside storage/.

Nothing here validates: intents do, before a row is made.
"""

from storage.records.access import Approval, Grant, Holding, Standing, VoidedApproval, Watched
from storage.records.inquiries import Inquiry
from storage.records.messages import ExceptionRecord, Owed, Posted, Question
from storage.records.people import Delivery, Failures, Handle, Link, MailCode, Proof

__all__ = [
    "Approval",
    "Delivery",
    "ExceptionRecord",
    "Failures",
    "Grant",
    "Handle",
    "Holding",
    "Inquiry",
    "Link",
    "MailCode",
    "Owed",
    "Posted",
    "Proof",
    "Question",
    "Standing",
    "VoidedApproval",
    "Watched",
]
