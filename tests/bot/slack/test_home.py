"""The App Home as Slack takes it: any overview fits, every page can be turned, and nothing is guessed."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.demo.workspace.text import block_lines
from bot.demo.workspace.view_rules import view_problems
from bot.slack.home import home_view, page_of
from handlers.questions.answers import AccessList, Elsewhere, Held
from handlers.questions.overview import Overview, OwnRequest, Page, ToDecide
from storage.states import GrantState

NOW = datetime(2026, 11, 25, 14, 2, tzinfo=UTC)
_TEXT = st.text(min_size=1, max_size=75)
# A directory limits no name.
_NAME = st.sampled_from(("", "Ada Lovelace", "&" * 4000, "ﷺ" * 1000)) | st.text(max_size=200)
_WHEN = st.none() | st.integers(1, 4_000_000_000).map(lambda at: datetime.fromtimestamp(at, UTC))
_OVER = (
    GrantState.ENDED, GrantState.DENIED, GrantState.LAPSED, GrantState.WITHDRAWN, GrantState.VOIDED,
    GrantState.REFUSED,
)  # fmt: skip


def _requests(states: tuple[GrantState, ...]) -> st.SearchStrategy[OwnRequest]:
    return st.builds(
        OwnRequest, id=st.just("g-1"), entitlement=_TEXT, owner=_TEXT, minutes=st.integers(1, 200_000),
        state=st.sampled_from(states), at=_WHEN, lapses_at=_WHEN, report=_NAME,
    )  # fmt: skip


_OVERVIEWS = st.builds(
    Overview,
    access=st.builds(
        AccessList,
        held=st.lists(
            st.builds(Held, entitlement=_TEXT, owner=_TEXT, until=_WHEN, grant=st.just("g-1"), ending=st.booleans()),
            max_size=30,
        ).map(tuple),
        read_at=st.just(NOW),
        elsewhere=st.lists(
            st.builds(Elsewhere, directory=_TEXT, read_at=st.none(), unknown=st.lists(_TEXT).map(tuple)), max_size=3
        ).map(tuple),
    ),
    requests=st.lists(_requests((GrantState.PENDING, GrantState.APPROVED)), max_size=5).map(tuple),
    more_requests=st.booleans(),
    to_decide=st.lists(
        st.builds(
            ToDecide, id=st.just("g-1"), entitlement=_TEXT, requester=_NAME, minutes=st.integers(1, 200_000),
            risk=st.integers(0, 5), lapses_at=_WHEN, report=_NAME,
        ),
        max_size=5,
    ).map(tuple),
    waits=st.integers(0, 10_000),
    recent=st.lists(_requests(_OVER), max_size=5).map(tuple),
    page=st.builds(Page, held=st.integers(0, 9999), waiting=st.integers(0, 9999)),
)  # fmt: skip


def _plain(overview: Overview) -> str:
    return "\n".join(block_lines(home_view(overview, NOW).to_dict()["blocks"], {}))


def _holding(count: int, page: Page | None = None) -> Overview:
    held = tuple(
        Held(entitlement=f"thing-{n:03}", owner="IT", until=NOW + timedelta(hours=n + 1), grant=f"g-{n}")
        for n in range(count)
    )
    return Overview(
        access=AccessList(held=held, read_at=NOW), requests=(), more_requests=False, to_decide=(), waits=0,
        recent=(), page=page or Page(),
    )  # fmt: skip


@given(_OVERVIEWS)
def test_any_overview_is_a_home_that_slack_takes(overview: Overview):
    """SL-8, SL-9: whatever stands in it, and whatever page is asked for."""
    assert view_problems(home_view(overview, NOW).to_dict(), expected="home") == []


def test_two_hundred_grants_stand_on_twenty_pages_each_once():
    seen = [line for page in range(20) for line in _plain(_holding(200, Page(held=page))).splitlines()]
    shown = [line.split(",")[0] for line in seen if line.startswith("thing-")]
    assert shown == [f"thing-{n:03}" for n in range(200)]


def test_a_page_that_is_not_there_any_more_is_the_first():
    """What was held has ended since the button was made."""
    assert "thing-000" in _plain(_holding(11, Page(held=7)))


def test_what_is_being_taken_back_has_no_button_and_says_so():
    held = Held(entitlement="prod-db", owner="IT", until=NOW, grant="g-1", ending=True)
    overview = Overview(
        access=AccessList(held=(held,), read_at=NOW), requests=(), more_requests=False, to_decide=(), waits=0,
        recent=(), page=Page(),
    )  # fmt: skip
    assert "prod-db, being taken back" in _plain(overview)
    assert "I'm done" not in _plain(overview)


@pytest.mark.parametrize("value", ["", "x", "1", "1.2.3", "-1.0", "99999.0", "1.²"])
def test_a_page_that_we_never_wrote_is_the_first(value: str):
    assert page_of(value) == Page()


def test_both_lists_keep_their_page_while_the_other_is_turned():
    assert page_of("3.1") == Page(held=3, waiting=1)
