"""Links: one Slack account speaks for one person, rests when what it rested on changed, and is renewed by proof."""

from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from storage import links
from storage.records import Link
from storage.states import LinkState


def made(database, now, **changes: Any) -> Link:
    facts = {
        "at": now, "slack_team": "T1", "slack_user": "U0ADA", "directory": "local", "account": "p-ada",
        "mail": "ada@lovelace.example", "made_by": "sign-in",
    }  # fmt: skip
    return database.write_now(lambda tx: links.make_link(tx, **{**facts, **changes}))


def of_ada(database) -> links.PinnedLink | None:
    return database.read_now(lambda tx: links.link_of(tx, "T1", "U0ADA"))


def test_a_link_is_found_from_both_ends(database, now):
    link = made(database, now)
    assert of_ada(database).id == link.id
    assert database.read_now(lambda tx: links.link_to(tx, "local", "p-ada")).id == link.id


@pytest.mark.parametrize(("team", "user"), [("T2", "U0ADA"), ("T1", "U0EVE"), ("T1", "u0ada"), ("", "U0ADA")])
def test_nobody_else_is_taken_for_them(database, now, team, user):
    """SL-1: the team counts too, since ids are Slack's and not ours."""
    made(database, now)
    assert database.read_now(lambda tx: links.link_of(tx, team, user)) is None
    assert database.read_now(lambda tx: links.link_to(tx, "elsewhere", "p-ada")) is None


def test_a_suspended_link_speaks_for_nobody_but_is_not_forgotten(database, now):
    link = made(database, now)
    assert database.write_now(lambda tx: links.suspend(tx, link.id, mail=link.mail))
    assert of_ada(database).state == LinkState.SUSPENDED
    assert database.read_now(lambda tx: links.link_to(tx, "local", "p-ada")) is None
    assert database.read_now(lambda tx: links.ever_linked(tx, "local", "p-ada"))


def test_suspending_again_is_nothing_new(database, now):
    """Whoever raises an alarm on it raises one."""
    link = made(database, now)
    assert database.write_now(lambda tx: links.suspend(tx, link.id, mail=link.mail))
    assert not database.write_now(lambda tx: links.suspend(tx, link.id, mail=link.mail))
    assert not database.write_now(lambda tx: links.suspend(tx, "l-none", mail=link.mail))


def test_a_link_renewed_meanwhile_is_not_suspended_for_its_old_address(database, now):
    link = made(database, now)
    made(database, now, mail="ada@byron.example")
    assert not database.write_now(lambda tx: links.suspend(tx, link.id, mail=link.mail))
    assert of_ada(database).state == LinkState.ACTIVE


def test_a_proof_renews_the_link_that_rested(database, now):
    first = made(database, now)
    database.write_now(lambda tx: links.suspend(tx, first.id, mail=first.mail))
    again = made(database, now, mail="ada@byron.example")
    assert (again.id, again.state, again.mail) == (first.id, LinkState.ACTIVE, "ada@byron.example")


def test_one_slack_account_has_one_link_even_if_everything_above_failed(database, now):
    made(database, now)
    with pytest.raises(IntegrityError):
        database.write_now(
            lambda tx: tx.add(
                Link(id="l-2", slack_team="T1", slack_user="U0ADA", directory="local", account="p-eve", mail="",
                     made_by="", state=LinkState.ACTIVE, created_at=now)
            )
        )  # fmt: skip
    assert of_ada(database).account == "p-ada"


def test_who_was_never_linked_is_nobody(database):
    assert of_ada(database) is None
    assert not database.read_now(lambda tx: links.ever_linked(tx, "local", "p-ada"))
