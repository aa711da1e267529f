"""The clicks that ask what happened with something, and that turn the pages of the answer.

A button's value is an id to look up; who may read it is asked anew for each page.
"""

from collections.abc import Callable

from bot.slack.actions import Action
from bot.slack.forms.story import page_of, story_form
from bot.slack.incoming import Buttons, Click, text
from bot.slack.messages.freezes import gone_text
from bot.slack.replies import Replies
from bot.stories.reading import step_of
from bot.stories.telling import Page
from bot.texts import as_told
from handlers.decisions.cedar import CedarPolicy
from handlers.intents import AskStory
from handlers.outcomes import NotAllowed, Unknown
from handlers.questions.what_happened import Story, WhatHappened
from handlers.rules.holding import Rules


class StoryClicks:
    """Opens the story, or shows another page of it where it is open. rules: whose reasons explain what they decided."""

    def __init__(self, happened: WhatHappened, *, rules: Callable[[], Rules], replies: Replies) -> None:
        self._happened, self._rules, self._replies = happened, rules, replies
        self.table: Buttons = dict.fromkeys(
            (Action.STORY, Action.STORY_OF_ALERT, Action.STORY_EARLIER, Action.STORY_LATER), self._tell
        )

    async def _tell(self, click: Click) -> None:
        about, page = page_of(click.value)
        outcome = await self._happened.look(AskStory(**click.origin, about=about, page=page))
        match outcome:
            case Story():
                await self._show(click, outcome)
            case NotAllowed(reasons=(why, *_)):
                self._replies.answer(click, as_told(why))
            case Unknown():
                self._replies.answer(click, gone_text(outcome))

    async def _show(self, click: Click, story: Story) -> None:
        page = Page(
            about=story.about, correlation=story.correlation, page=story.page, pages=story.pages,
            entries=story.entries, steps=tuple(
                step_of(row, story.names, withheld=row.id in story.withheld) for row in story.rows
            ),
            archived=story.archived,
        )  # fmt: skip
        policy = self._rules().policy
        notes = policy.notes if isinstance(policy, CedarPolicy) else {}
        reasons = {name: note.reason for name, note in notes.items()}
        view = story_form(page, policy_set=policy.policy_set, reasons=reasons)
        form = text(click.form.get("id")) if click.form.get("type") == "modal" else ""
        if form:
            await self._replies.update_form(form, text(click.form.get("hash")), view)
        else:
            await self._replies.form_or_word(click, view)
