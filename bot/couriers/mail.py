"""The mail courier: takes letters owed from the outbox, writes them as things are now, and hands them to SMTP.

It writes to the address that the directory holds at that moment, and to the one before while it is new (P-3), and never
logs an address or a letter.
"""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta, tzinfo
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Literal

import aiosmtplib
import structlog
from pydantic import SecretStr
from sqlmodel import Session

from bot.couriers.letters import KINDS, Facts, HelpTold, WordTold, letter
from bot.couriers.petition_letters import PETITION_LETTERS, Told, told_of
from bot.metrics import Metrics
from bot.settings import MailSection
from bot.texts import ENGLISH, Language, read_from, read_in
from handlers.alarms.raising import StopLinks
from handlers.exceptions.raising import Kind, Severity, Strange, tell_security
from handlers.exceptions.strange import named
from handlers.help_desk.telling import DESK_ACT
from handlers.intents import SCHEDULE
from handlers.people.addresses import former, seen_now
from handlers.petitions.ends import mailed
from handlers.petitions.outcomes import APPROVED
from handlers.recording import WICKET, record
from handlers.secure_page.announcing import CHANGING
from handlers.secure_page.proving import mail_code
from handlers.secure_page.visits import PageGround
from handlers.vouching.telling import COUNTS, VOUCHED
from storage import announcements, desk_acts, vouchings
from storage.directories.base import Account
from storage.faults import DirectoryUnavailable, MailUnavailable
from storage.handles import handle_by_id
from storage.links import zone_of
from storage.outbox import claim, done, postpone
from storage.proof_changes import change_and_visit
from storage.proofs import mail_code_by_id
from storage.records import DeskAct, Handle, MailCode, Owed, ProofChange, Vouching
from storage.sentences import Sentence, template
from storage.states import Changed, Purpose, Result

COURIER = "mail"
# Seconds. A letter is handed over within it or not at all, and the two of them well within their lease: or another
# round would send them again.
TIMEOUT = 20.0
LEASE = timedelta(seconds=60)
AT_A_TIME = 50
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(hours=1)
GIVE_UP_AFTER = timedelta(days=3)

Encryption = Literal["starttls", "tls", "none"]


@dataclass(frozen=True, kw_only=True)
class Smtp:
    """Where mail is handed over. encryption: "none" only for a server on this machine. context: whom TLS trusts.

    within: seconds for all of it, however long the server thinks about each answer.
    """

    host: str
    port: int
    sender: str
    encryption: Encryption = "starttls"
    username: str | None = None
    password: str | None = None
    context: ssl.SSLContext | None = None
    within: float = TIMEOUT

    @classmethod
    def of(cls, mail: MailSection, password: SecretStr | None) -> "Smtp":
        """By the section [mail] and its secret."""
        return cls(
            host=mail.host,
            port=mail.port,
            sender=mail.sender,
            encryption=mail.encryption,
            username=mail.username,
            password=password.get_secret_value() if password else None,
        )

    def __repr__(self) -> str:
        """Without the password."""
        return f"Smtp({self.host}:{self.port}, {self.encryption})"

    async def send(self, message: EmailMessage) -> int:
        """Hand a message over; how many of several addresses were refused.

        MailUnavailable if nobody takes it now, Undeliverable if nobody ever will.
        """
        try:
            async with asyncio.timeout(self.within):
                refused, _ = await aiosmtplib.send(
                    message,
                    hostname=self.host,
                    port=self.port,
                    username=self.username,
                    password=self.password,
                    use_tls=self.encryption == "tls",
                    start_tls=self.encryption == "starttls",
                    tls_context=self.context,
                    timeout=self.within,
                )
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = [each.code for each in error.recipients]
            if codes and all(500 <= code < 600 for code in codes):
                raise Undeliverable(
                    Sentence("the mail server refused the address ({code})", code=codes[0])
                ) from error
            raise MailUnavailable(f"The mail server did not take the message ({codes}).") from error
        except (aiosmtplib.SMTPException, OSError) as error:
            # The server's own words may repeat the address or a password: the kind of fault must do.
            raise MailUnavailable(f"The mail server did not take it: {type(error).__name__}.") from error
        return len(refused)


class Undeliverable(Exception):
    """This letter will never arrive. Caught here: it is told to the security channel and is no fault of Wicket's."""


class _NotKnown(Exception):
    """A letter that only a replica of another version can write."""


class MailCourier:
    """Delivers what the outbox owes by mail.

    public_url: the origin of the page behind “This wasn't me”.
    """

    def __init__(
        self,
        ground: PageGround,
        smtp: Smtp,
        *,
        metrics: Metrics,
        public_url: str,
        language: Language = ENGLISH,
        zone: tzinfo = UTC,
    ) -> None:
        self._ground, self._smtp, self._metrics = ground, smtp, metrics
        self._language, self._zone = language, zone
        self._public_url, self._links = public_url, StopLinks(ground.vault)
        self._log = structlog.get_logger("wicket.mail")
        # By what is owed, the addresses that have their letter though another must wait for the same.
        self._taken = set[tuple[int | None, str]]()

    async def deliver_due(self) -> int:
        """Deliver what is due now; how many letters left. Stops early while the server takes nothing."""
        sent = 0
        for _ in range(AT_A_TIME):
            taken = await self._ground.database.write(
                lambda tx: claim(
                    tx, courier=COURIER, at=self._ground.now(), lease=LEASE, limit=1, longest=LONGEST_WAIT
                )
            )
            if not taken:
                break
            try:
                sent += await self._deliver(taken[0])
            except (MailUnavailable, DirectoryUnavailable, _NotKnown) as fault:
                await self._postpone(taken[0], fault)
                if isinstance(fault, MailUnavailable):
                    break
            except Undeliverable as never:
                await self._give_up(taken[0], str(never))
        return sent

    async def _deliver(self, owed: Owed) -> bool:
        """Send one letter; False if there is nothing to send any more."""
        told = await self._told(owed)
        letters = await self._letters(owed, told)
        for message in letters:
            place = (owed.id, str(message["To"]))
            if place in self._taken:
                continue
            try:
                await self._smtp.send(message)
            except Undeliverable:
                if message is letters[-1]:  # the one to the address of now; however that is written
                    raise
                self._log.warning("mail_to_former_refused", kind=owed.kind)
            else:
                self._metrics.delivery(COURIER, "delivered")
                self._taken.add(place)

        def work(tx: Session) -> None:
            at = self._ground.now()
            if letters and owed.kind == CHANGING:
                announcements.mailed(tx, owed.subject, at)
            if letters and told is not None and owed.kind == APPROVED:
                mailed(tx, owed.subject, opens_at=told.opens_at, at=at)
            done(tx, owed)

        await self._ground.database.write(work)
        self._forget(owed)
        return bool(letters)

    def _forget(self, owed: Owed) -> None:
        self._taken = {one for one in self._taken if one[0] != owed.id}

    async def _told(self, owed: Owed) -> Told | None:
        """The petition that a letter is about, if it is about one, with its hour as it will be by this letter."""
        if owed.kind not in PETITION_LETTERS:
            return None
        page = f"{self._public_url}/p/{self._ground.handles.handle_text(owed.subject)}"
        return await self._ground.database.read(
            lambda tx: told_of(tx, owed.subject, page, self._ground.now())
        )

    async def _letters(self, owed: Owed, told: Told | None) -> Sequence[EmailMessage]:
        """The same letter to each address that must have it, the one before first: it matters more."""
        if owed.kind not in KINDS:
            raise _NotKnown(f"There is no letter of the kind {owed.kind}.")
        matter = await self._ground.database.read(lambda tx: _about(tx, owed))
        handle, code = matter.visit, matter.code
        if handle is None:
            raise Undeliverable(template("what it was about is gone"))
        if code is not None and (code.used_at is not None or code.expires_at <= self._ground.now()):
            return ()  # a code that does not work any more only confuses
        if owed.kind == CHANGING and not self._ground.is_open(handle):
            return ()  # what it announces does not come any more
        if told is not None and not told.is_current(owed.kind):
            return ()
        if owed.kind in (VOUCHED, COUNTS) and (matter.word is None or matter.word.ended):
            return ()  # it counts no more
        account = await self._ground.directory(handle.directory).account(handle.account)
        if account is None or not account.mail:
            raise Undeliverable(template("the directory holds no mail address for this person"))
        to = [account.mail]
        if code is None:
            seen = await seen_now(self._ground.database, account, self._ground.now())
            to = [*filter(None, [former(seen, self._ground.now())]), *to]
        theirs = await self._ground.database.read(lambda tx: zone_of(tx, account.directory, account.id))
        with read_in(self._language, self._zone):
            read_from(theirs)
            return [self._written(owed, handle, matter, told, account, one) for one in to]

    def _written(
        self,
        owed: Owed,
        handle: Handle,
        matter: "_Matter",
        told: Told | None,
        account: Account,
        to: str,
    ) -> EmailMessage:
        code, change = matter.code, matter.change
        text = letter(
            owed.kind,
            Facts(
                name=account.name,
                at=owed.owed_at,
                result=Result(handle.result),
                what=Changed(change.what) if change is not None else Changed.SET_UP,
                thing=change.name if change is not None else "",
                code=mail_code(self._ground.vault, code.id) if code is not None else "",
                minutes=int(self._ground.limits.mail_code_life.total_seconds() // 60),
                alone=handle.purpose == Purpose.REGAIN,
                petition=told,
                stop=f"{self._public_url}/not-me/{self._links.text(handle.id)}",
                word=_told(matter.word),
                help=_help_told(matter.act),
            ),
        )
        message = EmailMessage()
        try:
            message["From"], message["To"] = self._smtp.sender, to
        except ValueError as error:  # a line break or worse in the directory's address
            raise Undeliverable(template("the directory's mail address is not one")) from error
        message["Subject"] = text.subject
        message["Date"] = format_datetime(owed.owed_at)
        # The same letter twice, after a crash between handing over and noting it, is one letter to most readers.
        message["Message-ID"] = (
            f"<{owed.kind}.{owed.id}.{owed.subject}@{self._smtp.sender.partition('@')[2]}>"
        )
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text.body)
        return message

    async def _postpone(self, owed: Owed, fault: Exception) -> None:
        now = self._ground.now()
        if now - owed.owed_at > GIVE_UP_AFTER:
            await self._give_up(owed, template("nobody took it for three days"))
            return
        wait = min(FIRST_WAIT * 2 ** min(owed.attempts - 1, 20), LONGEST_WAIT)
        self._metrics.delivery(COURIER, "retried")
        self._log.warning(
            "mail_postponed", kind=owed.kind, attempts=owed.attempts, fault=type(fault).__name__
        )
        await self._ground.database.write(lambda tx: postpone(tx, owed, until=now + wait, fault=str(fault)))

    async def _give_up(self, owed: Owed, reason: str) -> None:
        """No longer owed, but never silently: security hears that a person was not told (P-6)."""
        whose = await self._whose(owed)
        self._forget(owed)
        self._metrics.delivery(COURIER, "given_up")

        def work(tx: Session) -> None:
            if not done(tx, owed):
                return
            at = self._ground.now()
            facts = {"kind": owed.kind, "courier": COURIER, "fault": reason}
            record(
                tx, at=at, action="message.given_up", outcome="failed", actor=WICKET, where=SCHEDULE,
                correlation=owed.subject, subject=owed.recipient or None, facts=facts,
            )  # fmt: skip
            tell_security(
                tx,
                at,
                Strange(
                    kind=Kind.UNDELIVERABLE,
                    severity=Severity.HIGH,
                    who=whose,
                    cause=f"mail:{owed.recipient}:{reason}",
                    correlation=owed.subject,
                    facts=facts,
                ),
            )

        await self._ground.database.write(work)

    async def _whose(self, owed: Owed) -> str:
        """The name and login of whom a letter was for; their id where nobody knows more now."""
        handle = (await self._ground.database.read(lambda tx: _about(tx, owed))).visit
        try:
            account = handle and await self._ground.directory(handle.directory).account(handle.account)
        except DirectoryUnavailable:
            account = None
        return named(account.name, account.login) if account else owed.recipient


@dataclass(frozen=True, kw_only=True)
class _Matter:
    """What a letter is about: a visit, and what was in it: a code, a change of proofs, somebody's word or act."""

    visit: Handle | None
    code: MailCode | None = None
    change: ProofChange | None = None
    word: Vouching | None = None
    act: DeskAct | None = None


def _about(tx: Session, owed: Owed) -> _Matter:
    if owed.kind == "proofs-changed":
        change, visit = change_and_visit(tx, owed.subject)
        return _Matter(visit=visit, change=change)
    if owed.kind in (VOUCHED, COUNTS):
        word = vouchings.by_id(tx, owed.subject)
        return _Matter(visit=handle_by_id(tx, word.handle) if word is not None else None, word=word)
    if owed.kind == DESK_ACT:
        act = desk_acts.by_id(tx, owed.subject)
        return _Matter(visit=handle_by_id(tx, act.handle) if act is not None else None, act=act)
    if owed.kind != "mail-code":
        return _Matter(visit=handle_by_id(tx, owed.subject))
    code = mail_code_by_id(tx, owed.subject)
    return _Matter(visit=handle_by_id(tx, code.handle) if code is not None else None, code=code)


def _told(word: Vouching | None) -> WordTold | None:
    if word is None or word.counts_from is None or word.counts_until is None:
        return None
    return WordTold(
        voucher=" ".join(word.voucher_name.split()), spoken=word.spoken, counts_from=word.counts_from,
        counts_until=word.counts_until,
    )  # fmt: skip


def _help_told(act: DeskAct | None) -> HelpTold | None:
    if act is None:
        return None
    return HelpTold(act=act.act, helper=" ".join(act.helper_name.split()), ticket=act.ticket)
