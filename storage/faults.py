"""The one tree of faults: what went wrong outside a person's control, with the sentence that says so.

Expected refusals are return values and never appear here.
"""

from storage.sentences import Sentence, Value


class WicketFault(Exception):
    """Something went wrong inside Wicket.

    message: a whole sentence; with values the template of one (storage.sentences). Without it the first line here.
    """

    def __init__(self, message: str | None = None, /, **values: Value) -> None:
        said = message or (self.__doc__ or "").strip().splitlines()[0]
        super().__init__(Sentence.of(said, values) if values else said)


class SettingsFault(WicketFault):
    """A setting is missing or wrong."""


class StorageUnavailable(WicketFault):
    """The database cannot be written right now, so nothing was done."""


class OutcomeUnknown(StorageUnavailable):
    """The database was lost over a transaction, and does not say whether it was kept."""


class Locked(StorageUnavailable):
    """The database cannot be used right now: another transaction has locked it."""


class NotKept(WicketFault):
    """The database took what was written and did not keep it: something that is none of Wicket's changes its tables."""


class SchemaFault(WicketFault):
    """The database does not fit this version of Wicket."""


class AuditFault(WicketFault):
    """The audit store is not what it should be."""


class DirectoryUnavailable(WicketFault):
    """The directory did not answer, so what it holds is unknown."""


class NotKnownHere(DirectoryUnavailable):
    """Another replica goes by other rules, and may know what this one does not: it is left to that one."""


class PolicyFault(WicketFault):
    """The policy set cannot be loaded."""


class MailUnavailable(WicketFault):
    """The mail server did not take the message."""


class ProviderUnavailable(WicketFault):
    """The sign-in provider did not answer, so who signed in there is unknown."""


class OutsideUnavailable(WicketFault):
    """A channel outside Slack did not take the notice. It may have arrived all the same."""
