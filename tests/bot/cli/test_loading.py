"""What a command loads before it begins: nothing slow that only others need.

It says nothing of how long that takes.
"""

import json
import subprocess
import sys
from pathlib import Path

from bot.cli.commands import every_command

ROOT = Path(__file__).parents[3]
# What the start of every command has of each kind of command, and those above, loaded; and what is slow and not needed.
FAMILIES = {
    "help": (("bot.__main__", "bot.cli"), {"cryptography", "pydantic", "sqlalchemy"}),
    "a proof and a key": (("bot.cli.judging",), {"pydantic", "sqlalchemy"}),
    "the store": (
        (
            "archives", "audit_proofs", "delegations", "exceptions", "keys", "petitions", "policy", "running",
            "verifying",
        ),
        {"aiohttp", "joserfc", "ldap3"},
    ),
    "people": (
        ("alarms", "audit", "drift", "emergencies", "erasing", "grants", "halting", "policy_questions",
         "policy_replay", "policy_rights", "restoring"),
        {"aiohttp", "joserfc", "webauthn"},
    ),
    "all": (("check", "evidence", "proofs"), set()),
}  # fmt: skip
SERVING = {
    "aiosmtplib",
    "alembic",
    "apscheduler",
    "cedarpy",
    "jinja2",
    "prometheus_client",
    "slack_bolt",
    "slack_sdk",
}
LOAD = """
import gc, json, sys
from importlib import import_module
gc.disable()
found = {}
for family, modules in json.loads(sys.argv[1]).items():
    for module in modules:
        import_module(module if "." in module else f"bot.cli.{module}")
    found[family] = sorted(sys.modules)
print(json.dumps(found))
"""


def test_no_command_waits_for_what_only_others_need():
    """In one process: what a family loads, those below it have loaded too."""
    wanted = json.dumps({family: modules for family, (modules, _) in FAMILIES.items()})
    done = subprocess.run(
        [sys.executable, "-c", LOAD, wanted], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = json.loads(done.stdout)
    unneeded = {
        family: sorted({module for module in loaded[family] if module in slow | SERVING})
        for family, (_, slow) in FAMILIES.items()
    }
    assert unneeded == {family: [] for family in FAMILIES}
    assert {one.module for one in every_command()} <= set(loaded["all"])
