"""Emergencies that were lost from the table: told once, and accounted for by two people of security (B-3, T-9, R-1)."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from handlers.decisions.emergencies import EmergencyRules
from handlers.decisions.emergency_reviews import Finding, Lapse
from handlers.emergencies.lost import LostEmergencies, mark_of
from handlers.emergencies.reviewed import (
    LostMeanwhile,
    MayRestoreLost,
    NothingToRestore,
    Restored,
    RestoreLost,
)
from handlers.emergencies.reviewers import Reviewers, Standing, Took
from handlers.exceptions.strange import Kind
from handlers.outcomes import NotAllowed, Repeated, Unknown
from handlers.stops.outcomes import WordKept
from storage.directories.base import Account
from storage.directories.local import LocalDirectory
from storage.directories.scrypt import Scrypt
from storage.emergency_reviews import lost_of
from storage.records import ExceptionRecord, RestoreWord
from storage.states import Resolution
from tests.handlers.access_ground import World
from tests.handlers.access_ground import world as open_world
from tests.handlers.emergencies.test_reviews import DAYS, lapse, review, took


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Sam, Root and Grace are of security; what Ada did was reviewed, and its row was deleted since."""
    async with open_world(tmp_path) as made:
        made.ground = replace(made.ground, emergencies=EmergencyRules(days=DAYS))
        await made.local.put_in_group(made.ground.security_group, "linus", "charles")
        await took(made)
        await review(made, "sam")
        await by_hand(made, "DELETE FROM emergencies")
        yield made
        assert await made.sound()


async def by_hand(world: World, change: str) -> None:
    await world.ground.database.write(lambda tx: tx.connection().execute(text(change)))


def lost(world: World) -> LostEmergencies:
    return LostEmergencies(world.ground, Reviewers(world.ground))


async def told(world: World) -> list[ExceptionRecord]:
    await lost(world).look()
    return [one for one in await world.exceptions() if one.kind == Kind.EMERGENCY_LOST]


async def say(world: World, login: str, **how: str) -> Any:
    """They press the button and send the form."""
    about = (await told(world))[-1]
    intent = RestoreLost(
        **await world.intent(login, how.get("delivery", "")), exception=about.id, rationale="restored by hand",
        shown=await named(world),
    )  # fmt: skip
    return await lost(world).restore(intent)


async def named(world: World) -> str:
    """The mark in a form that opens now."""
    return mark_of(await world.ground.database.read(lambda tx: lost_of(tx, "ada")))


async def test_security_hears_once_of_what_was_lost_and_that_it_is_there_again(world: World) -> None:
    """T-9: whether the row was thrown away or changed; and what is there again settles it."""
    await took(world, emergency="b-2")
    kept = "CREATE TABLE kept AS SELECT * FROM emergencies"
    await by_hand(world, kept)
    await by_hand(world, "UPDATE emergencies SET minutes = 600")
    (found,) = await told(world)
    assert (found.who, found.severity, found.facts["count"]) == ("Ada (ada)", "high", 2)
    assert (await told(world))[0].count == 1
    assert (await world.last("emergency.lost"))["facts"]["emergencies"] == ["b-1", "b-2"]


async def test_what_is_there_again_settles_what_was_told(tmp_path: Path) -> None:
    async with open_world(tmp_path) as world:
        await took(world)
        await by_hand(world, "UPDATE emergencies SET minutes = minutes + 1")
        assert len(await told(world)) == 1
        await by_hand(world, "UPDATE emergencies SET minutes = minutes - 1")
        assert [one.resolution for one in await told(world)] == [Resolution.SETTLED]


async def test_two_of_security_let_them_again_with_both_on_the_record(world: World) -> None:
    """B-3, R-1: the first word changes nothing; who said so and why stands in the message and on the record."""
    assert await lapse(world) == Lapse.OVERDUE
    assert await say(world, "sam") == WordKept()
    assert await say(world, "sam") == WordKept(again=True)
    assert await lapse(world) == Lapse.OVERDUE
    (shown,) = await told(world)
    assert [one["name"] for one in shown.facts["words"]] == ["Sam"]
    assert await say(world, "linus", delivery="view:1") == Restored(who="Ada (ada)")
    assert await lapse(world) is None
    entry = await world.last("emergency.accounted_for")
    assert (entry["actor"]["id"], entry["subject"], entry["facts"]["said"]) == (
        "linus",
        "ada",
        ["sam", "linus"],
    )
    (done,) = [one for one in await world.exceptions() if one.kind == Kind.EMERGENCY_LOST]
    assert (done.facts["decided_by"], done.resolution) == ("Sam, Linus", Resolution.DECIDED)
    assert [one["why"] for one in done.facts["words"]] == ["restored by hand"] * 2


async def test_what_is_lost_after_that_counts_anew(world: World) -> None:
    """T-9: two words are about what was lost then; and without their rows it lapses again."""
    await say(world, "sam")
    await say(world, "linus")
    await by_hand(world, "UPDATE restore_words SET settles = 0")
    assert await lapse(world) == Lapse.OVERDUE
    await by_hand(world, "UPDATE restore_words SET settles = 1")


async def test_words_are_about_all_that_is_lost(world: World) -> None:
    """What was thrown away between the two words asks for both once more."""
    await say(world, "sam")
    await took(world, emergency="b-2")
    await by_hand(world, "DELETE FROM emergencies")
    assert await say(world, "linus") == WordKept()
    assert await say(world, "sam") == Restored(who="Ada (ada)")
    assert {one.emergency for one in await world.rows(RestoreWord)} == {"b-1", "b-2"}


async def test_a_word_ends_when_what_it_is_about_is_there_again(world: World) -> None:
    """R-1, T-9: lost once more, with no review between, it asks for both anew; so does a part of what was lost."""
    await took(world, emergency="b-2")
    await by_hand(world, "CREATE TABLE kept AS SELECT * FROM emergencies")
    await by_hand(world, "DELETE FROM emergencies")
    await say(world, "sam")
    world.clock.forward(seconds=1)
    await by_hand(world, "INSERT INTO emergencies SELECT * FROM kept")
    (about,) = await told(world)
    assert (about.facts["emergencies"], about.resolution) == (["b-1"], "")
    assert ((await world.last("emergency.found"))["correlation"], len(await told(world))) == ("b-2", 1)
    await by_hand(world, "DELETE FROM emergencies")
    assert await say(world, "linus") == WordKept()
    assert await lapse(world) == Lapse.OVERDUE
    assert await say(world, "sam") == Restored(who="Ada (ada)")
    assert await world.actions("emergency.found") == ["emergency.found done"]


async def test_what_two_let_pass_asks_for_both_once_more_when_it_was_there_in_between(world: World) -> None:
    """R-1, T-9: their words were about that loss; its row came back, and is thrown away a second time."""
    await took(world, emergency="b-2")
    await by_hand(world, "CREATE TABLE kept AS SELECT * FROM emergencies")
    await by_hand(world, "DELETE FROM emergencies")
    await say(world, "sam")
    assert await say(world, "linus") == Restored(who="Ada (ada)")
    assert await lapse(world) is None
    world.clock.forward(seconds=1)
    await by_hand(world, "INSERT INTO emergencies SELECT * FROM kept")
    await told(world)
    assert (await world.last("emergency.found"))["correlation"] == "b-2"
    await told(world)
    assert await world.actions("emergency.found") == ["emergency.found done"]
    await by_hand(world, "DELETE FROM emergencies")
    assert await lapse(world) == Lapse.OVERDUE
    assert [one.facts["emergencies"] for one in await told(world)][1:] == [["b-2"]]


class Interrupted(Reviewers):
    """While it looks people up for the first time, somebody throws another emergency away."""

    def __init__(self, world: World) -> None:
        super().__init__(world.ground)
        self._world, self._is_first = world, True

    async def standing(self, reviewer: Account, emergency: Took) -> Standing:
        if self._is_first:
            self._is_first = False
            await took(self._world, emergency="b-2")
            await by_hand(self._world, "DELETE FROM emergencies")
        return await super().standing(reviewer, emergency)


async def test_what_was_lost_while_people_were_looked_up_is_looked_at_too(world: World) -> None:
    """R-1, promise 9: a word is never taken for more, nor for less, than its form named."""
    await say(world, "sam")
    (about,) = await told(world)
    intent = RestoreLost(
        **await world.intent("linus"), exception=about.id, rationale="restored by hand", shown=await named(world)
    )  # fmt: skip
    assert await LostEmergencies(world.ground, Interrupted(world)).restore(intent) == LostMeanwhile()
    assert {one.account for one in await world.rows(RestoreWord)} == {"sam"}
    assert (await world.last("emergency.restore_outdated"))["outcome"] == "refused"
    assert await lapse(world) == Lapse.OVERDUE


async def test_more_that_is_lost_is_told_anew_in_a_message_of_its_own(world: World) -> None:
    """T-9: the one before says so, and the words in it count no more."""
    await say(world, "sam")
    await took(world, emergency="b-2")
    await by_hand(world, "DELETE FROM emergencies")
    after, before = sorted(await told(world), key=lambda one: one.resolution)
    assert (before.resolution, "words" in after.facts) == (Resolution.RENEWED, False)
    assert (after.facts["count"], after.facts["emergencies"]) == (2, ["b-1", "b-2"])
    assert len(await told(world)) == 2


async def test_the_person_is_none_of_the_two_by_whatever_account(world: World) -> None:
    """R-1: though she is of security, and by a second account of hers."""
    await world.local.add_account("ada2", login="ada2", name="Ada II", mail="ADA@example.com")
    await world.local.put_in_group(world.ground.security_group, "ada", "ada2")
    await say(world, "sam")
    for login in ("ada", "ada2"):
        assert isinstance(await say(world, login), NotAllowed)
    assert await lapse(world) == Lapse.OVERDUE


async def test_nobody_gives_both_words_by_two_accounts(world: World) -> None:
    """R-1."""
    await world.local.add_account("sam2", login="sam2", name="Sam II", mail="SAM@example.com")
    await world.local.put_in_group(world.ground.security_group, "sam2")
    await say(world, "sam")
    assert await say(world, "sam2") == WordKept()
    assert await lapse(world) == Lapse.OVERDUE


@pytest.mark.parametrize("login", ["grace", "eve"])
async def test_whoever_is_not_of_security_is_turned_away_and_told_of(world: World, login: str) -> None:
    """B-3: Grace's team owns what was taken, and that is not enough."""
    assert isinstance(await say(world, login), NotAllowed)
    assert (await world.last("emergency.review_refused"))["outcome"] == "refused"
    assert Kind.WRONG_APPROVER in await world.kinds()


async def test_a_word_counts_for_as_long_as_whoever_gave_it_is_of_security(world: World) -> None:
    """Promise 5: looked up anew when the second is given."""
    await say(world, "sam")
    await world.local.take_from_group(world.ground.security_group, "sam")
    assert await say(world, "linus") == WordKept()
    assert await say(world, "charles") == Restored(who="Ada (ada)")


async def test_a_word_that_other_hands_wrote_counts_for_nothing(world: World) -> None:
    """T-9."""
    await say(world, "sam")
    await by_hand(world, "UPDATE restore_words SET account = 'charles'")
    assert await say(world, "sam") == WordKept()
    assert await lapse(world) == Lapse.OVERDUE


async def test_a_message_that_other_hands_changed_lets_nobody_again_and_is_told_anew(world: World) -> None:
    """T-9: what it is about, and whom it names; whoever clicked is no forger."""
    await say(world, "sam")
    (about,) = await told(world)
    await by_hand(world, "UPDATE exceptions SET who = 'Bob (bob)'")
    intent = RestoreLost(
        **await world.intent("linus"), exception=about.id, rationale="so", shown=await named(world)
    )
    assert await lost(world).restore(intent) == Unknown(what="button", changed=True)
    assert await lapse(world) == Lapse.OVERDUE
    world.clock.forward(seconds=1)
    assert [one.who for one in await told(world)] == ["Bob (bob)", about.who]
    assert isinstance(await say(world, "linus"), Restored)


async def test_the_form_names_what_is_lost_and_who_said_so(world: World) -> None:
    (about,) = await told(world)

    async def opened(login: str) -> Any:
        return await lost(world).consider(RestoreLost(**await world.intent(login), exception=about.id))

    may = await opened("sam")
    assert isinstance(may, MayRestoreLost)
    assert ([one[0] for one in may.lost], may.said, may.shown) == (["b-1"], (), await named(world))
    await say(world, "sam")
    assert await opened("sam") == WordKept(again=True)
    assert (await opened("linus")).said == ("Sam",)


async def test_the_same_delivery_counts_once_and_a_late_one_hears_who_did(world: World) -> None:
    """Promise 6; and a button that names something else is told of."""
    (about,) = await told(world)
    await say(world, "sam", delivery="view:1")
    assert await say(world, "sam", delivery="view:1") == Repeated()
    await say(world, "linus")
    late = RestoreLost(**await world.intent("charles"), exception=about.id, rationale="me too")
    outcome = await lost(world).restore(late)
    assert isinstance(outcome, NothingToRestore)
    assert outcome.by == "Sam, Linus"
    entry = await world.last("emergency.restore_late")
    assert (entry["actor"]["id"], entry["subject"], entry["outcome"]) == ("charles", "ada", "refused")
    forged = RestoreLost(**await world.intent("sam"), exception="x-none", rationale="so")
    assert isinstance(await lost(world).restore(forged), Unknown)


async def test_words_of_before_its_review_are_about_something_else(tmp_path: Path) -> None:
    """B-3, T-9: a row put back, and thrown away anew once it was found not justified, gains nothing by them."""
    async with open_world(tmp_path) as world:
        world.ground = replace(world.ground, emergencies=EmergencyRules(days=DAYS))
        await world.local.put_in_group(world.ground.security_group, "linus", "charles")
        await took(world)
        await by_hand(world, "CREATE TABLE kept AS SELECT * FROM emergencies")
        await by_hand(world, "DELETE FROM emergencies")
        await say(world, "sam")
        await say(world, "linus")
        assert await lapse(world) is None
        await by_hand(world, "INSERT INTO emergencies SELECT * FROM kept")
        world.clock.forward(seconds=1)
        await review(world, "charles", Finding.NOT_JUSTIFIED)
        assert await lapse(world) == Lapse.NOT_JUSTIFIED
        await by_hand(world, "DELETE FROM emergencies")
        assert await lapse(world) == Lapse.OVERDUE
        await lost(world).look()
        about = [one for one in await world.exceptions() if one.kind == Kind.EMERGENCY_LOST][-1]
        intent = RestoreLost(
            **await world.intent("sam"), exception=about.id, rationale="restored by hand", shown=await named(world)
        )  # fmt: skip
        assert await lost(world).restore(intent) == WordKept()
        assert await lapse(world) == Lapse.OVERDUE


async def test_what_one_account_lost_keeps_the_persons_others_from_it_too(world: World) -> None:
    """B-3, R-1: by a second account of hers she breaks the glass no sooner; Charles does."""
    await world.local.add_account("ada2", login="ada2", name="Ada II", mail="ADA@example.com")
    assert [await lapse(world, login) for login in ("ada2", "charles")] == [Lapse.OVERDUE, None]
    await say(world, "sam")
    await say(world, "linus")
    assert await lapse(world, "ada2") is None


async def test_whoever_reviews_what_others_threw_away_is_no_forger(world: World) -> None:
    """T-9: they hear that it is gone, and nobody is told that they made up a button."""
    assert await review(world, "charles") == Unknown(what="emergency")
    assert Kind.TAMPERED not in await world.kinds()
    assert isinstance(await review(world, "charles", about="b-none"), Unknown)
    assert Kind.TAMPERED in await world.kinds()


async def test_nobody_who_could_be_the_person_is_one_of_the_two(world: World, tmp_path: Path) -> None:
    """R-1: the record names no directory, so who has this account in another home says nothing of it, either."""
    other = LocalDirectory(tmp_path / "other.db", name="other", now=world.clock, cost=Scrypt(n=2))
    await other.add_account("ada", login="lovelace", name="Augusta", mail="sam@example.com")
    world.ground = replace(world.ground, directories={"other": other, **world.ground.directories})
    assert (await told(world))[0].who == "Ada (ada)"
    assert isinstance(await say(world, "sam"), NotAllowed)
    other.close()
