"""A real Active Directory domain controller for the tests: Samba's, on an address of this machine of its own.

It is set up once for a user and copied for each process; it listens on this machine alone and ends with that process.
"""

import atexit
import fcntl
import functools
import hashlib
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ldap3
import pytest

from tests.storage.directories.certificates import Authority

DOMAIN = "ad.example.com"
SUFFIX = "DC=ad,DC=example,DC=com"
ADMINISTRATOR, ADMINISTRATOR_PASSWORD = f"Administrator@{DOMAIN}", "the-Administrator-of-the-test-1"
SERVICE, SERVICE_PASSWORD = f"CN=wicket,CN=Users,{SUFFIX}", "the-service-of-the-test-1"
# All people and groups of the tests stand below it, and Wicket's account has its rights there alone.
COMPANY = f"OU=Company,{SUFFIX}"

# What docs/active-directory.md has an operator delegate, as the descriptors of entries say it; a test holds the two
# together. First a right, then what it is on (the id of an attribute, a set of them or an extended right), then the
# class of entries (people or groups).
_PEOPLE, _GROUPS = "bf967aba-0de6-11d0-a285-00aa003049e2", "bf967a9c-0de6-11d0-a285-00aa003049e2"
RIGHTS = {
    "read people": ("RPLCLORC", "", _PEOPLE),
    "read groups": ("RPLCLORC", "", _GROUPS),
    "member": ("WP", "bf9679c0-0de6-11d0-a285-00aa003049e2", _GROUPS),
    "Reset Password": ("CR", "00299570-246d-11d0-a768-00aa006e0529", _PEOPLE),
    "lockoutTime": ("WP", "28630ebf-41d5-11d1-a9c1-0000f80367c1", _PEOPLE),
    "userAccountControl": ("WP", "bf967a68-0de6-11d0-a285-00aa003049e2", _PEOPLE),
}

_CONF = """\
[global]
netbios name = DC1
realm = {realm}
workgroup = ADX
server role = active directory domain controller
server services = ldap
dcerpc endpoint servers = none
interfaces = {address}/8
bind interfaces only = yes
private dir = {folder}/private
state directory = {folder}/state
cache directory = {folder}
lock directory = {folder}
pid directory = {folder}
ncalrpc dir = {folder}/ncalrpc
log file = {folder}/log
old password allowed period = 0
posix:eadb = {folder}/private/eadb.tdb
tls certfile = {certificate}
tls keyfile = {key}
tls cafile = {ca}
"""

_POLICY = (
    "--complexity=off", "--min-pwd-length=8", "--history-length=3", "--min-pwd-age=0", "--max-pwd-age=90",
    "--account-lockout-threshold=5", "--account-lockout-duration=30", "--reset-account-lockout-after=30",
)  # fmt: skip
# The database is thrown away after the test: it need not reach the disk.
_QUICKLY = {**os.environ, "TDB_NO_FSYNC": "1"}


@dataclass(frozen=True, kw_only=True)
class Samba:
    """A running domain controller. address: an IP address; LDAP with StartTLS is on port 389 there, LDAPS on 636.

    Its certificate is for that address and for "localhost", so that it may be reached through a proxy.
    folder: where it keeps its state.
    """

    address: str
    authority: Authority
    folder: Path
    process: subprocess.Popen[bytes]
    port: int = 389
    tls_port: int = 636

    def as_administrator(self) -> Any:
        """A connection that may do everything, for setting things up behind the connector's back."""
        # With an authority named, those of the whole system are not loaded, which takes longer than to connect.
        tls = ldap3.Tls(validate=ssl.CERT_NONE, ca_certs_file=str(self.authority.ca_file))
        return ldap3.Connection(
            ldap3.Server(self.address, port=self.tls_port, use_ssl=True, tls=tls, get_info=ldap3.NONE),
            user=ADMINISTRATOR,
            password=ADMINISTRATOR_PASSWORD,
            auto_bind=True,
            check_names=False,
            auto_escape=False,
            auto_range=False,
            raise_exceptions=True,
        )

    def load(self, changes: str) -> None:
        """Make many changes (LDIF) at once, in its database; a password may then be as old as one likes."""
        database = self.folder / "private" / "sam.ldb"
        done = subprocess.run(
            ["ldbmodify", "-H", database, "--controls=local_oid:1.3.6.1.4.1.7165.4.3.20:0"],
            input=changes, env=_QUICKLY, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr


def running() -> Samba:
    """The domain controller of this process. Where there can be none the test is skipped, but fails under CI=true."""
    _must_be_able()
    return _of_this_process()


@contextmanager
def another() -> Iterator[Samba]:
    """One more, beside that of this process. It goes with all that it holds: a crowd takes seconds to delete."""
    _must_be_able()
    made = _started(second=True)
    try:
        yield made
    finally:
        _end(made.process)


@functools.cache
def _of_this_process() -> Samba:
    return _started()


def _must_be_able() -> None:
    reason = _hindrance()
    if reason and os.environ.get("CI") == "true":
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)


def _hindrance() -> str:
    needed = ("samba", "samba-tool", "ldbmodify")
    if not all(shutil.which(each, path=_path()) for each in needed):
        return (
            "Samba's domain controller is not installed: "
            "apt install samba samba-ad-dc samba-ad-provision samba-dsdb-modules ldb-tools"
        )
    if os.geteuid() != 0:
        return "Samba's domain controller listens on ports 389 and 636 only, which needs root"
    return ""


def _path() -> str:
    return os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"])


def _started(*, second: bool = False) -> Samba:
    folder = Path(tempfile.mkdtemp(prefix="samba-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    shutil.copytree(_provisioned(), folder, dirs_exist_ok=True)
    address = _own_address(second=second)
    authority = Authority(folder)
    pair = authority.issue(address=address)
    pair.key.chmod(0o600)
    conf = folder / "smb.conf"
    words = {"certificate": pair.certificate, "key": pair.key, "ca": authority.ca_file}
    conf.write_text(_CONF.format(realm=DOMAIN.upper(), address=address, folder=folder, **words))
    program = shutil.which("samba", path=_path())
    assert program is not None
    with (folder / "out").open("wb") as out:
        # Interactive: it ends when its input does, and so with us, however we end.
        process = subprocess.Popen(
            [program, "-i", "--no-process-group", "-M", "single", "-s", conf],
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=out,
            env=_QUICKLY,
        )
    atexit.register(_end, process)
    made = Samba(address=address, authority=authority, folder=folder, process=process)
    _wait_for(made)
    return made


def _own_address(*, second: bool) -> str:
    """Two for each process of this machine: a controller needs the ports 389 and 636 for itself."""
    own = os.getpid()
    return f"127.{(128 if second else 64) + (own >> 16) % 64}.{(own >> 8) % 256}.{own % 256}"


def _provisioned() -> Path:
    """A new domain's folder, to be copied: made at the first need, kept until this file changes.

    Setting it up takes seconds of work, copying it none.
    """
    recipe = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]
    kept = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wicket-tests"
    kept.mkdir(parents=True, exist_ok=True)
    finished = kept / f"samba-{recipe}"
    with (kept / "samba.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not finished.exists():
            for old in kept.glob("samba-*"):
                shutil.rmtree(old)
            with tempfile.TemporaryDirectory(prefix="making-", dir=kept) as making:
                _provision(Path(making) / "domain")
                (Path(making) / "domain").rename(finished)
    return finished


def _provision(folder: Path) -> None:
    """A new domain, its password policy, and Wicket's account with what docs/active-directory.md grants it."""
    database, conf = folder / "private" / "sam.ldb", folder / "etc" / "smb.conf"
    _tool(
        "domain", "provision", f"--realm={DOMAIN.upper()}", "--domain=ADX", "--server-role=dc",
        "--dns-backend=NONE", f"--adminpass={ADMINISTRATOR_PASSWORD}", "--host-name=dc1", "--host-ip=127.0.0.1",
        f"--targetdir={folder}", "--option=interfaces=lo", "--option=bind interfaces only=yes",
        "--option=vfs objects=", f"--option=posix:eadb={folder}/private/eadb.tdb",
    )  # fmt: skip
    here = ("-H", str(database), "-s", str(conf))
    _tool("domain", "passwordsettings", "set", *_POLICY, *here)
    # As it is called in a domain that was made in German. Power does not hang on the name, and the name is free now.
    _tool(
        "group",
        "rename",
        "Administrators",
        "--samaccountname=Administratoren",
        "--force-new-cn=Administrators",
        *here,
    )
    _tool("ou", "create", COMPANY, *here)
    _tool("user", "create", "wicket", SERVICE_PASSWORD, *here)
    said = _tool("user", "show", "wicket", "--attributes=objectSid", *here)
    sid = said.split("objectSid:")[1].split()[0]
    # CI: for everything below; IO: not for the place itself.
    entries = "".join(f"(OA;CIIO;{right};{on};{kind};{sid})" for right, on, kind in RIGHTS.values())
    _tool(
        "dsacl", "set", "--action=allow", f"--objectdn={COMPANY}", f"--trusteedn={SERVICE}",
        f"--sddl={entries}", *here,
    )  # fmt: skip


def _tool(*words: str) -> str:
    done = subprocess.run(["samba-tool", *words], env=_QUICKLY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _wait_for(made: Samba) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and made.process.poll() is None:
        try:
            socket.create_connection((made.address, made.tls_port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"Samba did not start: {(made.folder / 'out').read_text()}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
