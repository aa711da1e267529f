"""Lovelace Ltd: fifteen people, eight channels, five owning teams and ten things to ask for.

It is data alone.
"""

from datetime import timedelta

from bot.demo.company.shapes import Channel, Company, Group, Person
from storage.catalogue import Entitlement, Owner

DIRECTORY = "local"
SECURITY_TEAM = "security-team"
HELP_DESK = "help-desk"

_PEOPLE = (
    Person(slack="U0ADA", login="ada", name="Ada Lovelace", title="Engineer, Payments", team="Payments",
           manager="charles", password_days=12),
    Person(slack="U0CHARLES", login="charles", name="Charles Babbage", title="Head of Engineering",
           team="Payments"),
    Person(slack="U0GRACE", login="grace", name="Grace Hopper", title="Lead, Data Platform",
           team="Data Platform", manager="charles"),
    Person(slack="U0LINUS", login="linus", name="Linus Pauling", title="Engineer, Data Platform",
           team="Data Platform", manager="grace"),
    Person(slack="U0MARY", login="mary", name="Mary Somerville", title="Lead, Observability",
           team="Observability", manager="charles"),
    Person(slack="U0EDSGER", login="edsger", name="Edsger Dijkstra", title="Lead, Platform",
           team="Platform", manager="charles"),
    Person(slack="U0BOB", login="bob", name="Bob Noyce", title="Engineer, Platform", team="Platform",
           manager="edsger", locked=True),
    Person(slack="U0LUCA", login="luca", name="Luca Pacioli", title="Head of Finance", team="Finance"),
    Person(slack="U0KONRAD", login="konrad", name="Konrad Zuse", title="Administrator, IT desk", team="IT"),
    Person(slack="U0ALAN", login="alan", name="Alan Turing", title="Head of Security", team="Security"),
    Person(slack="U0JOAN", login="joan", name="Joan Clarke", title="Security analyst", team="Security",
           manager="alan"),
    Person(slack="U0EVE", login="eve", name="Eve Example", title="Contractor, Vendor Co", team="Payments",
           company="Vendor Co", employment="contractor", manager="charles"),
    Person(slack="U0KATHERINE", login="katherine", name="Katherine Johnson", title="Engineer, Payments (new)",
           team="Payments", manager="charles", linked=False),
    Person(slack="U0GRETA", login="greta", name="Greta Gast", title="Guest", company="Print Works",
           domain="printworks.example", in_directory=False, linked=False, guest=True),
    Person(slack="U0MALLORY", login="mallory", name="Mallory Fremd", title="Account manager, Vendor Co",
           company="Vendor Co", domain="vendor.example", in_directory=False, linked=False, team_id="T0VENDOR"),
)  # fmt: skip

_STAFF = tuple(person.login for person in _PEOPLE if person.in_directory)

_CHANNELS = (
    Channel(id="C0GENERAL", name="general", members=(*_STAFF, "greta"), topic="Everybody"),
    Channel(id="C0DATAOWN", name="data-owners", members=("grace", "linus", "charles", "bob"),
            topic="Requests for the databases"),
    Channel(id="C0PLATFORM", name="platform-owners", members=("edsger", "bob", "charles"),
            topic="Requests for deployment and code"),
    Channel(id="C0OBSERVE", name="observability", members=("mary", "edsger", "charles", "ada"),
            topic="Dashboards and alerts"),
    Channel(id="C0ITDESK", name="it-desk", members=("konrad", "alan", "bob", "charles"),
            topic="Accounts, network, wiki"),
    Channel(id="C0FINANCE", name="finance-owners", members=("luca", "charles", "grace"), topic="Billing and customers"),
    Channel(id="C0SECURITY", name="security", members=("alan", "joan", "konrad"), private=True,
            topic="What security must see"),
    Channel(id="C0VENDOR", name="vendor-co", members=("charles", "ada", "eve", "mallory"), shared=True,
            topic="Shared with Vendor Co"),
)  # fmt: skip

_OWNERS = (
    Owner(id="data-platform", name="Data Platform", channel="C0DATAOWN", approvers="data-platform-owners",
          fallback="platform"),
    Owner(id="platform", name="Platform", channel="C0PLATFORM", approvers="platform-owners"),
    Owner(id="observability", name="Observability", channel="C0OBSERVE", approvers="observability-owners"),
    Owner(id="it-desk", name="IT desk", channel="C0ITDESK", approvers="it-desk-owners"),
    Owner(id="finance", name="Finance", channel="C0FINANCE", approvers="finance-owners", fallback="it-desk"),
)  # fmt: skip

_ENTITLEMENTS = (
    Entitlement(id="vpn-users", title="Company network (VPN)", directory=DIRECTORY, group="vpn-users",
                owner="it-desk", risk=1, environment="corporate", kind="network", access="connect",
                max_duration=timedelta(days=30), standing_allowed=True, aliases=("vpn",)),
    Entitlement(id="wiki-edit", title="Wiki", directory=DIRECTORY, group="wiki-editors", owner="it-desk",
                risk=1, environment="corporate", kind="tool", access="edit", max_duration=timedelta(days=30),
                standing_allowed=True, aliases=("wiki",)),
    Entitlement(id="grafana-edit", title="Grafana dashboards", directory=DIRECTORY, group="grafana-editors",
                owner="observability", risk=2, environment="corporate", kind="tool", access="edit",
                max_duration=timedelta(hours=8), aliases=("grafana", "dashboards")),
    Entitlement(id="crm-read", title="Customer records", directory=DIRECTORY, group="crm-readers",
                owner="finance", risk=2, environment="corporate", kind="application", access="read",
                max_duration=timedelta(days=1), aliases=("crm", "customers")),
    Entitlement(id="staging-db", title="Staging database", directory=DIRECTORY, group="staging-db-rw",
                owner="data-platform", risk=2, environment="staging", kind="database", access="read and write",
                max_duration=timedelta(hours=8), aliases=("staging database",)),
    Entitlement(id="billing-export", title="Billing export", directory=DIRECTORY, group="billing-exporters",
                owner="finance", risk=3, environment="corporate", kind="application", access="export",
                max_duration=timedelta(hours=4), aliases=("billing", "invoices")),
    Entitlement(id="k8s-deploy", title="Kubernetes deployment", directory=DIRECTORY, group="k8s-deployers",
                owner="platform", risk=3, environment="production", kind="server", access="deploy",
                max_duration=timedelta(hours=4), aliases=("kubernetes", "k8s", "deploy")),
    Entitlement(id="prod-db", title="Production database", directory=DIRECTORY, group="prod-db-rw",
                owner="data-platform", risk=4, environment="production", kind="database",
                access="read and write", max_duration=timedelta(hours=8),
                aliases=("production database", "customer database"), break_glass=("platform-owners",)),
    Entitlement(id="github-admin", title="GitHub organisation", directory=DIRECTORY, group="github-admins",
                owner="platform", risk=4, environment="production", kind="admin", access="administer",
                max_duration=timedelta(hours=2), aliases=("github",)),
    Entitlement(id="prod-admin", title="Production administration", directory=DIRECTORY, group="prod-admins",
                owner="platform", risk=5, environment="production", kind="admin", access="administer everything",
                max_duration=timedelta(hours=1), aliases=("production admin", "root")),
)  # fmt: skip

_GROUPS = (
    Group(name="team-engineering",
          people=("ada", "charles", "grace", "linus", "mary", "edsger", "bob", "katherine")),
    Group(name="domain-admins", people=("konrad",), admin=True),
    Group(name=SECURITY_TEAM, people=("alan", "joan")),
    Group(name=HELP_DESK, people=("konrad", "bob")),
    Group(name="data-platform-owners", people=("grace", "linus")),
    Group(name="platform-owners", people=("edsger", "bob")),
    Group(name="observability-owners", people=("mary", "edsger")),
    Group(name="it-desk-owners", people=("konrad", "alan")),
    Group(name="finance-owners", people=("luca", "charles")),
    Group(name="vpn-users", people=("konrad", "alan", "joan"), groups=("team-engineering",)),
    Group(name="wiki-editors", people=("ada", "grace", "mary", "konrad")),
    Group(name="grafana-editors", people=("mary", "edsger")),
    Group(name="crm-readers", people=("luca",)),
    Group(name="staging-db-rw", people=("grace", "linus")),
    Group(name="billing-exporters", people=("luca",)),
    Group(name="k8s-deployers", people=("edsger",)),
    Group(name="prod-db-rw"),
    Group(name="company-blog"),
    Group(name="status-page"),
    Group(name="github-admins", admin=True),
    Group(name="prod-admins", admin=True),
)  # fmt: skip

LOVELACE = Company(
    name="Lovelace Ltd",
    slack_team="T0WICKET",
    directory=DIRECTORY,
    security=SECURITY_TEAM,
    security_channel="C0SECURITY",
    people=_PEOPLE,
    channels=_CHANNELS,
    groups=_GROUPS,
    owners=_OWNERS,
    entitlements=_ENTITLEMENTS,
    help_desk=HELP_DESK,
    petition_channel="C0ITDESK",
    on_call="joan",
)
"""The company of the demo."""
