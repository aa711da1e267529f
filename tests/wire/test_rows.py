"""A link that somebody wrote into the database, over the wire: it is nobody's, and security hears whose it was made."""

import sqlite3
from contextlib import closing


async def test_a_link_that_was_put_under_somebody_else_speaks_for_nobody(world):
    """T-9, SL-3: the running bot signs and looks; the alert comes by itself."""
    assert world.app.database.signs
    with closing(sqlite3.connect(world.settings.database.path, timeout=5)) as store, store:
        changed = store.execute("UPDATE links SET account = 'p-alan' WHERE slack_user = 'U0EVE'")
        assert changed.rowcount == 1
    await world.person("eve").say("what access do I have?")
    alert = await world.person("alan").sees("Not written by Wicket", channel=world.channel("security"))
    assert alert.says("a link to a Slack account, Alan Turing (alan)")
    assert "question.asked done" not in await world.actions()
    assert "row.refused refused" in await world.actions()
