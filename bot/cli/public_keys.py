"""The public key of the audit log, as it is given to a command, or as the settings have it.

It reads no settings itself, and no private key is taken for a public one.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from storage.audit.checkpoint import BadKey, Verifier, read_verifier
from storage.faults import SettingsFault

if TYPE_CHECKING:
    from bot.settings import Settings

_PRIVATE = "PRIVATE+KEY+"

Key = Annotated[
    str | None,
    typer.Option(help="The log's public key, where WICKET_AUDIT_KEY is not at hand.", metavar="KEY"),
]


def verifier_of(settings: "Settings", key: str | None) -> Verifier | None:
    """What checks signatures: the public key that was given, or the one of the log's own key, if that is at hand."""
    if key is None:
        return settings.secrets.signer().verifier if settings.secrets.audit_key is not None else None
    return read_key(key)


def needed_verifier(settings: "Settings", key: str | None) -> Verifier:
    """The same. SettingsFault where there is neither."""
    verifier = verifier_of(settings, key)
    if verifier is None:
        raise SettingsFault(
            "A proof is made with a signed checkpoint. Set WICKET_AUDIT_KEY, or give the public key with --key."
        )
    return verifier


def read_key(key: str, option: str = "--key") -> Verifier:
    """The public key that was given. BadParameter for what is none."""
    read = read_verifier(key)
    if key.startswith(_PRIVATE):
        raise typer.BadParameter(
            "That is the private key, which belongs nowhere but into WICKET_AUDIT_KEY. Give the public one, which "
            "`wicket keygen` printed beside it",
            param_hint=option,
        )
    if isinstance(read, BadKey):
        raise typer.BadParameter(
            f"That is no public key of an audit log: {read.reason}. Give it as `wicket keygen` printed it",
            param_hint=option,
        )
    return read
