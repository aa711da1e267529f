"""The tables. Rows are assigned to only inside storage/.

Nothing here validates: intents do, before a row is made.
"""

from storage.records.access import Approval, Grant, Holding, Standing, VoidedApproval, Watched
from storage.records.bulletins import Bulletin
from storage.records.delegations import Delegation
from storage.records.desk_acts import DeskAct
from storage.records.emergencies import Emergency, RestoreWord
from storage.records.freezes import Freeze, LiftWord, PublishedLast
from storage.records.inquiries import Inquiry
from storage.records.last_looks import LastLook
from storage.records.messages import Escalation, ExceptionRecord, Owed, Posted, Question
from storage.records.passkeys import Challenge, Passkey, ProofChange
from storage.records.people import Delivery, Failures, Handle, Link, MailCode, Proof
from storage.records.petitions import Attestation, Petition
from storage.records.resets import Address, Alarm, Announcement, RevokedAll, Tally
from storage.records.rule_sets import RuleApproval, RuleSet
from storage.records.sign_ins import SignIn, Subject
from storage.records.step_ups import StepUp
from storage.records.streams import Stream
from storage.records.vouching import Vouching
from storage.records.walks import LogWalk
