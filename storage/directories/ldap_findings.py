"""Lines of an examination of an LDAP directory's rights, whatever its kind: held, lacking, more than needed, not told.

It asks a server for no more than whether a place is there; what cannot be told is a warning, never "ok".
"""

from collections.abc import Iterator

from storage.directories.base import Finding
from storage.directories.ldap_probes import Right
from storage.directories.ldap_session import NOTHING, GivenUp, Session
from storage.directories.ldap_tls import ConnectionLost
from storage.faults import DirectoryUnavailable

BY_HAND = "Try it by hand: with ldapmodify, as Wicket's account, on an entry made for it."


def or_the_fault(about: str, lines: Iterator[Finding]) -> Iterator[Finding]:
    """The lines, and the fault that ended them as one more. A lost connection is the caller's: another may do."""
    try:
        yield from lines
    except (ConnectionLost, GivenUp):
        raise
    except DirectoryUnavailable as fault:
        yield Finding(level="failed", about=about, found=str(fault), advice="Mend this first.")


def needed(about: str, proof: Right, *, have: str, lack: str, right: str) -> Finding:
    """The line about a right that a feature needs."""
    if proof.held == "unknown":
        return untold(about, f"whether Wicket's account has {right} ({proof.said})", BY_HAND)
    if proof.held == "yes":
        return Finding(level="ok", about=about, found=have)
    return Finding(level="failed", about=about, found=lack, advice=f"Give Wicket's account {right}.")


def beyond_need(about: str, proof: Right, *, have: str, lack: str, advice: str) -> Finding:
    """The line about a right that Wicket should not have."""
    if proof.held == "unknown":
        return untold(about, f"whether Wicket's account may change it ({proof.said})", BY_HAND)
    if proof.held == "yes":
        return Finding(level="warning", about=about, found=have, advice=advice)
    return Finding(level="ok", about=about, found=lack)


def untold(about: str, what: str, advice: str) -> Finding:
    """The line about what could not be told."""
    return Finding(level="warning", about=about, found=f"It could not be told {what}.", advice=advice)


def about_base(session: Session, base: str) -> Finding:
    """The line about the place where people or groups stand."""
    if session.read(base, NOTHING) is not None:
        return Finding(level="ok", about=base, found="It is there and shown.")
    return Finding(
        level="failed",
        about=base,
        found="It is not there, or not shown to Wicket's account.",
        advice="Correct people_base or groups_base, or let Wicket's account read it.",
    )
