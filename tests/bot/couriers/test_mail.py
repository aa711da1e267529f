"""The mail courier against a real SMTP server: to the right address, once, and never silently not at all."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from prometheus_client import CollectorRegistry
from sqlmodel import select
from structlog.testing import capture_logs

from bot.couriers.mail import GIVE_UP_AFTER, MailCourier, Smtp
from bot.metrics import Metrics
from bot.texts import ENGLISH, Language
from handlers.people.addresses import seen_now
from storage import links, outbox
from storage.database import Session as Tx
from storage.faults import MailUnavailable
from storage.records import ExceptionRecord, Handle, Owed
from storage.states import Purpose
from tests.bot.texts.pseudo import Pseudo
from tests.handlers.page_ground import NEW_PASSWORD, World, world
from tests.handlers.passkey_ground import cared, made


@dataclass
class Mailbox:
    """An SMTP server on loopback. refusal: what it answers to every recipient, "" to take everything.

    refusals: to these instead. thinks: seconds over each answer.
    """

    port: int = 0
    refusal: str = ""
    refusals: dict[str, str] = field(default_factory=dict)
    thinks: float = 0.0
    letters: list[EmailMessage] = field(default_factory=list)

    async def handle_MAIL(  # noqa: N802 - the name that aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take the sender."""
        await asyncio.sleep(self.thinks)
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - the name that aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take the recipient, or refuse as told."""
        await asyncio.sleep(self.thinks)
        if refusal := self.refusals.get(address, self.refusal):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - the name that aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep the letter."""
        await asyncio.sleep(self.thinks)
        assert isinstance(envelope.content, bytes)
        self.letters.append(message_from_bytes(envelope.content, _class=EmailMessage, policy=default))
        return "250 OK"

    @property
    def to(self) -> list[tuple[str, str]]:
        """Who got what."""
        return [(letter["To"], letter["Subject"]) for letter in self.letters]


@asynccontextmanager
async def mailing() -> AsyncIterator[Mailbox]:
    """An SMTP server that runs."""
    mailbox = Mailbox()
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(mailbox, hostname="localhost"), "127.0.0.1", 0
    )
    mailbox.port = server.sockets[0].getsockname()[1]
    yield mailbox
    server.close()
    await server.wait_closed()


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    """The mail server."""
    async with mailing() as running:
        yield running


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[World]:
    """The secure page, with nothing owed yet."""
    async with world(tmp_path) as made:
        await made.ground.database.write(_owe_nothing)
        yield made


_FAR, _LEASE = datetime(2030, 1, 1, tzinfo=UTC), timedelta(seconds=1)


def _owe_nothing(tx: Tx) -> None:
    for courier in ("mail", "slack"):
        for owed in outbox.claim(tx, courier=courier, at=_FAR, lease=_LEASE, limit=100, longest=_LEASE):
            outbox.done(tx, owed)


def _owe_about_ada(tx: Tx) -> None:
    handle = tx.exec(select(Handle).where(Handle.account == "ada")).first()
    assert handle is not None
    outbox.owe(tx, at=_FAR, courier="mail", kind="proofs-changed", subject=handle.id, recipient="ada")


def _smtp(port: int) -> Smtp:
    return Smtp(host="127.0.0.1", port=port, sender="wicket@example.com", encryption="none")


def _letter() -> EmailMessage:
    letter = EmailMessage()
    letter["From"], letter["To"] = "wicket@example.com", "ada@example.com"
    return letter


def _courier(page: World, port: int, language: Language = ENGLISH) -> MailCourier:
    smtp = _smtp(port)
    metrics = Metrics.in_registry(CollectorRegistry())
    return MailCourier(
        page.ground, smtp, metrics=metrics, public_url="https://wicket.example.com", language=language
    )


async def _owed(page: World) -> list[Owed]:
    return [owed for owed in await page.rows(Owed) if owed.courier == "mail"]


async def _reset(page: World) -> None:
    await page.passwords.choose(await page.proven(), NEW_PASSWORD, NEW_PASSWORD)


async def test_a_changed_password_is_told_once(page: World, mailbox: Mailbox) -> None:
    """P-6."""
    await _reset(page)
    courier = _courier(page, mailbox.port)
    assert [await courier.deliver_due(), await courier.deliver_due()] == [1, 0]
    assert mailbox.to == [("ada@example.com", "Your password was changed")]
    assert await _owed(page) == []
    assert ("slack", "password-changed", "Uada") in await page.told()


async def test_a_letter_is_written_in_the_language_that_settings_name(page: World, mailbox: Mailbox) -> None:
    """SL-19."""
    await _reset(page)
    await _courier(page, mailbox.port, Pseudo()).deliver_due()
    assert mailbox.to == [("ada@example.com", "Ｙｏｕｒ ｐａｓｓｗｏｒｄ ｗａｓ ｃｈａｎｇｅｄ")]


async def test_the_address_is_the_one_the_directory_holds_when_it_is_sent(
    page: World, mailbox: Mailbox
) -> None:
    """P-3: and the one before it hears of it too, while the new one is new."""
    await _reset(page)
    await page.local.change_account("ada", mail="ada@new.example.com")
    assert await _courier(page, mailbox.port).deliver_due() == 1
    assert [to for to, _ in mailbox.to] == ["ada@example.com", "ada@new.example.com"]


async def test_an_address_of_long_ago_hears_of_nothing(page: World, mailbox: Mailbox) -> None:
    """P-3: three days after the change the mail of somebody is nobody else's business."""
    await page.local.change_account("ada", mail="ada@new.example.com")
    account = await page.local.account("ada")
    assert account is not None
    await seen_now(page.ground.database, account, page.clock())
    page.clock.forward(hours=72)
    await page.ground.database.write(_owe_about_ada)
    await _courier(page, mailbox.port).deliver_due()
    assert [to for to, _ in mailbox.to] == ["ada@new.example.com"]


async def test_a_mailed_code_proves_its_reader(page: World, mailbox: Mailbox) -> None:
    visitor = await page.opened(Purpose.RESET)
    await page.proving.send_mail_code(visitor)
    await _courier(page, mailbox.port).deliver_due()
    body = mailbox.letters[0].get_content()
    code = body.split("Your code is ")[1][:8]
    assert type(await page.proving.give_recovery(visitor, page.codes["ada"][0], code)).__name__ == "Proven"


async def test_a_code_that_works_no_more_is_not_sent(page: World, mailbox: Mailbox) -> None:
    await page.proving.send_mail_code(await page.opened(Purpose.RESET))
    page.clock.forward(minutes=10)
    assert await _courier(page, mailbox.port).deliver_due() == 0
    assert (mailbox.letters, await _owed(page)) == ([], [])


async def test_while_the_server_is_down_the_letter_waits_longer_and_longer(
    page: World, mailbox: Mailbox
) -> None:
    """Promise 10."""
    await _reset(page)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        down = _courier(page, closed.getsockname()[1])
        with capture_logs() as lines:
            waits = []
            for _ in range(4):
                assert await down.deliver_due() == 0
                owed = (await _owed(page))[0]
                waits.append((owed.next_at - page.clock()).total_seconds())
                page.clock.at = owed.next_at
    assert waits == [5, 10, 20, 40]
    assert "ada" not in repr(lines)
    assert await _courier(page, mailbox.port).deliver_due() == 1


async def test_a_letter_that_must_wait_is_not_tried_before_its_time(page: World, mailbox: Mailbox) -> None:
    await _reset(page)
    mailbox.refusal = "451 later"
    courier = _courier(page, mailbox.port)
    assert await courier.deliver_due() == 0
    mailbox.refusal = ""
    assert await courier.deliver_due() == 0
    page.clock.forward(seconds=5)
    assert await courier.deliver_due() == 1


async def test_a_letter_names_times_in_the_zone_where_its_reader_was_last_seen(
    page: World, mailbox: Mailbox
) -> None:
    """SL-19: a mail localises nothing, so the zone is the person's own, and named."""
    await _reset(page)

    def work(tx: Tx) -> None:
        link = links.link_to(tx, "staff", "ada")
        assert link is not None
        links.note_zone(tx, link.id, "Asia/Kolkata")

    await page.ground.database.write(work)
    await _courier(page, mailbox.port).deliver_due()
    assert "on 2 March 2026 at 14:31 IST" in " ".join(mailbox.letters[-1].get_content().split())


async def test_whoever_took_a_letter_does_not_get_it_again_since_another_did_not(
    page: World, mailbox: Mailbox
) -> None:
    """P-3: a server that has the address of now wait made one letter to the address before into one for each try."""
    await page.local.change_account("ada", mail="ada@new.example.com")
    account = await page.local.account("ada")
    assert account is not None
    await seen_now(page.ground.database, account, page.clock())
    await page.ground.database.write(_owe_about_ada)
    courier = _courier(page, mailbox.port)
    mailbox.refusals["ada@new.example.com"] = "451 later"
    for _ in range(3):
        assert await courier.deliver_due() == 0
        page.clock.at = (await _owed(page))[0].next_at
    mailbox.refusals.clear()
    assert await courier.deliver_due() == 1
    assert [to for to, _ in mailbox.to] == ["ada@example.com", "ada@new.example.com"]


async def test_whoever_took_a_letter_gets_the_next_one(page: World, mailbox: Mailbox) -> None:
    """Of what is owed next the row may have the number of the one before."""
    courier = _courier(page, mailbox.port)
    for _ in range(2):
        await page.ground.database.write(_owe_about_ada)
        assert await courier.deliver_due() == 1
    assert [to for to, _ in mailbox.to] == ["ada@example.com"] * 2


async def test_a_server_that_takes_its_time_over_each_answer_is_not_waited_for_beyond_the_lease(
    mailbox: Mailbox,
) -> None:
    """Promise 6: another replica would send the same letter beside us."""
    mailbox.thinks = 0.2
    smtp = replace(_smtp(mailbox.port), within=0.5)
    with pytest.raises(MailUnavailable):
        await smtp.send(_letter())


async def test_an_address_that_is_refused_for_good_is_told_to_security(page: World, mailbox: Mailbox) -> None:
    await _reset(page)
    mailbox.refusal = "550 no such person"
    await _courier(page, mailbox.port).deliver_due()
    told = await page.rows(ExceptionRecord)
    assert [(each.kind, each.who) for each in told] == [("undeliverable", "Ada Byron (ada)")]
    assert "no such person" not in repr(told)
    assert await page.audited("message.given_up") == [("failed", None)]
    assert await _owed(page) == []


async def test_however_the_address_is_written_a_refusal_of_it_is_no_delivery(
    page: World, mailbox: Mailbox
) -> None:
    """P-6: a blank at its end must not make it look like the address before, whose refusal holds nothing up."""
    await _reset(page)
    await page.local.change_account("ada", mail="ada@example.com ")
    mailbox.refusal = "550 nobody of this name"
    assert await _courier(page, mailbox.port).deliver_due() == 0
    assert await page.exceptions() == ["undeliverable"]


@pytest.mark.parametrize("mail", ["", "ada@example.com\nBcc: eve@evil.example"])
async def test_without_a_proper_address_nothing_is_sent_and_security_hears(
    page: World, mailbox: Mailbox, mail: str
) -> None:
    await _reset(page)
    await page.local.change_account("ada", mail=mail)
    await _courier(page, mailbox.port).deliver_due()
    assert mailbox.letters == []
    assert await page.exceptions() == ["undeliverable"]


async def test_after_three_days_it_is_given_up_aloud(page: World) -> None:
    await _reset(page)
    page.clock.at += GIVE_UP_AFTER * 2
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        await _courier(page, closed.getsockname()[1]).deliver_due()
    assert await page.exceptions() == ["undeliverable"]


async def test_of_a_directory_that_is_silent_for_three_days_the_id_is_told(page: World) -> None:
    """Security reads a name where there is one, and hears of it all the same where there is none."""
    await _reset(page)
    page.clock.at += GIVE_UP_AFTER * 2
    page.faulty.error("account")
    await _courier(page, 1).deliver_due()
    assert [each.who for each in await page.rows(ExceptionRecord)] == ["ada"]


async def test_a_letter_of_a_kind_that_is_not_known_here_waits_for_whoever_knows_it(
    page: World, mailbox: Mailbox
) -> None:
    """A replica of the version before takes it as well, while the others are being replaced: it is not lost by that."""
    await page.ground.database.write(
        lambda tx: outbox.owe(
            tx, at=page.clock(), courier="mail", kind="of tomorrow", subject="h-1", recipient="ada"
        )
    )
    assert await _courier(page, mailbox.port).deliver_due() == 0
    (owed,) = await _owed(page)
    assert (owed.lease_until, owed.last_fault) == (None, "There is no letter of the kind of tomorrow.")
    assert await page.exceptions() == []
    page.clock.at += GIVE_UP_AFTER * 2
    await _courier(page, mailbox.port).deliver_due()
    assert (await page.exceptions(), await _owed(page)) == (["undeliverable"], [])


async def test_a_silent_directory_holds_up_its_own_letters_only(page: World, mailbox: Mailbox) -> None:
    await _reset(page)
    page.faulty.error("account")
    courier = _courier(page, mailbox.port)
    assert await courier.deliver_due() == 0
    page.faulty.mend()
    page.clock.forward(seconds=5)
    assert await courier.deliver_due() == 1


async def test_the_same_letter_twice_carries_the_same_id(page: World, mailbox: Mailbox) -> None:
    """A crash after the server took it and before that was noted: readers show one letter."""
    await _reset(page)
    courier = _courier(page, mailbox.port)
    for _ in range(2):
        (message,) = await courier._letters((await _owed(page))[0], None)
        await courier._smtp.send(message)
    assert len({letter["Message-ID"] for letter in mailbox.letters}) == 1


def test_the_password_of_the_mail_server_is_never_shown() -> None:
    smtp = Smtp(host="mail.example.com", port=587, sender="w@example.com", username="w", password="canary")
    assert "canary" not in f"{smtp!r} {smtp}"


async def test_each_change_of_proofs_is_a_letter_of_its_own(page: World, mailbox: Mailbox) -> None:
    """P-6: what changed, also where several things changed in one visit."""
    visitor = await cared(page)
    await made(page, visitor, name="work laptop")
    await page.adding.new_codes(visitor)
    assert await _courier(page, mailbox.port).deliver_due() == 2
    assert mailbox.to == [
        ("ada@example.com", "A passkey was added to your proofs"),
        ("ada@example.com", "New recovery codes were made for you"),
    ]
    assert "“work laptop”" in mailbox.letters[0].get_content()


async def test_a_letter_owed_by_the_version_before_still_goes_out(page: World, mailbox: Mailbox) -> None:
    """There the visit itself was named, and it was always authenticator and codes."""
    handle = page.ground.handles.handle_in((await page.opened(Purpose.ENROL)).text)
    assert handle is not None
    await page.ground.database.write(
        lambda tx: outbox.owe(
            tx, at=page.clock(), courier="mail", kind="proofs-changed", subject=handle, recipient="ada"
        )
    )
    assert await _courier(page, mailbox.port).deliver_due() == 1
    assert mailbox.to == [("ada@example.com", "Your authenticator was set up")]
