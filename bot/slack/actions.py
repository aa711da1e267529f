"""The names of our buttons, forms and fields, as Slack sends them back.

A button's value is an opaque id and nothing else.
"""

from enum import StrEnum


class Action(StrEnum):
    """Buttons."""

    SEND_DRAFT = "draft.send"
    CHANGE_DRAFT = "draft.change"
    CANCEL_DRAFT = "draft.cancel"
    WITHDRAW = "request.withdraw"
    ASK_AGAIN = "request.again"
    GIVE_BACK = "grant.give_back"
    EXTEND = "grant.extend"
    END_NOW = "grant.end"
    APPROVE = "approval.approve"
    APPROVE_AT_ONCE = "approval.approve_at_once"
    APPROVE_LESS = "approval.less"
    DENY = "approval.deny"
    INQUIRE = "approval.inquire"
    ANSWER = "approval.answer"
    DETAILS = "approval.details"
    STORY = "story.tell"
    STORY_OF_ALERT = "story.alert"
    STORY_EARLIER = "story.earlier"
    STORY_LATER = "story.later"
    MY_ACCESS = "ask.access"
    ASK_FOR_ACCESS = "ask.request"
    RESET_PASSWORD = "ask.reset"  # noqa: S105 - the name of a button
    UNLOCK = "ask.unlock"
    SET_UP_PROOFS = "ask.enrol"
    CARE_FOR_PROOFS = "ask.care"
    LINK = "ask.link"
    OPEN_PAGE = "page.open"
    HOME_BACK = "home.back"
    HOME_MORE = "home.more"
    ADOPT = "drift.adopt"
    REMOVE = "drift.remove"
    DECLARE = "drift.declare"
    GIVE_AGAIN = "drift.give_again"
    END_GRANT = "drift.end"
    END_LEAVERS = "leavers.end"
    RESUME = "freeze.resume"
    NOT_ME = "account.not_me"
    RELEASE = "account.release"
    PETITION_PASSWORD = "petition.password"  # noqa: S105 - the name of a button
    PETITION_PROOFS = "petition.proofs"
    PETITION_APPROVE = "petition.approve"
    PETITION_DENY = "petition.deny"
    PETITION_CANCEL = "petition.cancel"
    RULES_APPROVE = "rules.approve"
    RULES_DENY = "rules.deny"
    VOUCH = "ask.vouch"
    BE_VOUCHED = "ask.vouched"
    HELP = "ask.help"


class Form(StrEnum):
    """Modals, by callback_id."""

    REQUEST = "form.request"
    APPROVE = "form.approve"
    APPROVE_LESS = "form.less"
    DENY = "form.deny"
    INQUIRE = "form.inquire"
    ANSWER = "form.answer"
    NOTE = "form.note"
    ADOPT = "form.adopt"
    DECLARE = "form.declare"
    RESUME = "form.resume"
    RELEASE = "form.release"
    END = "form.end"
    PETITION = "form.petition"
    ATTEST = "form.attest"
    DENY_PETITION = "form.deny_petition"
    VOUCH = "form.vouch"
    HELP_UNLOCK = "form.help_unlock"
    HELP_RESET = "form.help_reset"
    HELP_RECHECK = "form.help_recheck"
    HALT = "form.halt"
    WHOM = "form.whom"
    REVOKE_ALL = "form.revoke_all"


class Field(StrEnum):
    """Inputs: the block_id and the action_id are the same word."""

    ENTITLEMENT = "entitlement"
    LENGTH = "length"
    DURATION = "duration"
    JUSTIFICATION = "justification"
    TICKET = "ticket"
    FOR = "for"
    RATIONALE = "rationale"
    LESS = "less"
    QUESTION = "question"
    ANSWER = "answer"
    OWNER = "owner"
    REVIEW = "review"
    CODE = "code"
    SPOKEN = "spoken"
    ALSO = "also"


class Shortcut(StrEnum):
    """Shortcuts of the workspace, by callback_id."""

    ASK = "shortcut.ask"
    FROM_MESSAGE = "shortcut.from_message"
