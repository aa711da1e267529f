"""Payloads reduced to who claims to speak, which delivery it is and where; no name in them is ever read, and the team
for the record alone (SL-1).
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.incoming import Incoming, of_action, of_command, of_event, of_view
from handlers.intents import Where

EVENT = {
    "event_id": "Ev1", "team_id": "T1", "authorizations": [{"team_id": "T1"}],
    "event": {"type": "message", "user": "U0ADA", "channel": "D0ADA", "username": "grace", "user_team": "T0EVIL"},
}  # fmt: skip
COMMAND = {
    "user_id": "U0ADA",
    "user_name": "grace",
    "trigger_id": "1.2.x",
    "channel_id": "C0GENERAL",
    "team_id": "T1",
}
ACTION = {
    "user": {"id": "U0ADA", "name": "grace", "team_id": "T1"},
    "trigger_id": "1.2.y",
    "channel": {"id": "C0DATAOWN"},
    "team": {"id": "T1", "domain": "lovelace"},
}
VIEW = {
    "user": {"id": "U0ADA"},
    "team": {"id": "T1"},
    "view": {"id": "V1", "hash": "156772938.1827394", "app_installed_team_id": "T1"},
}


@pytest.mark.parametrize(
    ("read", "body", "delivery", "channel"),
    [
        (of_event, EVENT, "event:Ev1", "D0ADA"), (of_command, COMMAND, "trigger:1.2.x", "C0GENERAL"),
        (of_action, ACTION, "trigger:1.2.y", "C0DATAOWN"), (of_view, VIEW, "view:V1:156772938.1827394", ""),
    ],
)  # fmt: skip
def test_each_kind_of_payload_says_who_and_which_delivery(read, body, delivery, channel):
    """SL-5: the same for each repeat, another for each thing done."""
    incoming = read(body, "socket")
    assert incoming == Incoming(
        user="U0ADA", delivery=delivery, channel=channel, transport="socket", team="T1"
    )
    assert incoming.where == Where(transport="socket", team="T1", channel=channel)


@pytest.mark.parametrize(
    ("container", "ts"),
    [
        ({"type": "message", "message_ts": "17.000100"}, "17.000100"),
        ({"type": "message", "message_ts": "17.000100", "is_ephemeral": True}, ""),
        ({"type": "view", "view_id": "V1"}, ""),
        ("17.000100", ""),
    ],
)
def test_a_click_says_on_which_message_that_lasts(container, ts):
    """What only one person sees for a moment cannot be brought up to date (SL-10)."""
    assert of_action({**ACTION, "container": container}, "socket").ts == ts


def test_a_form_shown_anew_is_another_delivery():
    again = {**VIEW, "view": {"id": "V1", "hash": "156772939.0000000"}}
    assert of_view(VIEW, "http").delivery != of_view(again, "http").delivery


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(
        st.sampled_from(["id", "user", "channel", "view", "hash", "event", "message_ts"]), inner), max_leaves=8,
)  # fmt: skip
BODIES = st.dictionaries(
    st.sampled_from(
        [
            "event",
            "event_id",
            "user",
            "user_id",
            "channel",
            "channel_id",
            "team",
            "team_id",
            "trigger_id",
            "view",
            "container",
        ]
    ),
    JUNK,
)


@given(BODIES)
def test_a_payload_of_any_shape_is_nobody_rather_than_a_fault(body):
    for read in (of_event, of_command, of_action, of_view):
        incoming = read(body, "http")
        assert all(isinstance(value, str) and len(value) <= 520 for value in vars(incoming).values())


@pytest.mark.parametrize("user", ["x" * 256, 7, None, ["U0ADA"], "U0ADA\x00", "U\u0430DA"])
def test_what_is_no_slack_id_is_nobody(user):
    assert of_command({**COMMAND, "user_id": user}, "http").user == ""
