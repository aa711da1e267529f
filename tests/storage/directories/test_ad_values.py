"""What Active Directory writes and answers, read as values: ids, times, flags, codes, memberships with an end."""

import struct
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.directories import ad_values
from storage.directories.ad_forest import is_the_feature
from storage.directories.ad_values import Link, changes_for, is_powerful_group, read_link, read_time, standing
from storage.directories.ldap_session import Answer, Entry, add, delete
from storage.faults import DirectoryUnavailable

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
NEVER = "9223372036854775807"
DN = "CN=Ada,OU=People,DC=example,DC=com"
# As Windows words them.
REFUSED = "80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data {}, v2580"
AGAINST_POLICY = "0000052D: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM), data 0\n\0"


def ticks(when: datetime) -> str:
    """A time as the directory writes it."""
    return str((when - datetime(1601, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 10)


def account(**values: str) -> Entry:
    """An account that is in order, but for these."""
    usual = {
        "userAccountControl": "512", "msDS-User-Account-Control-Computed": "0", "pwdLastSet": ticks(NOW),
        "msDS-UserPasswordExpiryTimeComputed": NEVER, "accountExpires": NEVER,
    }  # fmt: skip
    written = {**usual, **{name.replace("__", "-"): value for name, value in values.items()}}
    return Entry(dn=DN, values={name.lower(): [value.encode()] for name, value in written.items() if value})


def said(code: int, message: str) -> Answer:
    return Answer(code=code, name="x", message=message, controls={})


def test_an_id_is_the_text_that_windows_shows() -> None:
    stored = bytes.fromhex("33221100554477668899aabbccddeeff")
    assert ad_values.guid_text(stored) == "00112233-4455-6677-8899-aabbccddeeff"
    assert ad_values.guid_bytes("00112233-4455-6677-8899-AABBCCDDEEFF") == stored
    assert (ad_values.guid_bytes("ada"), ad_values.guid_text(b"ada")) == (None, "")


@given(st.binary(min_size=16, max_size=16))
def test_any_id_comes_back(stored: bytes) -> None:
    assert ad_values.guid_bytes(ad_values.guid_text(stored)) == stored


@pytest.mark.parametrize(
    ("text", "read"),
    [("116444736000000000", datetime(1970, 1, 1, tzinfo=UTC)), ("0", None), (NEVER, None), ("", None), ("-1", None),
     ("soon", None), ("9" * 30, None)],
)  # fmt: skip
def test_times_are_read_in_utc_and_never_is_none(text: str, read: datetime | None) -> None:
    assert read_time(text) == read
    assert read_time(ticks(NOW)) == NOW


@pytest.mark.parametrize(
    ("values", "locked", "off", "must_change"),
    [
        ({}, False, False, False),
        ({"userAccountControl": "514"}, False, True, False),
        ({"msDS__User__Account__Control__Computed": "16"}, True, False, False),
        ({"msDS__User__Account__Control__Computed": "8388608", "pwdLastSet": "0"}, False, False, True),
        ({"pwdLastSet": "0", "userAccountControl": "66048"}, False, False, True),
        ({"accountExpires": ticks(NOW)}, False, True, False),
        ({"accountExpires": ticks(NOW + timedelta(seconds=1))}, False, False, False),
        ({"accountExpires": "0"}, False, False, False),
    ],
)
def test_flags_and_times_say_how_an_account_stands(
    values: dict[str, str], locked: bool, off: bool, must_change: bool
) -> None:
    found = standing(account(**values), NOW)
    assert (found.locked, found.for_good, found.must_change) == (locked, off, must_change)


def test_a_password_that_never_expires_has_no_end_and_another_one_the_end_that_the_directory_works_out() -> (
    None
):
    ends = ticks(NOW + timedelta(days=3))
    assert standing(account(msDS__UserPasswordExpiryTimeComputed=ends), NOW).expires_at == NOW + timedelta(
        days=3
    )
    forever = account(msDS__UserPasswordExpiryTimeComputed=ends, userAccountControl=str(512 | 0x10000))
    assert standing(forever, NOW).expires_at is None
    assert standing(account(), NOW).expires_at is None


@pytest.mark.parametrize(
    "hidden",
    ["userAccountControl", "msDS__User__Account__Control__Computed", "pwdLastSet",
     "msDS__UserPasswordExpiryTimeComputed"],
)  # fmt: skip
def test_what_is_not_shown_is_a_fault_and_never_in_order(hidden: str) -> None:
    """Promise 7."""
    with pytest.raises(DirectoryUnavailable, match=hidden.replace("__", "-")):
        standing(account(**{hidden: ""}), NOW)


@pytest.mark.parametrize("code", ["525", "52e", "530", "531", "532", "533", "701", "773", "775"])
def test_a_refused_sign_in_is_known_by_its_code(code: str) -> None:
    assert ad_values.is_refusal(said(49, REFUSED.format(code)))
    # Only who gave the right password learns what else is wrong.
    right = code not in {"525", "52e", "775"}
    assert ad_values.is_right_password(said(49, REFUSED.format(code))) is right


@pytest.mark.parametrize(
    "answer",
    [said(49, REFUSED.format("52f")), said(49, ""), said(49, "data 52e"), said(53, REFUSED.format("52e")),
     said(80, "")],
)  # fmt: skip
def test_any_other_answer_to_a_sign_in_means_nothing(answer: Answer) -> None:
    """Promise 7."""
    assert not ad_values.is_refusal(answer)
    assert not ad_values.is_right_password(answer)


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (AGAINST_POLICY, "may be too short"),
        ("0000052D: AtrErr: DSID-03190FD6, #1:\n\t0: 0000052D", "may be too short"),
        ("0000052D: ", "may be too short"),
        (
            "0000052D: Constraint violation - check_password_restrictions: the password is too short!",
            "The password is",
        ),
        ("0000001F: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM), data 0", None),
        ("00000005: SecErr: DSID-031A11ED, problem 4003 (INSUFF_ACCESS_RIGHTS), data 0", None),
        ("", None),
    ],
)
def test_a_refused_password_is_told_without_what_is_for_programmers(message: str, told: str | None) -> None:
    found = ad_values.why_refused(said(53, message))
    assert (found is None) == (told is None)
    assert (told or "") in (found or "")
    assert not any(word in (found or "") for word in ("DSID", "Err:", "0000052D"))


def test_a_password_is_sent_in_quotes_and_in_utf_16() -> None:
    assert ad_values.quoted("aé\u20ac") == b'"\0a\0\xe9\0\xac\x20"\0'


@pytest.mark.parametrize(
    ("identifier", "powerful"),
    [
        ("010500000000000515000000 010000000200000003000000 00020000", True),
        ("010500000000000515000000 010000000200000003000000 07020000", True),
        ("010500000000000515000000 010000000200000003000000 01020000", False),
        ("010500000000000515000000 010000000200000003000000 20020000", False),
        ("010500000000000515000000 010000000200000003000000 50040000", False),
        ("010200000000000520000000 20020000", True),
        ("010200000000000520000000 21020000", False),
        ("010200000000000520000000 24020000", True),
    ],
)
def test_power_is_known_by_the_id_of_a_group(identifier: str, powerful: bool) -> None:
    """512 and 519 of a domain, 544 and 548 of those built in; not 513, 1104 or Users (545), nor a domain's own 544."""
    assert is_powerful_group(bytes.fromhex(identifier)) is powerful


def test_the_primary_group_is_of_the_account_s_own_domain() -> None:
    own = bytes.fromhex("010500000000000515000000 010000000200000003000000 50040000")
    entry = Entry(dn=DN, values={"objectsid": [own], "primarygroupid": [b"513"]})
    assert ad_values.primary_group(entry) == own[:-4] + (513).to_bytes(4, "little")


@pytest.mark.parametrize("hidden", ["objectSid", "primaryGroupID"])
def test_power_that_is_not_shown_is_a_fault_and_never_none(hidden: str) -> None:
    """P-4."""
    shown = {"objectsid": [b"\1" * 28], "primarygroupid": [b"513"]}
    entry = Entry(dn=DN, values={name: values for name, values in shown.items() if name != hidden.lower()})
    with pytest.raises(DirectoryUnavailable, match=hidden):
        ad_values.primary_group(entry)


def test_the_domain_s_own_administrator_is_marked_by_nature() -> None:
    own = bytes.fromhex("010500000000000515000000 010000000200000003000000 f4010000")
    assert ad_values.is_marked(Entry(dn=DN, values={"objectsid": [own]}))
    assert not ad_values.is_marked(Entry(dn=DN, values={"objectsid": [own[:-4] + b"\x50\4\0\0"]}))


@pytest.mark.parametrize(("count", "marked"), [("", False), ("0", False), ("1", True), ("2", True)])
def test_whom_the_directory_protects_is_marked_by_whatever_number(count: str, marked: bool) -> None:
    """P-4: the directory itself writes 1, and protects whoever has another one but 0 as well."""
    own = bytes.fromhex("010500000000000515000000 010000000200000003000000 50040000")
    shown = {"objectsid": [own], "admincount": [count.encode()] if count else []}
    assert ad_values.is_marked(Entry(dn=DN, values=shown)) is marked


# Memberships that the directory ends itself: the test's server has none, so this is all that is tested of them.


def test_a_membership_with_an_end_is_read_and_one_without_too() -> None:
    assert read_link(f"<TTL=3600,{DN}>") == Link(dn=DN, seconds=3600)
    assert read_link(DN) == Link(dn=DN, seconds=None)
    assert read_link("CN=<TTL=1>,DC=x") == Link(dn="CN=<TTL=1>,DC=x", seconds=None)


@pytest.mark.parametrize(
    ("present", "seconds", "changes"),
    [
        (None, 3600, add(f"<TTL=3600,{DN}>")),
        (None, None, add(DN)),
        (None, -5, add(f"<TTL=1,{DN}>")),
        (60, 3600, [*delete(DN), *add(f"<TTL=3600,{DN}>")]),
        (60, None, [*delete(DN), *add(DN)]),
        (3600, 60, []),
        ("stays", 3600, []),
        ("stays", None, []),
    ],
)
def test_an_end_that_comes_too_early_is_put_off_in_one_change_and_what_stays_is_left_alone(
    present: int | str | None, seconds: int | None, changes: list[object]
) -> None:
    """Promise 8: what stood before us stays."""
    link = None if present is None else Link(dn=DN, seconds=present if isinstance(present, int) else None)
    assert list(changes_for(DN, link, seconds)) == changes


def test_the_feature_that_ends_memberships_is_known_by_its_name() -> None:
    place = "CN=Optional Features,CN=Directory Service,CN=Windows NT,CN=Services,CN=Configuration,DC=example,DC=com"
    assert is_the_feature(f"CN=Privileged Access Management Feature,{place}")
    assert not is_the_feature(f"CN=Recycle Bin Feature,{place}")
    assert not is_the_feature(str(uuid4()))


def _history(*of_each: tuple[int, int, int]) -> Entry:
    """What controllers tell each other: attribute, version, seconds since 1601."""
    stored = struct.pack("<IIII", 1, 0, len(of_each), 0)
    for of, version, seconds in of_each:
        stored += struct.pack("<IIQ16sQQ", of, version, seconds, b"\0" * 16, 1, 1)
    return Entry(dn=DN, values={"replpropertymetadata": [stored]})


def test_when_a_mail_address_took_the_place_of_another_is_read_from_the_history() -> None:
    """P-3: its first value is no change, and what is not shown or cut short is not known."""
    seconds = int((NOW - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds())
    other = (0x3, 7, 1)
    assert ad_values.changed_at(_history(other, (ad_values.MAIL, 2, seconds)), ad_values.MAIL) == NOW
    assert ad_values.changed_at(_history(other, (ad_values.MAIL, 1, seconds)), ad_values.MAIL) is None
    assert ad_values.changed_at(_history(other), ad_values.MAIL) is None
    assert ad_values.changed_at(account(), ad_values.MAIL) is None
    cut = Entry(dn=DN, values={"replpropertymetadata": [b"\1" * 30]})
    assert ad_values.changed_at(cut, ad_values.MAIL) is None
