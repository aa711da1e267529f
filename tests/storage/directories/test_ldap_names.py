"""Names and filters of LDAP: whatever a value holds, it stays a value (RFC 4514, RFC 4515)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ldap3.operation.search import search_operation

from storage.directories.ldap_names import (
    BadName,
    all_of,
    any_of,
    equals,
    escape_value,
    is_filter,
    is_under,
    name_key,
    own_name_filter,
    parse_dn,
)

# Everything that means something in a name or a filter, with ordinary and foreign letters between.
SPECIAL = ' "#+,;<>=\\*()&|!~:/\0\r\n\t\x7f'
values = st.text(
    st.sampled_from(SPECIAL + "aZ9é密🦊\u202e\u00ad") | st.characters(codec="utf-8"), max_size=12
)
some_values = values.filter(lambda value: value.strip(" ") != "")


def sent(filter_: str) -> object:
    """The filter as ldap3 puts it on the wire."""
    return search_operation("", filter_, "BASE", "NEVER", [], 0, 0, False, False, False)["filter"]


@given(values)
def test_any_value_arrives_in_a_filter_as_it_is(value):
    match = sent(equals("cn", value))["equalityMatch"]
    assert (str(match["attributeDesc"]), bytes(match["assertionValue"])) == ("cn", value.encode())


@given(st.lists(some_values, min_size=2, max_size=4))
def test_values_stay_apart_when_filters_are_joined(many):
    joined = sent(all_of("(objectClass=*)", any_of(equals("cn", value) for value in many)))
    found = [bytes(each["equalityMatch"]["assertionValue"]) for each in joined["and"][1]["or"]]
    assert found == [value.encode() for value in many]


@given(some_values, some_values)
def test_any_value_comes_back_out_of_a_name(first, second):
    name = f"cn={escape_value(first)}+uid={escape_value(second)},ou={escape_value(second)},dc=example"
    assert parse_dn(name) == (
        (("cn", first), ("uid", second)),
        (("ou", second),),
        (("dc", "example"),),
    )


@given(some_values)
def test_a_name_is_the_same_however_it_is_escaped(value):
    in_hex = "".join(f"\\{byte:02X}" for byte in value.encode())
    assert name_key(f"CN={in_hex} , DC=Example") == name_key(f"cn={escape_value(value)},dc=example")


@given(some_values)
def test_what_stands_in_a_value_is_never_a_base(value):
    assert is_under(f"cn={escape_value(value)},ou=people,dc=example", "OU=People, dc=example")
    assert not is_under(f"cn={escape_value(value + ',ou=people,dc=example')}", "ou=people,dc=example")


@pytest.mark.parametrize("text", ["ada", "cn", "=ada", "cn=ada,,dc=x", "c n=ada", "cn=ada\\", "cn=ada,dc"])
def test_what_is_no_name_is_refused(text):
    with pytest.raises(BadName):
        parse_dn(text)
    assert name_key(text) == name_key(text)


def test_the_root_has_no_name_of_its_own():
    assert parse_dn("") == ()
    with pytest.raises(BadName):
        own_name_filter(" ")


def test_a_name_of_two_parts_is_sought_by_both():
    assert own_name_filter("cn=a+uid=b,dc=example") == "(&(cn=a)(uid=b))"


@pytest.mark.parametrize(
    ("text", "right"),
    [("(uid=*)", True), ("(&(uid=*)(!(gone=TRUE)))", True), ("uid=*", False), ("(uid=*", False), ("(uid=*))", False),
     ("(uid=*)(uid=*)", False), ("", False), ("()", False)],
)  # fmt: skip
def test_a_filter_of_an_operator_must_be_whole(text, right):
    assert is_filter(text) is right
