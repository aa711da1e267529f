"""What is said to one person where they clicked reaches them wherever they clicked from."""


async def ask_for_prod_db(world, *, because: str):
    ada = world.person("ada")
    since = (await ada.say(f"I need prod-db for 1h because {because}")).ts
    await ada.click(await ada.sees("Nothing is sent yet", after=since), "draft.send")
    await ada.sees("waiting for", after=since)
    return ada


async def test_who_only_looks_into_a_channel_is_told_in_a_direct_message(world):
    """Slack whispers to members alone; a public channel's buttons are pressed by others too."""
    ada = await ask_for_prod_db(world, because="INC-4711")
    channel = world.channel("data-owners")
    asked = await ada.sees("Access request: prod-db", channel=channel)
    await ada.click(asked, "approval.approve")
    await ada.sees("Nobody approves their own request")
    assert not any(message.ephemeral for message in ada.messages(channel))


async def test_a_request_does_not_count_itself_as_had_before(world):
    """An approver reads the same facts before and after (promise 9)."""
    ada, grace = await ask_for_prod_db(world, because="INC-1"), world.person("grace")
    channel = world.channel("data-owners")
    await grace.click(await grace.sees("never had this before", channel=channel), "approval.approve")
    await grace.submit(await grace.sees_view("Approve"), {"rationale": "ok"})
    await ada.sees("✅ prod-db")
    world.clock.skip(hours=1, seconds=1)
    await grace.sees("never had this before", "⌛", channel=channel)
    await ask_for_prod_db(world, because="INC-2")
    await grace.sees("had this once before", channel=channel)
