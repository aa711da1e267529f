"""Scenes about petitions: asked, decided by two people, waited for, used, and stopped.

They act through Slack and the secure page, and change no row.
"""

import re

import pyotp

from bot.demo.company import LOVELACE
from tests.browser.gallery.studio import Studio
from tests.wire.steps import SECURITY
from tests.wire.test_petitions import DESK, TITLE, approve, opens, prove

WORDS = "My phone fell into the Thames this morning, and my recovery codes were in its bag"


async def a_petition(it: Studio) -> None:
    """Ada lost all her proofs: from the asking to new ones."""
    ada, alan, bob = it.person("ada"), it.person("alan"), it.person("bob")
    said = await ada.say("I lost my phone")
    lost = await ada.sees("Ask two people", after=said.ts)
    await it.take("answer-lost", "ada", lost)
    await ada.click(lost, "petition.proofs")
    form = await ada.sees_view("Ask two people")
    await ada.choose(form, "justification", WORDS)
    await it.take_form("form-petition", "ada")
    await ada.submit(form)
    await it.take("petition-asked", "ada", await ada.sees("You asked two people"))
    petition = await alan.sees(TITLE["proofs"], "[Approve", channel=DESK)
    await it.take("petition-to-decide", "alan", petition, channel=DESK)
    await alan.click(petition, "petition.approve")
    first = await alan.sees("Before you approve, show on the secure page who you are")
    await it.take("private-prove-first", "alan", first)
    await prove(it.world, "alan", first.link("Prove who I am"))
    await alan.click(petition, "petition.approve")
    form = await alan.sees_view("Approve petition")
    await alan.choose(form, "rationale", "She came by; I have known her for six years")
    await it.take_form("form-attest", "alan")
    await alan.submit(form)
    await it.world.told()
    it.world.clock.skip(minutes=9)
    await approve(it.world, "bob", "proofs", DESK, "We spoke on a call, and I called her at home")
    waits = await ada.sees("said that it is you. It opens")
    await it.world.told()
    await it.take("petition-approved", "ada", waits)
    decided = await bob.sees(TITLE["proofs"], "Approved.", channel=DESK)
    await it.take("petition-decided", "bob", decided, channel=DESK)
    await opens(it.world)
    opened = await ada.sees("Your page is open until")
    await it.world.told()
    await it.take("petition-open", "ada", opened)
    await it.page.goto(opened.link("Continue securely"))
    await it.page.get_by_label("The password you have now").fill(LOVELACE.person("ada").password)
    await it.page.get_by_role("button", name="Continue with my password").click()
    key = re.search(r"secret=([A-Z2-7]+)", await it.page.content())
    assert key is not None
    code = pyotp.TOTP(key[1]).at(it.world.clock.now())
    await it.page.get_by_label("Code that the new key gives").fill(code)
    await it.page.get_by_role("button", name="Confirm").click()
    await it.take("petition-used", "ada", await ada.sees("All that you had before prove nothing any more"))


async def a_privileged_petition(it: Studio) -> None:
    """Konrad may not reset his password alone; his petition is told, and denied."""
    konrad, alan = it.person("konrad"), it.person("alan")
    said = await konrad.say("reset my password")
    alone = await konrad.sees("Ask two people", after=said.ts)
    await it.take("answer-not-alone", "konrad", alone)
    await konrad.click(alone, "petition.password")
    form = await konrad.sees_view("Ask two people")
    await konrad.submit(form, {"justification": "Forgot it over the holidays"})
    told = await alan.sees("Petition for a privileged account", channel=SECURITY)
    await it.take("alert-petition", "alan", told, channel=SECURITY)
    petition = await alan.sees(TITLE["password"], "[Deny", channel=SECURITY)
    await alan.click(petition, "petition.deny")
    form = await alan.sees_view("Deny petition")
    await alan.choose(form, "rationale", "I called him: he did not ask")
    await it.take_form("form-deny-petition", "alan")
    await alan.submit(form)
    await it.take("petition-denied", "konrad", await konrad.sees("Your petition was denied"))
    denied = await alan.sees(TITLE["password"], "Denied", channel=SECURITY)
    await it.take("petition-denied-decided", "alan", denied, channel=SECURITY)
