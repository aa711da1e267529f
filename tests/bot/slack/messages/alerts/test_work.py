"""The state of an exception in its message, and the ways to work on it, which only the security channel offers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.slack.actions import Action
from bot.slack.messages.alerts.facts import Alert
from bot.slack.messages.alerts.message import alert_message, composed
from bot.slack.messages.alerts.work import CHOSEN, Work
from bot.slack.messages.exceptions_told import News, worked_text, worker_message
from bot.slack.messages.open_exceptions import open_exceptions_message
from bot.slack.messages.parts import button
from handlers.exceptions.open_now import OpenNow, OpenOne
from handlers.exceptions.outcomes import WorkedBefore
from handlers.exceptions.strange import Kind
from storage.states import BY_PEOPLE, ExceptionState, Resolution
from tests.bot.slack.stories import problems

AT = datetime(2026, 11, 26, 14, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
OPEN = Work(state=ExceptionState.OPEN, due_at=AT + 4 * HOUR, here=True)
TAKEN = replace(
    OPEN, state=ExceptionState.ACKNOWLEDGED, acknowledged_by="Joan", acknowledged_at=AT, assignee="Joan"
)
OVER = replace(
    TAKEN, state=ExceptionState.RESOLVED, resolution=Resolution.MENDED, resolved_by="Joan", resolved_at=AT + HOUR,
    words="it is *gone* <!channel>", reopenable=True,
)  # fmt: skip
BY_ITSELF = replace(OVER, resolution=Resolution.SETTLED, resolved_by="", words="", reopenable=False)


def alert(work: Work | None, **changes: Any) -> Alert:
    told: dict[str, Any] = {
        "id": "x-1", "kind": Kind.TAMPERED, "severity": "high", "who": "Eve (eve)", "facts": {}, "correlation": "c-1",
        "count": 1, "first_at": AT, "last_at": AT,
    }  # fmt: skip
    return Alert(work=work, **{**told, **changes})


def elements(message: Any) -> list[dict[str, Any]]:
    found = [block for block in message.body()["blocks"] if block["type"] == "actions"]
    return found[0]["elements"] if found else []


def buttons(message: Any) -> list[str]:
    return [one["action_id"] for one in elements(message)]


@pytest.mark.parametrize(
    ("work", "offered"),
    [
        (OPEN, [Action.ACKNOWLEDGE, Action.ASSIGN, Action.RESOLVE]),
        (TAKEN, [Action.ASSIGN, Action.RESOLVE]),
        (replace(TAKEN, resolvable=False), [Action.ASSIGN]),
        (OVER, [Action.REOPEN]),
        (BY_ITSELF, []),
        (replace(OPEN, here=False), []),
        (None, []),
    ],
)
def test_what_can_be_done_is_what_is_offered(work: Work | None, offered: list[Action]) -> None:
    """W-1, W-2: and only where security reads it; an owner's copy says how it stands."""
    assert buttons(alert_message(alert(work))) == [*offered, Action.STORY_OF_ALERT]


def test_beside_buttons_of_its_own_there_is_one_menu_more() -> None:
    own = [button("Remove", Action.REMOVE, "x-1")]
    message = composed(alert(replace(OPEN, resolvable=False)), "Title", "Told.", buttons=own)
    assert buttons(message) == [Action.REMOVE, Action.STORY_OF_ALERT, Action.WORK]
    menu = elements(message)[-1]
    assert [one["value"] for one in menu["options"]] == ["exception.acknowledge x-1", "exception.assign x-1"]
    assert Action.WORK not in buttons(composed(alert(OVER), "Title", "Told.", buttons=own))
    assert (
        buttons(composed(alert(replace(OPEN, here=False)), "Title", "Told.", buttons=own))[0] == Action.REMOVE
    )


@pytest.mark.parametrize(
    ("work", "words"),
    [
        (OPEN, ("⚠️", "*Open*, and nobody works on it yet.", "Due ")),
        (replace(OPEN, assignee="Joan"), ("*Open*: Joan was given it, and has not acknowledged it yet.",)),
        (replace(OPEN, reopened=1), ("*Opened again.*",)),
        (TAKEN, ("*Acknowledged* by Joan ", "Due ")),
        (replace(TAKEN, assignee="Alan"), ("*Acknowledged* by Joan ", "; Alan works on it.")),
        (OVER, ("✅", "*Resolved* by Joan ", "dealt with")),
        (BY_ITSELF, ("✅", "*Resolved* ", "by itself.")),
        (replace(BY_ITSELF, resolution=Resolution.DECIDED, resolved_by="Joan"), ("✅", "by that decision.")),
        (replace(BY_ITSELF, resolution=Resolution.RENEWED), ("⌛", "Told anew ")),
    ],
)
def test_how_it_stands_is_said_in_text_and_blocks(work: Work, words: tuple[str, ...]) -> None:
    message = alert_message(alert(work))
    blocks = str(message.body()["blocks"])
    for word in words:
        assert word in message.text
        assert word in blocks


def test_what_was_written_is_inert() -> None:
    """SL-9."""
    for message in (alert_message(alert(OVER)), alert_message(alert(replace(OPEN, assignee="<!here> *x*")))):
        said = message.text + str(message.body()["blocks"])
        assert "<!channel" not in said
        assert "<!here" not in said
        assert "*gone*" not in said
        assert "*x*" not in said


def test_every_reason_that_a_person_can_give_has_its_words() -> None:
    assert set(CHOSEN) == set(BY_PEOPLE)


def test_whoever_works_on_it_hears_what_is_so_now() -> None:
    """W-2."""
    news = News(
        exception="x-1", kind=Kind.TAMPERED, severity="high", who="Eve (eve)", work=OPEN, theirs=True,
    )  # fmt: skip
    assert "is yours to work on" in worker_message(news).text
    assert "was acknowledged" in worker_message(replace(news, work=TAKEN)).text
    assert "was resolved" in worker_message(replace(news, work=OVER)).text
    assert (
        "Joan works on this exception now instead of you"
        in worker_message(replace(news, work=TAKEN, theirs=False)).text
    )


def test_a_late_click_hears_what_is_so_whoever_did_it() -> None:
    late = WorkedBefore(state=ExceptionState.RESOLVED, by="", at=AT)
    assert "over by itself" in worked_text(late)
    assert "Joan resolved this" in worked_text(replace(late, by="Joan"))
    assert "open again already" in worked_text(replace(late, state=ExceptionState.OPEN, at=None))


def test_the_summary_of_a_day_names_the_first_few_and_how_many_more() -> None:
    """W-4."""
    one = OpenOne(
        id="x-1", kind=Kind.TAMPERED, severity="high", who="Eve <!here>", since=AT - 30 * HOUR, due_at=AT - 26 * HOUR,
        assignee="", acknowledged=False,
    )  # fmt: skip
    others = [
        replace(one, id="x-2", assignee="Joan", due_at=AT + HOUR),
        replace(one, id="x-3", assignee="Joan", acknowledged=True),
    ]
    message = open_exceptions_message(OpenNow(now=AT, count=12, overdue=2, first=(one, *others)))
    for words in (
        "12 are open.", "2 of them are past their time.", "late by 1 day 2 hours",
        "Where no name stands at the end, nobody works on it.",
        "Joan was given it, and has not acknowledged it.", "Joan works on it.", "9 more", "`x-3`",
    ):  # fmt: skip
        assert words in message.text, words
        assert words in str(message.body()["blocks"]), words
    assert "<!here>" not in message.text
    quiet = open_exceptions_message(OpenNow(now=AT, count=1, overdue=0, first=(others[0],)))
    assert "1 is open. None is past its time." in quiet.text
    assert "late by" not in quiet.text


def test_each_grant_that_is_left_has_its_button_and_slack_takes_them_all():
    """It refuses a whole message in which two buttons of a row are one action. With the menu they are five at most."""
    left = [[f"g-{number}", f"Ada {number} (ada{number})"] for number in range(9)]
    facts = {"entitlement": "prod-db", "count": 9, "grants": left}
    told = alert_message(alert(OPEN, kind=Kind.LEFT_CATALOGUE, facts=facts))
    assert problems(told) == []
    rows = [block["elements"] for block in told.body()["blocks"] if block["type"] == "actions"]
    ends = [one["value"] for row in rows for one in row if one["action_id"] == Action.END_LEFT]
    assert ends == ["g-0", "g-1", "g-2"]
    assert sum(map(len, rows)) == 5
