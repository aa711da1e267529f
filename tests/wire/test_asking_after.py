"""What became of one's request, over the wire: one's own and nobody else's; and courtesies, which do nothing."""

import pytest

from tests.wire.steps import SECURITY, answer_to, approve, ask, deny

DATA = "C0DATAOWN"


@pytest.mark.parametrize("way", ["message", "command"])
async def test_whoever_asks_after_their_request_hears_whose_turn_it_is_and_can_take_it_back(world, way):
    ada = world.person("ada")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    await ada.sees("⏳ prod-db")
    told = await answer_to(ada, "where is my request?", way)
    assert told.startswith(
        "1 request of yours is open.\n⏳ prod-db · read and write, 2 hours: waiting for Data"
    )
    assert "Data Platform in #data-owners since" in told
    assert "It lapses" in told
    assert "[Withdraw]" in told


async def test_the_answer_takes_it_back_as_its_own_message_does(world):
    ada = world.person("ada")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    await ada.sees("⏳ prod-db")
    said = await ada.say("status")
    answer = await ada.sees("1 request of yours is open", after=said.ts)
    await ada.click(answer, "request.withdraw")
    await ada.sees("you took it back")
    assert (await world.actions()).count("grant.withdrawn done") == 1


async def test_nobody_hears_of_another_persons_request(world):
    """Neither a colleague nor whoever decides: what waits for them is on their Home tab."""
    await ask(world.person("ada"), "I need prod-db for 2h because INC-4711")
    for login in ("bob", "grace", "charles"):
        told = await answer_to(world.person(login), "what about the request for prod-db?", "message")
        assert told.startswith("You have not asked for anything yet."), login
        assert "Ada" not in told, login


async def test_where_nothing_waits_the_last_one_is_told_however_it_came_out(world):
    ada, grace = world.person("ada"), world.person("grace")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    await approve(grace, DATA, "prod-db")
    await ada.sees("✅ prod-db")
    told = await answer_to(ada, "is it approved yet?", "message")
    assert told.startswith(
        "None of your requests is waiting. This is the last one:\n✅ prod-db · read and write until"
    )
    await ask(ada, "I need billing-export for 2h because INC-4712")
    await deny(world.person("luca"), "C0FINANCE", "billing-export", "use the report")
    await ada.sees("⛔ billing-export")
    told = await answer_to(ada, "who has my request", "message")
    assert "was denied by Luca Pacioli" in told
    await ada.say("I need grafana-edit for 1h because CRM-1")
    await ada.sees("You are asking for grafana-edit")
    assert "Nothing is sent yet." in await answer_to(ada, "where is my request", "message")


COURTESIES = [
    ("thanks!", "You're welcome."),
    ("hi", "Hello. I can show your access"),
    ("ok", "All right. A word alone does nothing here"),
    ("never mind", "No problem, I did nothing."),
    ("approve", "Nothing was sent and nothing was decided"),
    ("bye", "Goodbye."),
]


async def test_a_courtesy_gets_a_kind_word_and_does_nothing(world):
    """Though a draft waits to be sent: a word sends nothing."""
    ada = world.person("ada")
    await ada.say("I need prod-db for 2h because INC-4711")
    await ada.sees("You are asking for prod-db")
    for words, answer in COURTESIES:
        before = await world.actions()
        assert (await answer_to(ada, words, "message")).startswith(answer)
        await world.told()
        since = (await world.actions())[len(before) :]
        assert [action for action in since if action != "log.walked done"] == ["question.asked done"]
        assert world.person("alan").messages(SECURITY) == []


async def test_whoever_is_done_with_something_gives_it_back_by_the_button_that_shows_it(world):
    ada, grace = world.person("ada"), world.person("grace")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    await approve(grace, DATA, "prod-db")
    await ada.sees("✅ prod-db")
    said = await ada.say("I want my prod-db access revoked")
    answer = await ada.sees("Yes, you are in prod-db until", "its own message", after=said.ts)
    await ada.click(answer, "grant.give_back")
    await ada.sees("⌛ prod-db")
    assert "grant.given_back done" in await world.actions()


NOT_DONE = [
    ("please give Bob access to prod-db", "Here I ask for you alone, so I sent nothing."),
    ("I need prod-db for Jira", "If it is for you, write the reason after “because”."),
    ("can I have prod-db for longer?", "No, you are not in prod-db."),
    ("who has prod-db?", "prod-db (Production database) belongs to Data Platform"),
    ("I got a new phone", "If one of your proofs is left"),
    ("I think my account was hacked", "If somebody else may have your account, reset your password now"),
    ("Hi, I forgot my password. Can you reset it? Thanks!", "Did you mean “reset my password”?"),
]


async def test_what_is_wanted_for_another_or_in_fear_is_answered_and_not_done(world):
    ada = world.person("ada")
    for words, answer in NOT_DONE:
        assert answer in await answer_to(ada, words, "message")
        await world.told()
        assert not [one for one in await world.actions() if one.startswith(("grant", "reset"))]
