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


def of_members(name: str, proof: Right, attribute: str) -> Finding:
    """The line about a group whose members Wicket changes, which is there."""
    return needed(
        f"group {name}", proof, right=f"write on {attribute} of this group",
        have="It exists, and Wicket's account may change its members.",
        lack="It exists, but Wicket's account may not change its members.",
    )  # fmt: skip


def of_passwords(proof: Right, dn: str, *, wanted: bool, right: str) -> Finding:
    """The line about the passwords of people. dn: whose it was tried on. wanted: whether Wicket is to set them."""
    if wanted:
        return needed(
            "password reset", proof, right=right,
            have=f"Wicket's account may set passwords (tried on {dn}).",
            lack=f"Wicket's account may not set passwords (tried on {dn}).",
        )  # fmt: skip
    return beyond_need(
        "password reset", proof, advice="Take this right away.",
        have="password_changes is off, but Wicket's account may set passwords.",
        lack="Wicket's account may not set passwords, and need not.",
    )  # fmt: skip


def of_privileged(proof: Right, dn: str) -> Finding:
    """The line about the passwords of privileged accounts. dn: whose it was tried on."""
    return beyond_need(
        "privileged accounts", proof,
        have=f"Wicket's account may set their passwords (tried on {dn}).",
        lack=f"Wicket's account may not set their passwords (tried on {dn}).",
        advice="Take this right away: Wicket never resets a privileged account of its own accord.",
    )  # fmt: skip


def of_fact(attribute: str, proof: Right) -> Finding:
    """The line about something that requests are judged by, which must not be Wicket's to write."""
    return beyond_need(
        f"{attribute} of people", proof, lack="Wicket's account may not change it.",
        have="Wicket's account may change it, and requests are judged by it.",
        advice="Take this right away: read is enough.",
    )  # fmt: skip


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
