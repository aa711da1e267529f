"""The demo's `wicket.toml`: a sample company written the way an operator writes a real one.

No secret stands in it, as in any other.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from bot.demo.company.lovelace import LOVELACE
from bot.demo.company.shapes import MAIL_DOMAIN, Company

# What the file says of the directory where the company keeps it in a file of its own.
LOCAL: Mapping[str, Any] = MappingProxyType({"kind": "local", "path": "people.db"})
# How far groups are believed that describe themselves.
DISCOVER: Mapping[str, Any] = MappingProxyType({"lowest_risk": 3, "max": "8h"})


def toml(
    *,
    api_url: str,
    port: int,
    smtp_port: int,
    host: str = "127.0.0.1",
    database: str = "wicket.db",
    directory: Mapping[str, Any] = LOCAL,
    discover: Mapping[str, Any] | None = None,
    requests_a_minute: int = 60,
    log_level: str = "warning",
    company: Company = LOVELACE,
) -> str:
    """The whole file as text.

    api_url: the pretend Slack's. port: the web server's, which the secure page is reached by. database: a
    file, counted from the folder that the text will stand in. directory: the section about the company's. discover: the
    one about its groups that describe themselves.
    """
    sections: Mapping[str, Mapping[str, Any]] = {
        "slack": {
            "transport": "socket",
            "teams": [company.slack_team],
            "api_url": api_url,
            "security_channel": company.security_channel,
        },
        # By its name: browsers have no passkeys for bare numbers.
        "server": {"host": host, "port": port, "public_url": f"http://localhost:{port}"},
        "database": {"url": database},
        f"directories.{company.directory}": directory,
        **({f"directories.{company.directory}.discover": discover} if discover else {}),
        "mail": {
            "host": host,
            "port": smtp_port,
            "sender": f"wicket@{MAIL_DOMAIN}",
            "encryption": "none",
        },
        "security": {
            "approvers_group": company.security,
            **_said({"help_desk": company.help_desk, "petition_channel": company.petition_channel}),
            "company_words": [company.name.split()[0].lower(), "wicket"],
        },
        **_desk(company),
        # Whoever tries it there does not wait for an hour.
        "vouching": {"cool_off_minutes": 10},
        "incidents": {"mail": [company.person(company.on_call).mail]} if company.on_call else {},
        "limits": {"requests_a_minute": requests_a_minute},
        "drift": {"every_minutes": 1},  # whoever tries it does not wait for a quarter of an hour
        "logs": {"level": log_level, "layout": "console"},
    }
    tables = [_table(f"[{name}]", rows) for name, rows in sections.items()]
    tables += [_table("[[owner]]", _said(vars(owner))) for owner in company.owners]
    tables += [_table("[[entitlement]]", row) for row in _entitlements(company)]
    opening = (
        f"# The settings of the demo: {company.name}, which does not exist, in a Slack that is pretended."
    )
    return "\n\n".join([opening, *tables]) + "\n"


def _desk(company: Company) -> dict[str, dict[str, Any]]:
    """Whoever is on it helps the company's own people, and nobody else's."""
    if not company.help_desk:
        return {}
    may, name = ["unlock", "reset", "recheck"], "the IT desk"
    return {
        "help_desk.desks.it": {
            "group": company.help_desk, "name": name, "may": may, "companies": [company.name]
        }
    }  # fmt: skip


def _said(row: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is left out."""
    return {key: value for key, value in row.items() if value != ""}


def _entitlements(company: Company) -> Iterator[dict[str, Any]]:
    for entitlement in company.entitlements:
        row = dict(vars(entitlement))
        row["max"] = _duration(row.pop("max_duration"))
        row["standing"] = row.pop("standing_allowed")
        row["aliases"] = list(entitlement.aliases)
        yield {key: value for key, value in row.items() if value not in ("", ())}


def _table(heading: str, rows: Mapping[str, Any]) -> str:
    # A JSON string, number, boolean or list of strings is written the same in TOML.
    return "\n".join([heading, *(f"{key} = {json.dumps(value)}" for key, value in rows.items())])


def _duration(length: timedelta) -> str:
    minutes = int(length.total_seconds()) // 60
    days, hours = divmod(minutes // 60, 24)
    parts = ((days, "d"), (hours, "h"), (minutes % 60, "m"))
    return "".join(f"{amount}{letter}" for amount, letter in parts if amount)
