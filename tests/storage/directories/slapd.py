"""A real OpenLDAP server for the tests: started from nothing in a temporary folder, once for all tests of a process.

It listens on this machine alone, and ends with the process that started it.
"""

import atexit
import functools
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ldap3
import pytest

from tests.ports import free_port
from tests.storage.directories.certificates import Authority

SUFFIX = "dc=example,dc=com"
ROOT, ROOT_PASSWORD = f"cn=root,{SUFFIX}", "the-root-of-the-test"
SERVICE, SERVICE_PASSWORD = f"cn=wicket,ou=services,{SUFFIX}", "the-service-of-the-test"
# May read a few entries at a time only.
NARROW = f"cn=narrow,ou=services,{SUFFIX}"
# Twelve hundred people "p0", "p1" …, to be put into one group.
CROWD, CROWD_SIZE = f"ou=crowd,{SUFFIX}", 1200
POLICY = f"cn=default,ou=policies,{SUFFIX}"

# What docs/ldap.md tells an operator to write; a test holds the two together.
RIGHTS = """\
access to dn.subtree="ou=admins,dc=example,dc=com" attrs=userPassword
    by self =xw
    by anonymous auth
    by * none

access to attrs=userPassword
    by dn.exact="cn=wicket,ou=services,dc=example,dc=com" =xw
    by self =xw
    by anonymous auth
    by * none

access to attrs=pwdAccountLockedTime,pwdReset
    by dn.exact="cn=wicket,ou=services,dc=example,dc=com" write
    by users read

access to filter=(&(objectClass=groupOfNames)(!(cn=administrators))) attrs=member
    by dn.exact="cn=wicket,ou=services,dc=example,dc=com" write
    by users read

access to *
    by dn.exact="cn=wicket,ou=services,dc=example,dc=com" read
    by users read
"""

# Accounts with the same rights but for one: on what, and which right instead.
_PEOPLE, _GROUPS = (f'dn.regex="^(.+,)?ou={name},.+$"' for name in ("people", "groups"))
OTHERS = {
    "no-reset": ("attrs=userPassword", "none"),
    "only-reads": ("attrs=userPassword,pwdAccountLockedTime,pwdReset,member", "read"),
    "half-reset": (f"{_PEOPLE} attrs=userPassword", "=z"),
    "no-unlock": ("attrs=pwdAccountLockedTime", "read"),
    "half-unlock": ("attrs=pwdAccountLockedTime", "=zrscxd"),
    "no-pwd-reset": ("attrs=pwdReset", "read"),
    "no-grants": ("filter=(objectClass=groupOfNames) attrs=member", "read"),
    "half-grants": ("filter=(cn=vpn) attrs=member", "=zrscxd"),
    "blind-to-locks": ("attrs=pwdAccountLockedTime", "=w"),
    "blind-to-resets": ("attrs=pwdReset", "none"),
    "blind-to-ages": ("attrs=pwdChangedTime", "none"),
    "half-blind-to-ages": ("attrs=pwdChangedTime", "search"),
    "blind-to-policies": (f'dn.subtree="ou=policies,{SUFFIX}"', "none"),
    "blind-to-mail": ("attrs=mail", "none"),
    "blind-to-names": ("attrs=cn", "none"),
    "blind-to-ids": ("attrs=entryUUID", "none"),
    "blind-to-people": (_PEOPLE, "none"),
    "blind-to-groups": (_GROUPS, "none"),
    "over-policy": ("attrs=userPassword", "manage"),
    "over-hashes": ("attrs=userPassword", "write"),
    "over-admins": (f'dn.subtree="ou=admins,{SUFFIX}" attrs=userPassword', "=xw"),
    "over-admin-group": ("filter=(cn=administrators) attrs=member", "write"),
    "over-mail": ("attrs=mail", "write"),
    "over-manager": ("attrs=manager", "write"),
    "over-employment": ("attrs=employeeType", "write"),
}

_CONF = """\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/nis.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
moduleload memberof
moduleload refint
pidfile {folder}/slapd.pid
TLSCACertificateFile {ca}
TLSCertificateFile {certificate}
TLSCertificateKeyFile {key}
sizelimit unlimited

database mdb
suffix "{suffix}"
rootdn "{root}"
rootpw {root_password}
directory {folder}/data
maxsize 268435456
dbnosync
index objectClass,entryUUID,uid,mail,cn,member,memberOf,uniqueMember,memberUid eq
limits dn.exact="{narrow}" size=3

{rights}
overlay ppolicy
ppolicy_default "{policy}"
ppolicy_hash_cleartext
overlay memberof
memberof-group-oc groupOfNames
overlay refint
refint_attributes member manager
refint_nothing "cn=nobody"
"""

_SEED = """\
dn: {suffix}
objectClass: organization
objectClass: dcObject
o: Example
dc: example

dn: ou=services,{suffix}
objectClass: organizationalUnit
ou: services

dn: {service}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: wicket
userPassword: {service_password}

dn: {narrow}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: narrow
userPassword: {service_password}

dn: ou=crowd,{suffix}
objectClass: organizationalUnit
ou: crowd

dn: ou=admins,{suffix}
objectClass: organizationalUnit
ou: admins

dn: ou=policies,{suffix}
objectClass: organizationalUnit
ou: policies

dn: {policy}
objectClass: organizationalRole
objectClass: pwdPolicy
cn: default
pwdAttribute: userPassword
pwdLockout: TRUE
pwdMaxFailure: 5
pwdFailureCountInterval: 0
pwdInHistory: 3
pwdCheckQuality: 2
pwdMinLength: 8
pwdMaxAge: 7776000
pwdMustChange: TRUE
"""


@dataclass(frozen=True, kw_only=True)
class Slapd:
    """A running server. port: LDAP with StartTLS. tls_port: LDAPS. Its certificate is for "localhost"."""

    port: int
    tls_port: int
    authority: Authority
    process: subprocess.Popen[bytes]

    def end(self) -> None:
        """End it and wait for that. Idempotent."""
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def as_root(self) -> Any:
        """A connection that may do everything, for setting things up behind the connector's back."""
        return ldap3.Connection(
            ldap3.Server("127.0.0.1", port=self.port, get_info=ldap3.NONE),
            user=ROOT,
            password=ROOT_PASSWORD,
            auto_bind=True,
            check_names=False,
            auto_escape=False,
            raise_exceptions=True,
        )


def running() -> Slapd:
    """The server of this process. Without Debian's `slapd` the test is skipped, except in the full run (CI=true)."""
    if program() is None:
        reason = "OpenLDAP's server is not installed: apt install slapd"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return _of_this_process()


@functools.cache
def _of_this_process() -> Slapd:
    return started(OTHERS)


def program() -> str | None:
    """Where Debian's package put the server; None if it is not installed."""
    return shutil.which("slapd", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"]))


def started(others: Mapping[str, tuple[str, str]]) -> Slapd:
    """A server of its own, with these accounts beside Wicket's. It needs the program."""
    command = program()
    assert command is not None
    folder = Path(tempfile.mkdtemp(prefix="slapd-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "data").mkdir()
    authority = Authority(folder)
    pair = authority.issue()
    words = {
        "suffix": SUFFIX, "root": ROOT, "root_password": ROOT_PASSWORD, "service": SERVICE, "narrow": NARROW,
        "service_password": SERVICE_PASSWORD, "policy": POLICY, "rights": _rights(others), "folder": folder,
        "ca": authority.ca_file, "certificate": pair.certificate, "key": pair.key,
    }  # fmt: skip
    conf, seed = folder / "slapd.conf", folder / "seed.ldif"
    conf.write_text(_CONF.format(**words))
    more = [*map(_service, others), *map(_one_of_the_crowd, range(CROWD_SIZE))]
    seed.write_text(_SEED.format(**words) + "".join(more))
    subprocess.run([command, "-Ta", "-q", "-f", conf, "-l", seed], check=True, capture_output=True)
    port, tls_port = free_port(), free_port()
    # -d 0: it stays our child, and so ends with us.
    process = subprocess.Popen(
        [command, "-f", conf, "-d", "0", "-h", f"ldap://127.0.0.1:{port} ldaps://127.0.0.1:{tls_port}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    slapd = Slapd(port=port, tls_port=tls_port, authority=authority, process=process)
    atexit.register(slapd.end)
    _wait_for(tls_port, process)
    return slapd


def account(name: str) -> str:
    """The name of one of the others."""
    return f"cn={name},ou=services,{SUFFIX}"


def _rights(others: Mapping[str, tuple[str, str]]) -> str:
    """What the docs say, for the others too, after what each of them has instead."""
    instead = [
        f'access to {what}\n    by dn.exact="{account(name)}" {right}\n    by * break\n'
        for name, (what, right) in others.items()
    ]
    lines = []
    for line in RIGHTS.splitlines():
        mine = f'dn.exact="{SERVICE}"' in line
        lines += [line, *(line.replace(SERVICE, account(name)) for name in others if mine)]
    return "\n".join([*instead, *lines])


def _service(name: str) -> str:
    return (
        f"\ndn: {account(name)}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\n"
        f"cn: {name}\nuserPassword: {SERVICE_PASSWORD}\n"
    )


def _one_of_the_crowd(number: int) -> str:
    return f"\ndn: uid=p{number},{CROWD}\nobjectClass: inetOrgPerson\nuid: p{number}\ncn: P{number}\nsn: P\n"


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise AssertionError("slapd did not start")
