"""The demo's phones show the codes that proofs are checked against, and the mails that were really sent."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import pyotp
import pytest

from bot.demo.phone import PhoneOwner, Phones

NOW = datetime(2026, 3, 2, 9, 0, 12, tzinfo=UTC)
KEY = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
OTHER = "KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU"
ADA = PhoneOwner(user_id="U0ADA", login="ada", mail="ada@lovelace.example", key=KEY)
BOB = PhoneOwner(user_id="U0BOB", login="bob", mail="bob@lovelace.example")


@pytest.fixture
async def phones() -> AsyncIterator[Phones]:
    made = Phones([ADA, BOB], now=lambda: NOW)
    await made.start()
    yield made
    await made.stop()


def letter(to: str, text: str = "Hello") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Wicket <wicket@lovelace.example>", to, "Grüße ✅"
    message.set_content(text)
    return message


def test_a_known_key_shows_its_code_and_how_long_it_lasts() -> None:
    (shown,) = Phones([ADA], now=lambda: NOW).codes("U0ADA")
    assert shown["code"] == pyotp.TOTP(KEY).at(NOW)
    assert shown["seconds_left"] == 18
    assert shown["label"] == "Wicket (ada)"


def test_codes_change_with_the_clock() -> None:
    times = iter([NOW, NOW + timedelta(seconds=30)])
    phones = Phones([ADA], now=lambda: next(times))
    assert phones.codes("U0ADA")[0]["code"] != phones.codes("U0ADA")[0]["code"]


def test_an_otpauth_address_and_bare_base32_can_be_added() -> None:
    phones = Phones([BOB], now=lambda: NOW)
    phones.scan("U0BOB", pyotp.TOTP(KEY).provisioning_uri(name="bob", issuer_name="Wicket"))
    phones.scan("U0BOB", OTHER.lower()[:16] + " " + OTHER.lower()[16:])
    assert [shown["code"] for shown in phones.codes("U0BOB")] == [
        pyotp.TOTP(KEY).at(NOW),
        pyotp.TOTP(OTHER).at(NOW),
    ]


def test_a_new_key_for_the_same_account_takes_the_place_of_the_old() -> None:
    phones = Phones([ADA], now=lambda: NOW)
    phones.scan("U0ADA", pyotp.TOTP(OTHER).provisioning_uri(name="ada", issuer_name="Wicket"))
    assert [shown["code"] for shown in phones.codes("U0ADA")] == [pyotp.TOTP(OTHER).at(NOW)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "otpauth://totp/x",
        "otpauth://hotp/x?secret=" + KEY,
        "otpauth://totp/x?secret=MZXW6",
        "0189",
    ],
)
def test_what_is_no_setup_key_is_refused_in_words(text: str) -> None:
    phones = Phones([BOB], now=lambda: NOW)
    with pytest.raises(ValueError, match="no setup key"):
        phones.scan("U0BOB", text)
    assert phones.codes("U0BOB") == []


def test_added_keys_outlive_the_process_when_they_are_kept(tmp_path: Path) -> None:
    kept = tmp_path / "phones.json"
    Phones([BOB], kept=kept).scan("U0BOB", OTHER)
    (shown,) = Phones([BOB], now=lambda: NOW, kept=kept).codes("U0BOB")
    assert shown["code"] == pyotp.TOTP(OTHER).at(NOW)


async def test_a_mail_sent_by_smtp_arrives_in_the_right_mailbox_alone(phones: Phones) -> None:
    changed: list[str] = []
    phones.on_change = changed.append
    await aiosmtplib.send(
        letter("Ada@Lovelace.example", "Your code is 12345678.\n"),
        hostname="127.0.0.1",
        port=phones.smtp_port,
    )
    (mail,) = phones.mailbox("U0ADA")
    assert (mail["subject"], mail["text"].strip()) == ("Grüße ✅", "Your code is 12345678.")
    assert mail["from"] == "Wicket <wicket@lovelace.example>"
    assert datetime.fromisoformat(mail["at"]) == NOW
    assert phones.mailbox("U0BOB") == []
    assert changed == ["U0ADA"]


async def test_mail_for_strangers_is_refused(phones: Phones) -> None:
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
        await aiosmtplib.send(letter("eve@vendor.example"), hostname="127.0.0.1", port=phones.smtp_port)


async def test_stopping_does_not_wait_for_a_connection_left_open(phones: Phones) -> None:
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=phones.smtp_port)
    await client.connect()
    await phones.stop()
    with pytest.raises(aiosmtplib.SMTPException):
        await client.noop()
    client.close()


def test_a_scan_tells_whoever_watches() -> None:
    changed: list[str] = []
    Phones([BOB], on_change=changed.append).scan("U0BOB", KEY)
    assert changed == ["U0BOB"]
