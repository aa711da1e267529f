"""The sections of directories: what an LDAP one must say, and where its password comes from."""

import pytest

from storage.faults import SettingsFault

LDAP = """
[directories.corp-1]
kind = "ldap"
servers = ["ldaps://ldap.example.com", "ldap://[2001:db8::1]:1389"]
ca_file = "ca.pem"
bind_dn = "cn=wicket,dc=example,dc=com"
people_base = "ou=people,dc=example,dc=com"
groups_base = "ou=groups,dc=example,dc=com"
admin_groups = ["administrators"]

[mail]
"""
VARIABLE = "WICKET_DIRECTORY_CORP_1_PASSWORD"
AND_LDAP = {"[mail]": LDAP}


LOCAL = '[directories.local]\nkind = "local"\npath = "people.db"\n'


def with_(old: str, new: str) -> dict[str, str]:
    """The settings with an LDAP directory in which one thing is written otherwise."""
    assert old in LDAP
    return {"[mail]": LDAP.replace(old, new)}


def test_a_directory_and_its_password_are_read(load, tmp_path):
    settings = load(replace=AND_LDAP, environ={VARIABLE: "canary-pass"})
    section = settings.directories["corp-1"]
    assert section.servers == ("ldaps://ldap.example.com", "ldap://[2001:db8::1]:1389")
    assert section.ca_file == tmp_path / "ca.pem"
    assert section.attributes.login == "uid"
    assert settings.secrets.need_for("corp-1").get_secret_value() == "canary-pass"
    assert "canary-pass" in settings.secrets.values()
    assert "canary-pass" not in repr(settings)


def test_the_password_may_come_from_a_file(load, tmp_path):
    (tmp_path / "password").write_text("canary-pass\n")
    settings = load(replace=AND_LDAP, environ={f"{VARIABLE}_FILE": str(tmp_path / "password")})
    assert settings.secrets.need_for("corp-1").get_secret_value() == "canary-pass"


def test_serving_names_a_password_that_is_missing_and_reading_goes_without(load, wrong):
    told = f"  {VARIABLE}: is missing. Set it, or {VARIABLE}_FILE, to the password of bind_dn in [directories.corp-1]"
    assert told in wrong(replace=AND_LDAP)
    misspelt = wrong(replace=AND_LDAP, environ={"WICKET_DIRECTORY_CORP_PASSWORD": "canary-pass"})
    assert told in misspelt
    assert (
        f"  WICKET_DIRECTORY_CORP_PASSWORD: is not a variable that Wicket reads here. Did you mean {VARIABLE}?"
        in (misspelt)
    )
    assert "canary" not in misspelt
    with pytest.raises(SettingsFault, match=VARIABLE):
        load(replace=AND_LDAP, serving=False).secrets.need_for("corp-1")


def test_a_password_in_the_file_is_refused_with_the_variable_to_use(wrong):
    message = wrong(replace=with_("[mail]", 'bind_password = "planted"\n[mail]'))
    assert "  directories.corp-1.bind_password: is a secret, and secrets are not read from here" in message
    assert VARIABLE in message
    assert "planted" not in message


def test_two_directories_do_not_share_a_password(wrong):
    both = LDAP.replace("[mail]", "") + LDAP.replace("corp-1", '"corp.1"')
    message = wrong(replace={"[mail]": both}, environ={VARIABLE: "canary-pass"})
    assert "  directories.corp.1: would take its password from WICKET_DIRECTORY_CORP_1_PASSWORD" in message


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"ldaps://ldap.example.com"', '"ldap.example.com"', "corp-1.servers[1]: is not the address of a server"),
        ('"ldaps://ldap.example.com"', '"http://ldap.example.com"', "corp-1.servers[1]: is not the address of a"),
        ('"ldaps://ldap.example.com"', '"ldaps://ldap:port"', "corp-1.servers[1]: is not the address of a server"),
        ("ou=people,dc=example,dc=com", "people", "corp-1.people_base: is not a distinguished name"),
        ('bind_dn = "cn=wicket,dc=example,dc=com"', "", "corp-1.bind_dn: is missing. Write, under [dir"),
        ('["administrators"]', "[]", "corp-1.admin_groups: must not be empty"),
        ("[mail]", 'people_filter = "(uid=*"\n[mail]', "corp-1.people_filter: is not a filter"),
        ("[mail]", 'inactive_when = ["gone"]\n[mail]', "corp-1.inactive_when[1]: must be an attribute and a value"),
        ("[mail]", 'group_kind = "group"\n[mail]', 'corp-1.group_kind: must be "groupOfNames"'),
        ("[mail]", 'verify = false\n[mail]', "corp-1.verify: is not a setting of Wicket."),
        ("[mail]", 'people_bse = "dc=x"\n[mail]', 'corp-1.people_bse: is not a setting of Wicket. Did'),
        ("[mail]", '[directories.corp-1.attributes]\nlogin = "u id"\n[mail]', "corp-1.attributes.login: is not"),
    ],
)  # fmt: skip
def test_a_wrong_setting_of_a_directory_is_named_with_how_to_mend_it(old, new, told, wrong):
    message = wrong(replace=with_(old, new), environ={VARIABLE: "canary-pass"})
    assert f"  directories.{told}" in message
    assert len(message.splitlines()) == 2


@pytest.mark.parametrize(
    "written",
    [
        "", "[directories]\n", '[directories]\nkind = "local"\n', '[directories]\nlocal = "people.db"\n',
        "[[directories]]\n",
    ],
)  # fmt: skip
def test_the_advice_for_a_missing_directory_can_be_followed(written, load, wrong):
    """It once said [directories], which was then refused with the same advice."""
    message = wrong(replace={LOCAL: written})
    told = 'Write [directories.local] with kind = "local", path = "people.db"'
    assert len(message.splitlines()) == 2
    assert message.endswith(told)
    heading, _, settings = told.removeprefix("Write ").partition(" with ")
    followed = "\n".join([heading, *settings.split(", "), ""])
    assert list(load(replace={LOCAL: followed}).directories) == ["local"]


def test_where_the_certificates_lie_does_not_bear_on_decisions_but_who_is_an_administrator_does(load):
    environ = {VARIABLE: "canary-pass"}
    digest = load(replace=AND_LDAP, environ=environ).security_digest
    assert load(replace=with_("ca.pem", "other.pem"), environ=environ).security_digest == digest
    assert load(replace=with_("administrators", "admins"), environ=environ).security_digest != digest


AD = """
[directories.ad]
kind = "active-directory"
servers = ["ldaps://dc1.ad.example.com"]
bind_dn = "wicket@ad.example.com"
people_base = "OU=Company,DC=ad,DC=example,DC=com"
groups_base = "OU=Company,DC=ad,DC=example,DC=com"

[mail]
"""


def test_an_active_directory_needs_little_and_knows_its_own_attributes(load):
    section = load(replace={"[mail]": AD}, serving=False).directories["ad"]
    assert (section.admin_groups, section.removal_takes_effect) == (
        (),
        "when the Kerberos ticket ends, within 10 h",
    )
    assert (section.attributes.id, section.attributes.login) == ("objectGUID", "sAMAccountName")


@pytest.mark.parametrize("account", ["wicket", "@ad.example.com", "wicket@", "ADX/wicket"])
def test_an_account_is_a_distinguished_or_a_principal_name(account, wrong):
    told = wrong(replace={"[mail]": AD.replace("wicket@ad.example.com", account)}, serving=False)
    assert "directories.ad.bind_dn" in told
    assert "wicket@ad.example.com" in told
