"""The sample company arrives whole in the tables, in the pretend workspace and in `wicket.toml`."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from sqlmodel import Session, SQLModel, create_engine, select

from bot.demo.company import (
    LOVELACE,
    catalogue,
    phone_owners,
    seed_links_and_proofs,
    seed_workspace,
    toml,
    welcome_mails,
)
from bot.demo.phone import Phones
from bot.demo.workspace import Workspace
from bot.settings import load_settings, new_audit_key, new_key
from storage.audit import log
from storage.links import link_of, link_to
from storage.proofs import seed_of
from storage.records import Link, Proof
from storage.secrets import Vault, generate_key

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def tx(tmp_path: Path) -> Iterator[Session]:
    engine = create_engine(f"sqlite:///{tmp_path / 'wicket.db'}")
    SQLModel.metadata.create_all(engine)
    with Session(engine) as session:
        yield session
    engine.dispose()


@pytest.fixture
def vault() -> Vault:
    return Vault([generate_key()])


def test_everybody_is_linked_but_the_one_who_links_in_the_tour(tx: Session, vault: Vault) -> None:
    seed_links_and_proofs(tx, vault, at=NOW)
    ada, katherine = LOVELACE.person("ada"), LOVELACE.person("katherine")
    linked = link_to(tx, LOVELACE.directory, ada.account)
    assert linked is not None
    assert (linked.slack_user, linked.mail) == ("U0ADA", ada.mail)
    assert link_of(tx, LOVELACE.slack_team, katherine.slack) is None
    assert seed_of(tx, LOVELACE.directory, katherine.account) is None
    assert len(tx.exec(select(Link)).all()) == 12


def test_the_phone_shows_the_code_of_the_seed_in_the_tables(tx: Session, vault: Vault) -> None:
    seed_links_and_proofs(tx, vault, at=NOW)
    proof = seed_of(tx, LOVELACE.directory, LOVELACE.person("ada").account)
    assert proof is not None
    from_tables = Phones([], now=lambda: NOW)
    from_tables.scan("U0ADA", vault.open(proof.secret))
    phones = Phones(phone_owners(), now=lambda: NOW)
    assert phones.codes("U0ADA")[0]["code"] == from_tables.codes("U0ADA")[0]["code"]
    assert phones.codes("U0KATHERINE") == []


def test_links_and_proofs_are_on_the_record_and_sown_once(tx: Session, vault: Vault) -> None:
    """Promise 2 holds for sample people too."""
    seed_links_and_proofs(tx, vault, at=NOW)
    seed_links_and_proofs(tx, vault, at=NOW + timedelta(days=1))
    assert len(tx.exec(select(Proof)).all()) == 12
    assert log.head(tx).size == 24


async def test_the_workspace_has_its_people_channels_and_bot() -> None:
    workspace = Workspace(now=lambda: NOW)
    seed_workspace(workspace)
    await workspace.start()
    try:
        slack = AsyncWebClient(token=workspace.bot_token, base_url=workspace.api_url)
        ada = (await slack.users_info(user="U0ADA"))["user"]
        greta = (await slack.users_info(user="U0GRETA"))["user"]
        mallory = (await slack.users_info(user="U0MALLORY"))["user"]
        shared = (await slack.conversations_info(channel="C0VENDOR"))["channel"]
        security = (await slack.conversations_info(channel="C0SECURITY"))["channel"]
        owners = (await slack.conversations_members(channel="C0DATAOWN"))["members"]
    finally:
        await workspace.stop()
    assert ada["profile"]["email"] == "ada@lovelace.example"
    assert (ada["is_restricted"], greta["is_restricted"]) == (False, True)
    assert (mallory["team_id"], mallory.get("is_stranger", False)) == ("T0VENDOR", False)
    assert shared["is_ext_shared"]
    assert security["is_private"]
    assert {"U0GRACE", "U0LINUS", workspace.bot_user_id} <= set(owners)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "wicket.toml"
    path.write_text(toml(api_url="http://127.0.0.1:4000/api/", port=8123, smtp_port=2525), encoding="utf-8")
    return path


def test_the_settings_load_and_hold_the_same_catalogue(written: Path, tmp_path: Path) -> None:
    secrets = {
        "WICKET_SLACK_BOT_TOKEN": "xoxb-1",
        "WICKET_SLACK_APP_TOKEN": "xapp-1",
        "WICKET_SECRET_KEYS": new_key(),
        "WICKET_AUDIT_KEY": new_audit_key(),
    }
    settings = load_settings(written, secrets)
    assert settings.catalogue == catalogue()
    assert settings.slack.teams == (LOVELACE.slack_team,)
    assert settings.slack.api_url == "http://127.0.0.1:4000/api/"
    assert settings.server.public_url == "http://localhost:8123"
    assert (settings.mail.port, settings.mail.encryption) == (2525, "none")
    assert settings.security.approvers_group == LOVELACE.security
    assert settings.directories[LOVELACE.directory].path == tmp_path / "people.db"


def test_everybody_with_an_account_finds_their_sample_password_in_their_mailbox() -> None:
    phones = Phones(phone_owners(), now=lambda: NOW)
    welcome_mails(phones)
    (mail,) = phones.mailbox("U0KATHERINE")
    assert LOVELACE.person("katherine").password in mail["text"]
    assert phones.mailbox("U0GRETA") == []
