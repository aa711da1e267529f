"""A scene about the help desk: Konrad unlocks, starts a reset and has access checked again; Bob tries what he must not.

It acts through Slack, and by the directory's keepers where somebody is locked out; it changes no row of Wicket's.
"""

from bot.demo.workspace.person import PersonClient
from tests.browser.gallery.security import told
from tests.browser.gallery.studio import Studio
from tests.wire.steps import ask


async def help_desk(it: Studio) -> None:
    """Each act, as the helper sees it and as whom it is about reads of it."""
    ada, bob, konrad = it.person("ada"), it.person("bob"), it.person("konrad")
    await it.world.directory.change_account("p-ada", locked=True)
    said = await konrad.say("unlock ada for INC-1234")
    await it.take("answer-help-desk", "konrad", await konrad.sees("with a ticket", after=said.ts))
    await konrad.slash("/wicket", "unlock @ada for INC-1234")
    await _sent(it, "form-help-unlock", konrad, "rang from the desk phone, locked out after a new phone")
    await it.take_form("form-helped", "konrad")
    await konrad.close_view()
    await it.take("notice-help-unlocked", "ada", await ada.sees("of the help desk unlocked your account"))
    await konrad.slash("/wicket", "start a reset for @ada for INC-1234")
    await _sent(it, "form-help-reset", konrad, "forgot it over the holidays")
    await konrad.close_view()
    await it.take("notice-help-reset", "ada", await ada.sees("started a password reset for you"))
    await ask(ada, "I need grafana-edit for 2h because INC-4711")
    await ada.sees("✅ grafana-edit")
    await it.world.directory.take_from_group("grafana-editors", "p-ada")
    await konrad.slash("/wicket", "check @ada's access again, ticket INC-1240")
    await _sent(it, "form-help-recheck", konrad, "the dashboards are gone for her")
    await it.take_form("form-rechecked", "konrad")
    await konrad.close_view()
    await it.take("notice-rechecked", "ada", await ada.sees("had your access checked again"))
    await bob.slash("/wicket", "unlock @konrad for INC-1234")
    form = await bob.sees_view("They are told at once")
    await bob.submit(form, {"rationale": "he asked me to"})
    await bob.sees_view("administrative power")
    await it.take_form("form-help-refused", "bob")
    await told(it, "alert-helping", "who has administrative power")


async def _sent(it: Studio, name: str, who: PersonClient, why: str) -> None:
    form = await who.sees_view("They are told at once")
    await who.choose(form, "rationale", why)
    await it.take_form(name, "konrad")
    await who.submit(form)
