"""The channels outside Slack, against a real receiver that verifies signatures by itself, and a real mail server."""

import asyncio
import base64
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import aiohttp
import pytest
from structlog.testing import capture_logs

from bot.couriers.incidents import Mailing, Reader, Webhook, signed
from bot.couriers.mail import Smtp
from bot.settings.incidents import read_keys
from handlers.exceptions.outside import Notice
from storage.clock import utc_now
from storage.faults import OutsideUnavailable
from storage.sentences import Sentence
from tests.bot.couriers.receivers import Receiver, receiving
from tests.bot.couriers.test_mail import mailing
from tests.bot.texts.pseudo import Pseudo

OLD, NEW = (f"whsec_{base64.b64encode(letter * 32).decode()}" for letter in (b"o", b"n"))
NOTICE = Notice(
    id="x-1-webhook",
    kind="exception.wrong-approver",
    severity="high",
    title=Sentence("Refused: {name}", name="Eve\nBcc: all@example.com"),
    told="Nothing was granted.",
    at=datetime(2026, 11, 3, 14, 2, tzinfo=UTC),
    correlation="c-7f3a",
)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving(NEW) as made:
        yield made


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as made:
        yield made


def _webhook(
    session: aiohttp.ClientSession, receiver: Receiver, *, secret: str = NEW, within: float = 5.0
) -> Webhook:
    return Webhook(session, receiver.url, keys=read_keys(secret) or (), now=utc_now, within=within)


def test_a_signature_is_the_one_that_the_specification_has() -> None:
    """O-5: the example that the libraries of Standard Webhooks are tested with."""
    [key] = read_keys("whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw") or ()
    headers = signed("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}', [key])
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


async def test_a_notice_is_signed_json(session: aiohttp.ClientSession, receiver: Receiver) -> None:
    """O-5."""
    await _webhook(session, receiver).tell(NOTICE)
    assert receiver.taken == [
        {
            "type": "wicket.exception.wrong-approver",
            "timestamp": "2026-11-03T14:02:00Z",
            "data": {
                "id": "x-1-webhook",
                "kind": "exception.wrong-approver",
                "severity": "high",
                "title": "Refused: Eve Bcc: all@example.com",
                "told": "Nothing was granted.",
                "correlation": "c-7f3a",
            },
        }
    ]


async def test_while_secrets_rotate_both_sign(session: aiohttp.ClientSession, receiver: Receiver) -> None:
    """O-5: the receiver may know either, so nothing is lost in between; with neither it takes nothing."""
    both = _webhook(session, receiver, secret=f"{NEW}, {OLD}")
    for known in ([OLD], [NEW], [NEW, OLD]):
        receiver.secrets = known
        await both.tell(NOTICE)
    assert len(receiver.taken) == 3
    receiver.secrets = [NEW]
    with pytest.raises(OutsideUnavailable, match="401"):
        await _webhook(session, receiver, secret=OLD).tell(NOTICE)


@pytest.mark.parametrize("status", [301, 307, 308, 400, 410, 429, 500, 503])
async def test_anything_but_success_is_no_acceptance(
    session: aiohttp.ClientSession, receiver: Receiver, status: int
) -> None:
    """O-5, N-2: nor is a redirect followed, which would carry the notice to wherever it says. The id stays the same."""
    receiver.answers = [status]
    webhook = _webhook(session, receiver)
    with pytest.raises(OutsideUnavailable, match=str(status)):
        await webhook.tell(NOTICE)
    assert (receiver.asked, receiver.taken) == (1, [])
    await webhook.tell(NOTICE)
    assert (len(receiver.taken), receiver.ids) == (1, ["x-1-webhook"] * 2)


async def test_a_receiver_that_hangs_is_given_up_in_time(
    session: aiohttp.ClientSession, receiver: Receiver
) -> None:
    """O-5: whoever waits for the answer before access is given hears in time that there is none."""
    receiver.hangs = True
    with pytest.raises(OutsideUnavailable, match="could not be reached"):
        async with asyncio.timeout(3):
            await _webhook(session, receiver, within=0.2).tell(NOTICE)


async def test_an_answer_without_end_is_not_read(session: aiohttp.ClientSession, receiver: Receiver) -> None:
    """O-5: what it says beyond its status does not matter, and would fill the memory."""
    receiver.endless = True
    before = time.monotonic()
    await _webhook(session, receiver).tell(NOTICE)
    assert time.monotonic() - before < 2
    await asyncio.sleep(0.1)
    assert receiver.sent < 64 << 20


async def test_no_fault_and_no_log_line_says_where_or_with_what(session: aiohttp.ClientSession) -> None:
    """Promise 4: the address of an incident tool is often as good as a password."""
    url = "http://127.0.0.1:1/hooks/canary-in-the-path"
    with capture_logs() as said, pytest.raises(OutsideUnavailable) as told:
        await Webhook(session, url, keys=read_keys(NEW) or (), now=utc_now).tell(NOTICE)
    assert "canary" not in f"{told.value!r} {told.value.__cause__!r} {said}"
    assert said == []


def test_an_id_that_could_be_read_in_two_ways_is_none() -> None:
    """O-5: what is signed is id, time and body with full stops between."""
    for bad in ("x.1", "", "x 1", "x" * 201, "x\n"):
        with pytest.raises(ValueError, match="letters, digits"):
            replace(NOTICE, id=bad)


def _mailing(port: int, *to: str, language: Pseudo | None = None, within: float = 5.0) -> Mailing:
    smtp = Smtp(host="127.0.0.1", port=port, sender="wicket@example.com", encryption="none")
    reader = Reader(language=language) if language else Reader()
    return Mailing(smtp, to, now=utc_now, reader=reader, within=within)


async def test_one_mail_goes_to_all_who_are_on_duty() -> None:
    """O-5: answer first, no line of anybody else's making, the same id at each try."""
    async with mailing() as mailbox:
        for _ in range(2):
            await _mailing(mailbox.port, "a@example.com", "b@example.com").tell(NOTICE)
    first, second = mailbox.letters
    assert (first["To"], first["Bcc"]) == ("a@example.com, b@example.com", None)
    assert first["Subject"] == "Wicket: Refused: Eve Bcc: all@example.com"
    assert first["Message-ID"] == second["Message-ID"] == "<x-1-webhook@example.com>"
    lines = first.get_content().replace("\r", "").split("\n\n")
    assert lines == [
        "Refused: Eve Bcc: all@example.com",
        "Nothing was granted.",
        "high · 3 November 2026 at 14:02 UTC",
        "story c-7f3a",
        "Wicket\n",
    ]


async def test_a_notice_is_said_in_the_language_of_the_settings() -> None:
    """SL-19."""
    async with mailing() as mailbox:
        await _mailing(mailbox.port, "a@example.com", language=Pseudo()).tell(NOTICE)
    assert "Ｎｏｔｈｉｎｇ" in mailbox.letters[0].get_content()


async def test_mail_that_nobody_takes_is_no_acceptance() -> None:
    """O-5: neither refused, nor away, nor silent."""
    async with mailing() as mailbox:
        for answer in ("550 no such user", "451 later"):
            mailbox.refusal = answer
            with pytest.raises(OutsideUnavailable):
                await _mailing(mailbox.port, "a@example.com").tell(NOTICE)
    with pytest.raises(OutsideUnavailable, match="did not take it"):
        await _mailing(1, "a@example.com").tell(NOTICE)
    silent = await asyncio.start_server(lambda *_: asyncio.sleep(30), "127.0.0.1", 0)
    async with silent:
        port = silent.sockets[0].getsockname()[1]
        with pytest.raises(OutsideUnavailable, match="in time"):
            await _mailing(port, "a@example.com", within=0.2).tell(NOTICE)
        silent.close()
