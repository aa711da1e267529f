"""Names of passkeys: what a person typed, made fit to be shown, or else what made it, or else the day.

It looks nothing up: the few makers that it knows are those that most people have.
"""

import unicodedata
from collections.abc import Collection
from datetime import datetime

LONGEST_NAME = 60

# An AAGUID says what made a passkey. The public list is that of the passkey developers' community; this is its head.
_MAKERS = {
    "ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4": "Google Password Manager",
    "adce0002-35bc-c60a-648b-0b25f1f05503": "Chrome on Mac",
    "08987058-cadc-4b81-b6e1-30de50dcbe96": "Windows Hello",
    "9ddd1817-af5a-4672-a2b9-3e3dd95000a9": "Windows Hello",
    "6028b017-b1d4-4c02-b4b3-afcdafc96bb2": "Windows Hello",
    "fbfc3007-154e-4ecc-8c0b-6e020557d7bd": "Apple Passwords",
    "dd4ec289-e01d-41c9-bb89-70fa845d4bf2": "iCloud Keychain, managed",
    "bada5566-a7aa-401f-bd96-45619a55120d": "1Password",
    "d548826e-79b4-db40-a3d8-11116f7e8349": "Bitwarden",
    "531126d6-e717-415c-9320-3d9aa6981239": "Dashlane",
    "0ea242b4-43c4-4a1b-8b17-dd6d0b6baec6": "Keeper",
    "b84e4048-15dc-4dd0-8640-f4f60813c8af": "NordPass",
    "50726f74-6f6e-5061-7373-50726f746f6e": "Proton Pass",
    "fdb141b2-5d84-443e-8a35-4698c205a502": "KeePassXC",
    "53414d53-554e-4700-0000-000000000000": "Samsung Pass",
    "ee882879-721c-4913-9775-3dfcce97072a": "YubiKey 5",
    "2fc0579f-8113-47ea-b116-bb5a8db9202a": "YubiKey 5 NFC",
    "cb69481e-8ff7-4039-93ec-0a2729a154a8": "YubiKey 5",
}


def shown_name(typed: str) -> str:
    """What was typed, on one line, without characters that cannot be seen; "" if nothing is left of it."""
    spaced = "".join(each if unicodedata.category(each)[0] not in "CZ" else " " for each in typed)
    return " ".join(unicodedata.normalize("NFC", spaced).split())[:LONGEST_NAME].strip()


def default_name(aaguid: str, at: datetime, taken: Collection[str]) -> str:
    """A name for a passkey that was given none: its maker's, or else the day; numbered where there is one so called."""
    name = _MAKERS.get(aaguid, f"Passkey made {at.day} {at:%b}")
    same = [name, *(f"{name} ({number})" for number in range(2, len(taken) + 2))]
    return next(each for each in same if each not in taken)
