"""Routine questions over the wire: asked in a message or after /wicket, answered at once and from what is true."""

import pytest

QUESTIONS = [
    ("what access do I have?", "You hold 2 things"),
    ("am I in vpn-users?", "Yes, you are in vpn-users"),
    ("am I in prod-db?", "No, you are not in prod-db"),
    ("who owns prod-db?", "belongs to Data Platform, #data-owners"),
    ("when does my password expire?", "Your password expires"),
    ("what can I ask for?", "Given at once"),
    ("why do I need approval for prod-db?", "needs one approval from Data Platform: it is production"),
    ("why was I refused?", "I know of no request of yours that was refused"),
    ("help", "Things you can say to me"),
    ("am I in vpn-usres?", "Did you mean vpn-users"),
    ("who owns pord-db?", "Did you mean prod-db"),
    ("correct horse battery staple", "I didn't understand that"),
    ("link my slack account", "already linked to you"),
]


@pytest.mark.parametrize("way", ["message", "command"])
async def test_every_routine_question_has_its_answer(world, way):
    """The same words have the same answer, as a message or for the asker's eyes only; nothing else comes of them."""
    ada = world.person("ada")
    for words, answer in QUESTIONS:
        if way == "message":
            await ada.say(words)
            assert not (await ada.sees(answer)).ephemeral
        else:
            await ada.slash("/wicket", words)
            assert (await ada.sees(answer)).ephemeral
    answers = [message for message in ada.messages() if message.user == world.slack.bot_user_id]
    assert len(answers) == len(QUESTIONS)
    assert {action.split()[0] for action in await world.actions()} <= {
        "question.asked",
        "link.made",
        "drift.declared",
        "rows.signed",
        "rules.began",
        "proofs.changed",
    }
    assert world.person("alan").messages(world.channel("security")) == []


async def test_who_was_refused_hears_why_and_what_would_change_it(world):
    """The rule's own sentence and the longest time that would do; nobody else hears of it."""
    ada, grace = world.person("ada"), world.person("grace")
    await ada.say("I need prod-db for 3 days because INC-4711")
    await ada.sees("⛔")
    await ada.say("why was I refused?")
    told = await ada.sees("Your request for prod-db was refused")
    assert "or less: then it needs one approval from Data Platform" in told.plain
    await grace.say("why was I refused?")
    assert "prod-db" not in (await grace.sees("I know of no request of yours")).plain


async def test_what_was_not_understood_is_kept_nowhere(world):
    """People type passwords into chats: not one byte of it reaches a file of ours."""
    ada = world.person("ada")
    await ada.say("xyzzy-Plugh-77 mellon")
    await ada.sees("I didn't understand that")
    await ada.slash("/wicket", "xyzzy-Plugh-77 mellon")
    await world.stop()
    kept = b"".join(path.read_bytes() for path in world.folder.iterdir() if path.is_file())
    await world.start()
    assert b"didn't understand" not in kept
    assert b"not-understood" in kept
    assert b"Plugh" not in kept
    assert b"mellon" not in kept


async def test_three_suggestions_follow_what_was_not_understood_and_each_works(world):
    """Nonsense gets buttons that do what they say."""
    ada = world.person("ada")
    await ada.say("asdf")
    puzzled = await ada.sees("I didn't understand that")
    assert list(puzzled.buttons) == ["ask.access", "ask.request", "ask.reset"]
    await ada.click(puzzled, "ask.access")
    await ada.sees("You hold 2 things")
    await ada.click(puzzled, "ask.request")
    await ada.sees_view("What do you need?")
    await ada.close_view()
    await ada.click(puzzled, "ask.reset")
    assert (await ada.sees("Continue on the secure page")).link("Continue securely")


async def test_a_misspelt_unlock_is_asked_back_and_one_press_does_it(world):
    """Nothing was done by the words alone, and nothing has to be written again."""
    bob = world.person("bob")
    await bob.say("unlok me pls")
    asked = await bob.sees("Did you mean “unlock my account”?")
    assert (await world.directory.account("p-bob")).locked
    await bob.click(asked, "ask.unlock")
    await bob.sees("Your account is unlocked")
    await bob.say("who owns payroll?")
    await bob.sees("I don't know that name", "what can I ask for?")


async def test_a_button_on_an_answer_to_a_command_works_too(world):
    """An answer that only the asker sees has buttons as good as any other's."""
    ada = world.person("ada")
    await ada.slash("/wicket", "am I in prod-db?")
    answer = await ada.sees("No, you are not in prod-db")
    await ada.click(answer, "ask.request")
    form = await ada.sees_view("What do you need?")
    assert "prod-db · read and write" in form.plain


async def test_a_person_asks_in_any_channel_and_only_they_see_the_answer(world):
    """/wicket in a channel tells nobody else what the person holds."""
    ada, general = world.person("ada"), world.channel("general")
    await ada.slash("/wicket", "what access do I have?", channel=general)
    assert (await ada.sees("You hold 2 things", channel=general)).ephemeral
    assert world.person("grace").messages(general) == []


async def test_the_answer_follows_the_directory_and_not_a_memory_of_it(world):
    """What an administrator changes in the directory shows in the next answer."""
    ada = world.person("ada")
    await world.directory.add_member("p-ada", "crm-readers")
    await ada.say("am I in crm-read?")
    await ada.sees("Yes, you are in crm-read")
    await world.directory.remove_member("p-ada", "crm-readers")
    await ada.say("am I in crm-read?")
    await ada.sees("No, you are not in crm-read")


async def test_access_with_an_end_says_when_and_standing_access_says_from_whom(world):
    """The list tells what ends from what stays."""
    ada = world.person("ada")
    await ada.say("I need grafana-edit for 2h because INC-4711")
    await ada.click(await ada.sees("You are asking for"), "draft.send")
    await ada.sees("✅ grafana-edit")
    await ada.say("what access do I have?")
    listed = await ada.sees("You hold 3 things")
    assert "grafana-edit, until" in listed.plain
    assert "(in 2 hours)" in listed.plain
    assert "vpn-users, standing, from IT desk" in listed.plain
    await ada.say("am I in grafana-edit?")
    await ada.sees("Yes, you are in grafana-edit until")


async def test_the_app_home_shows_ones_own_access_only(world):
    """Each sees their own, read now, whoever looked before (SL-18)."""
    ada, luca = world.person("ada"), world.person("luca")
    first = await ada.open_home()
    assert "wiki-edit" in first.plain
    second = await luca.open_home()
    assert "billing-export" in second.plain
    assert "wiki-edit" not in second.plain
    await world.directory.remove_member("p-ada", "wiki-editors")
    await ada.open_home()
    await world.until(lambda: "wiki-edit" not in ada.home.plain)
    await ada.click(ada.home, "ask.request")
    await ada.sees_view("What do you need?")


async def test_the_bot_does_not_answer_itself_or_an_edited_message(world):
    """Our own messages come back as events too; nobody talks to themselves."""
    ada = world.person("ada")
    await ada.say("help")
    await ada.sees("Things you can say to me")
    await world.slack.settled()
    assert len([m for m in ada.messages() if m.user == world.slack.bot_user_id]) == 1


async def test_help_names_to_security_what_stops_access_and_to_nobody_else(world):
    """At once and by message alike; whoever reads it there types just that."""
    ada, alan = world.person("ada"), world.person("alan")
    for person, is_named in ((ada, False), (alan, True)):
        await person.say("help")
        answers = [await person.sees("Things you can say to me")]
        await person.slash("/wicket", "help")
        answers.append(await person.sees("Things you can say to me", after=answers[0].ts))
        assert ["/wicket freeze" in one.plain for one in answers] == [is_named] * 2
    await alan.slash("/wicket", "freeze")
    await alan.sees_view("Stop new access")


async def test_a_password_that_was_typed_by_mistake_is_kept_nowhere_and_its_person_hears_what_to_do(world):
    """P-2: the record knows that something of the kind was typed, and not one byte of it."""
    ada = world.person("ada")
    await ada.say("my password is xyzzy-Plugh-77")
    told = await ada.sees("delete your message now")
    assert list(told.buttons) == ["ask.reset"]
    await ada.slash("/wicket", "Plugh77!xyzzyQ")
    await ada.sees("delete your message now", after=told.ts)
    await world.stop()
    kept = b"".join(path.read_bytes() for path in world.folder.iterdir() if path.is_file())
    await world.start()
    assert b"Plugh" not in kept


async def test_whoever_types_a_stop_in_plain_words_hears_what_does_it_and_nothing_is_stopped(world):
    ada = world.person("ada")
    for words in ("freeze everything", "revoke bob"):
        said = await ada.say(words)
        assert "/wicket freeze" in (await ada.sees("A word stops nothing here", after=said.ts)).plain
    await ada.say("I need grafana-edit for 1h because of the new latency board")
    await ada.click(await ada.sees("You are asking for"), "draft.send")
    await ada.sees("✅ grafana-edit")
