"""What is said of many exceptions at once, and outside Slack: numbers, kinds and names, and nobody's tricks."""

from datetime import UTC, datetime, timedelta
from typing import Any

from slack_sdk.models.blocks import ActionsBlock

from bot.slack.messages.alerts.facts import Alert
from bot.slack.messages.alerts.work import Work
from bot.slack.messages.floods import Flood, flood_message, notice_of, with_escalations
from handlers.exceptions.strange import Kind
from storage.states import ExceptionState

AT = datetime(2026, 11, 3, 14, 2, tzinfo=UTC)
NASTY = "<!channel> *Eve*\n✅ Approved <https://x.example|here> " + "e" * 500


def lead(**changes: Any) -> Alert:
    work = Work(state=ExceptionState.OPEN, due_at=AT, here=True, resolvable=True)
    told: dict[str, Any] = {
        "id": "x-1", "kind": Kind.NOT_A_PERSON, "severity": "medium", "who": NASTY, "facts": {"flood": True},
        "correlation": "g-7", "count": 9000, "first_at": AT, "last_at": AT, "work": work,
    }  # fmt: skip
    return Alert(**{**told, **changes})


def flood(**changes: Any) -> Flood:
    told = {"count": 9995, "people": 312, "since": AT, "until": AT + timedelta(minutes=10), "latest": NASTY}
    return Flood(**{**told, **changes})


def test_the_count_comes_first_then_how_many_people_and_where_to_see_them() -> None:
    """O-7."""
    text = flood_message(lead(), flood()).text
    assert text.startswith("⚠️ And 9,995 more of one kind: somebody turned away. The first came")
    assert "they are about 312 people" in text
    assert "`wicket exceptions --kind not-a-person` lists them." in text
    assert "9,000 times" not in text  # how often the lead itself was met says nothing


def test_a_name_pings_nobody_and_adds_no_line_of_ours() -> None:
    """SL-9."""
    text = flood_message(lead(), flood()).text
    assert "<!channel>" not in text
    assert "<https" not in text
    assert len(text) < 1500


def test_where_it_was_told_stands_before_the_buttons() -> None:
    """O-6: a message whose buttons are gone says it too."""
    message = with_escalations(flood_message(lead(), flood()), [("mail", AT), ("webhook", AT)])
    assert isinstance(message.blocks[-1], ActionsBlock)
    assert "Nobody acknowledged it in time: sent by mail (" in message.text
    assert "to the incident tool (" in str(message.blocks[-2].to_dict())
    plain = flood_message(lead(work=None), flood())
    assert with_escalations(plain, []) is plain


def test_outside_slack_no_markup_is_left() -> None:
    """O-5: what is read there is one line of plain words, whatever somebody is called."""
    notice = notice_of(lead(), flood_message(lead(), flood()), "x-1-0-mail", 1)
    assert notice.kind == "exception.not-a-person"
    assert notice.told.endswith("Nobody acknowledged it in Slack within 1 minute.")
    assert not {"\n", "`", "⚠"} & set(f"{notice.title}{notice.told}")
    assert "<!date" not in notice.told
    assert "\n" not in notice.title
