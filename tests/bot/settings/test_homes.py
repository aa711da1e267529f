"""Whose people the people of a directory are: said in its section, and refused kindly when it cannot be so."""

import pytest

LAB = """
[directories.lab]
kind = "local"
path = "lab.db"
people_of = "local"

[mail]
"""
LDAP = """
[directories.corp]
kind = "ldap"
servers = ["ldaps://ldap.example.com"]
bind_dn = "cn=wicket,dc=example,dc=com"
people_base = "ou=people,dc=example,dc=com"
groups_base = "ou=groups,dc=example,dc=com"
admin_groups = ["administrators"]
PEOPLE_OF
[directories.corp.attributes]
PERSON

[mail]
"""
PASSWORD = {"WICKET_DIRECTORY_CORP_PASSWORD": "canary-pass"}
OWN_PATH = 'path = "people.db"'


def corp(*, people_of: str = "", person: str = 'person = "employeeNumber"') -> str:
    """An LDAP directory in front of [mail]."""
    return LDAP.replace("PEOPLE_OF", people_of).replace("PERSON", person)


def test_a_directory_is_a_home_unless_it_says_otherwise(load):
    settings = load(replace={"[mail]": LAB})
    assert settings.directories["local"].people_of is None
    assert settings.directories["lab"].people_of == "local"


def test_an_ldap_directory_may_hold_the_people_of_a_local_one_and_the_other_way_round(load):
    settings = load(replace={"[mail]": corp(people_of='people_of = "local"')}, environ=PASSWORD)
    assert settings.directories["corp"].people_of == "local"
    both = {"[mail]": corp(), OWN_PATH: f'{OWN_PATH}\npeople_of = "corp"'}
    assert load(replace=both, environ=PASSWORD).directories["local"].people_of == "corp"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"[mail]": LAB.replace('of = "local"', 'of = "locla"')},
            'directories.lab.people_of: "locla" is no [directories.NAME]. Did you mean "local"?',
        ),
        (
            {"[mail]": LAB.replace('of = "local"', 'of = "lab"')},
            "directories.lab.people_of: names the directory itself. "
            "Remove the line: people then sign in from this directory.",
        ),
        (
            {"[mail]": LAB.replace("[mail]", LAB.replace("lab", "shop").replace('"local"\n\n', '"lab"\n\n'))},
            'directories.shop.people_of: "lab" has people_of itself, so nobody signs in from it. '
            "Name the directory that people sign in from.",
        ),
        (
            {OWN_PATH: f'{OWN_PATH}\npeople_of = "local"'},
            "directories.local.people_of: names the directory itself. "
            "Remove the line: people then sign in from this directory.",
        ),
        (
            {"[mail]": corp(people_of='people_of = "local"', person="")},
            "directories.corp.attributes.person: is missing, and directories.corp.people_of needs it to know people "
            "by their number. Write, under [directories.corp.attributes]: person = \"employeeNumber\"",
        ),
        (
            {"[mail]": corp(person=""), OWN_PATH: f'{OWN_PATH}\npeople_of = "corp"'},
            "directories.corp.attributes.person: is missing, and directories.local.people_of needs it to know people "
            "by their number. Write, under [directories.corp.attributes]: person = \"employeeNumber\"",
        ),
        (
            {"[mail]": LAB.replace('of = "local"', "of = 3")},
            "directories.lab.people_of: must be text in quotes. Write, under [directories.lab]: people_of = \"corp\"",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_so_is_named_with_how_to_mend_it(changes, told, wrong):
    message = wrong(replace=changes, environ=PASSWORD if "corp" in str(changes) else {})
    assert message.splitlines()[1:] == [f"  {told}"]


def test_without_a_home_each_directory_is_told(wrong):
    """Two that name each other: nobody could sign in."""
    message = wrong(replace={"[mail]": LAB, OWN_PATH: f'{OWN_PATH}\npeople_of = "lab"'})
    assert 'directories.lab.people_of: "local" has people_of itself' in message
    assert 'directories.local.people_of: "lab" has people_of itself' in message


def test_whose_people_they_are_bears_on_decisions(load):
    """So it stands behind the hash on every decision."""
    with_home = load(replace={"[mail]": LAB}).security_digest
    assert load(replace={"[mail]": LAB.replace('people_of = "local"', "")}).security_digest != with_home
