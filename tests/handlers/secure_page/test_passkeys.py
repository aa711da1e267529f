"""Passkeys as proofs: shown once for one challenge, by their own person, and never after a copy of them showed up."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from handlers.secure_page.adding import NOT_MADE, Made
from handlers.secure_page.ceremonies import LONGEST_ANSWER, relying_party
from handlers.secure_page.looking import Step
from handlers.secure_page.passkeys import MOST_CHALLENGES
from handlers.secure_page.visits import Done, NotYet, Over, Proven, Refused, Visitor
from storage.records import Challenge, Failures, Passkey
from storage.states import Purpose
from tests.handlers.page_ground import NEW_PASSWORD, World, world
from tests.handlers.passkey_ground import ORIGIN, cared, made, opened, shows
from tests.soft_authenticator import BE, BS, ES512, UP, UV, Authenticator, Lies, unb64


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[World]:
    """The secure page and its people."""
    async with world(tmp_path) as ground:
        yield ground


async def _passkey(page: World) -> Passkey:
    (row,) = await page.rows(Passkey)
    assert isinstance(row, Passkey)
    return row


@pytest.mark.parametrize(
    ("address", "party"),
    [
        ("https://wicket.example.com", ("wicket.example.com", "https://wicket.example.com")),
        ("https://Wicket.Example.com:443/", ("wicket.example.com", "https://wicket.example.com")),
        ("https://wicket.example.com:8443", ("wicket.example.com", "https://wicket.example.com:8443")),
        ("http://localhost:8765", ("localhost", "http://localhost:8765")),
        ("http://wicket.localhost:8765", ("wicket.localhost", "http://wicket.localhost:8765")),
        ("http://not-localhost:8765", None),
        ("http://127.0.0.1:8765", None),
        ("https://[::1]", None),
        ("http://wicket.example.com", None),
    ],
)
def test_whose_passkeys_they_are_comes_from_the_settings(address: str, party: tuple[str, str] | None) -> None:
    """P-11: and where browsers have no passkeys, none are offered."""
    found = relying_party(address)
    assert (found and (found.id, found.origin)) == party


async def test_a_passkey_leads_to_a_new_password(page: World) -> None:
    device = await made(page, await cared(page))
    visitor = await opened(page)
    assert (await page.looking.look(visitor)).passkeys
    proven = await shows(page, visitor, device)
    assert isinstance(proven, Proven)
    visitor = replace(visitor, session=proven.session)
    assert await page.passwords.choose(visitor, NEW_PASSWORD, NEW_PASSWORD) == Done()
    given = [entry for entry in await page.audit() if entry["action"] == "proof.given"][-1]
    assert (given["facts"]["proofs"], given["policy"]["ids"]) == (["passkey"], ["reset-with-passkey"])


async def test_a_passkey_unlocks(page: World) -> None:
    device = await made(page, await cared(page))
    await page.local.change_account("ada", locked=True)
    visitor = await opened(page, Purpose.UNLOCK)
    proven = await shows(page, visitor, device)
    assert isinstance(proven, Proven)
    assert await page.passwords.unlock(replace(visitor, session=proven.session)) == Done()


async def test_a_passkey_is_the_old_proof_that_a_new_authenticator_needs(page: World) -> None:
    device = await made(page, await cared(page))
    visitor = await opened(page, Purpose.ENROL)
    signed_in = await page.enrolment.sign_in(visitor, "an old password of ours")
    assert isinstance(signed_in, Proven)
    visitor = replace(visitor, session=signed_in.session)
    look = await page.looking.look(visitor)
    assert (look.step, look.passkeys) == (Step.PROVE_OLD, True)
    proven = await shows(page, visitor, device)
    assert isinstance(proven, Proven)
    visitor = replace(visitor, session=proven.session)
    await page.enrolment.offer_key(visitor)
    assert (await page.looking.look(visitor)).step == Step.NEW_KEY


async def test_without_the_password_no_passkey_is_asked_for_where_both_are_needed(page: World) -> None:
    await made(page, await cared(page))
    assert await page.passkeys.ask(await opened(page, Purpose.CARE)) is None
    assert await page.passkeys.ask(await opened(page, Purpose.LINK)) is None


async def test_who_has_no_passkey_is_offered_none(page: World) -> None:
    visitor = await opened(page)
    assert not (await page.looking.look(visitor)).passkeys
    assert await page.passkeys.ask(visitor) is None
    assert await page.rows(Challenge) == []


async def test_what_is_asked_of_the_browser(page: World) -> None:
    """P-11: user verification required, discoverable preferred, a fresh challenge of 32 bytes, no attestation."""
    visitor = await cared(page)
    options = await page.adding.ask_passkey(visitor)
    assert options is not None
    assert options["rp"]["id"] == "wicket.example.com"
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["authenticatorSelection"]["residentKey"] == "preferred"
    assert options["attestation"] == "none"
    assert [each["alg"] for each in options["pubKeyCredParams"]] == [-8, -7, -257]
    assert "ada" not in unb64(options["user"]["id"]).decode("latin-1")
    device = await made(page, visitor)
    again = await page.adding.ask_passkey(visitor)
    assert again is not None
    assert again["user"]["id"] == options["user"]["id"] or unb64(again["user"]["id"]) == device.user_handle
    assert len(again["excludeCredentials"]) == 1
    asked = [await page.passkeys.ask(await opened(page)) for _ in range(2)]
    challenges = {options["challenge"], *(each["challenge"] for each in asked if each)}
    assert len(challenges) == 3
    assert {len(unb64(each)) for each in challenges} == {32}
    assert asked[0] is not None
    assert (asked[0]["userVerification"], asked[0]["rpId"]) == ("required", "wicket.example.com")


async def test_what_an_authenticator_says_of_itself_is_kept(page: World) -> None:
    """P-11: sign count, backup eligibility and state, as first made and as last shown."""
    device = await made(page, await cared(page), synced=True)
    row = await _passkey(page)
    assert (row.backup_eligible, row.backed_up, row.sign_count, row.used_at) == (True, True, 0, None)
    assert row.user_handle
    await shows(page, await opened(page), device, Lies(flags=UP | UV | BE))
    row = await _passkey(page)
    assert (row.backup_eligible, row.backed_up, row.sign_count) == (True, False, 1)
    assert row.used_at == page.clock()


WRONG = {
    "wrong origin": Lies(origin="https://wicket.example.org"),
    "a host below ours": Lies(origin="https://evil.wicket.example.com"),
    "another port": Lies(origin="https://wicket.example.com:8443"),
    "wrong rp id": Lies(rp_id="example.com"),
    "no user verification": Lies(flags=UP),
    "nobody there": Lies(flags=UV),
    "in a frame of another site": Lies(cross_origin=True),
    "the other ceremony": Lies(kind="webauthn.create"),
    "a challenge of their own": Lies(challenge="A" * 43),
    "another person's handle": Lies(user_handle=b"x" * 32),
    "another credential": Lies(credential=b"x" * 32),
    "a bad signature": Lies(break_signature=True),
    "synced all at once": Lies(flags=UP | UV | BE | BS),
    "backed up, and cannot be": Lies(flags=UP | UV | BS),
}


@pytest.mark.parametrize("lies", WRONG.values(), ids=WRONG)
async def test_whatever_is_wrong_with_it_refuses_alike(page: World, lies: Lies) -> None:
    """P-9, P-11: and counts as a wrong proof (P-7)."""
    device = await made(page, await cared(page))
    assert await shows(page, await opened(page), device, lies) == Refused()
    assert (await page.audited("proof.given"))[-1] == ("refused", "wrong")
    assert [row.count for row in await page.rows(Failures) if row.account == "ada"] == [1]
    assert (await _passkey(page)).used_at is None
    assert await page.exceptions() == []
    assert isinstance(await shows(page, await opened(page), device), Proven)


async def test_an_answer_works_once(page: World) -> None:
    """A replay: the same answer, at the same link and the same browser."""
    device = await made(page, await cared(page))
    visitor = await opened(page)
    options = await page.passkeys.ask(visitor)
    assert options is not None
    answer = device.show(options)
    assert isinstance(await page.passkeys.show(visitor, answer), Proven)
    assert await page.passkeys.show(visitor, answer) == Refused()
    assert await page.exceptions() == []


async def test_an_answer_longer_than_any_real_one_is_not_even_read(page: World) -> None:
    """So its challenge is left for the real one."""
    device = await made(page, await cared(page))
    visitor = await opened(page)
    options = await page.passkeys.ask(visitor)
    assert options is not None
    answer = device.show(options)
    assert await page.passkeys.show(visitor, answer + " " * LONGEST_ANSWER) == Refused()
    assert isinstance(await page.passkeys.show(visitor, answer), Proven)


async def test_a_challenge_is_taken_by_a_wrong_answer_too(page: World) -> None:
    device = await made(page, await cared(page))
    visitor = await opened(page)
    options = await page.passkeys.ask(visitor)
    assert options is not None
    assert await page.passkeys.show(visitor, device.show(options, Lies(flags=UP))) == Refused()
    assert await page.passkeys.show(visitor, device.show(options)) == Refused()


async def test_a_challenge_belongs_to_its_link_and_its_browser(page: World) -> None:
    device = await made(page, await cared(page))
    visitor, other_link = await opened(page), await opened(page)
    other_browser = replace(visitor, form_cookie="C" * 43)
    for thief in (other_link, other_browser):
        options = await page.passkeys.ask(visitor)
        assert options is not None
        assert await page.passkeys.show(thief, device.show(options)) == Refused()


async def test_a_challenge_to_make_one_is_none_to_show_one(page: World) -> None:
    visitor = await cared(page)
    device = await made(page, visitor)
    making = await page.adding.ask_passkey(visitor)
    assert making is not None
    asked = {"rpId": making["rp"]["id"], "challenge": making["challenge"]}
    assert await page.passkeys.show(visitor, device.show(asked)) == Refused()


async def test_an_old_challenge_is_over(page: World) -> None:
    device = await made(page, await cared(page))
    visitor = await opened(page)
    options = await page.passkeys.ask(visitor)
    assert options is not None
    page.clock.forward(minutes=5)
    assert await page.passkeys.show(visitor, device.show(options)) == Refused()


async def test_a_challenge_that_was_made_younger_in_the_database_is_none(page: World) -> None:
    """T-9."""
    device = await made(page, await cared(page))
    visitor = await opened(page)
    options = await page.passkeys.ask(visitor)
    assert options is not None
    page.clock.forward(minutes=5)
    by_hand = text("UPDATE challenges SET expires_at = expires_at * 2")
    await page.ground.database.write(lambda tx: tx.connection().execute(by_hand) and None)
    assert await page.passkeys.show(visitor, device.show(options)) == Refused()


async def test_a_passkey_that_was_given_to_another_in_the_database_proves_nothing(page: World) -> None:
    """T-9: whoever can write there puts a key of their own beside another's name."""
    await made(page, await cared(page, "bob"))
    by_hand = text("UPDATE passkeys SET account = 'ada'")
    await page.ground.database.write(lambda tx: tx.connection().execute(by_hand) and None)
    assert await page.passkeys.ask(await opened(page)) is None


async def test_another_persons_passkey_proves_nothing(page: World) -> None:
    await made(page, await cared(page))
    bobs = await made(page, await cared(page, "bob"))
    assert await shows(page, await opened(page), bobs) == Refused()
    assert isinstance(await shows(page, await opened(page, account="bob"), bobs), Proven)


async def test_a_count_that_goes_back_stops_the_passkey_and_is_told(page: World) -> None:
    """P-11: a clone; nobody can say which of the two is the person's."""
    device = await made(page, await cared(page), name="key *on* my ring")
    clone = device.copy()
    assert isinstance(await shows(page, await opened(page), device), Proven)
    assert isinstance(await shows(page, await opened(page), device), Proven)
    assert await shows(page, await opened(page), clone) == Refused()
    assert await page.exceptions() == ["cloned-passkey"]
    assert (await _passkey(page)).stopped_at == page.clock()
    visitor = await opened(page)
    assert await page.passkeys.ask(visitor) is None
    changed = [entry for entry in await page.audit() if entry["action"] == "proofs.changed"][-1]
    facts = {"what": "passkey-stopped", "count_before": 2, "count_shown": 1}
    assert facts.items() <= changed["facts"].items()
    assert changed["actor"]["type"] == "wicket"
    assert [courier for courier, kind, _ in await page.told() if kind == "proofs-changed"][-2:] == [
        "slack",
        "mail",
    ]
    # It is no way to begin anew with the password alone.
    assert (await page.looking.look(await cared_by_password(page))).step == Step.PROVE_OLD


@pytest.mark.parametrize("count", [0, 1])
async def test_a_count_that_ends_or_stays_stops_the_passkey_and_is_told_as_well(
    page: World, count: int
) -> None:
    """P-11: a copy in something that counts nothing, or one that was shown as often."""
    device = await made(page, await cared(page))
    assert isinstance(await shows(page, await opened(page), device), Proven)
    assert await shows(page, await opened(page), device, Lies(count=count)) == Refused()
    assert await page.exceptions() == ["cloned-passkey"]
    assert (await _passkey(page)).stopped_at == page.clock()


async def cared_by_password(page: World) -> Visitor:
    visitor = await opened(page, Purpose.CARE)
    signed_in = await page.enrolment.sign_in(visitor, "an old password of ours")
    assert isinstance(signed_in, Proven)
    return replace(visitor, session=signed_in.session)


async def test_a_count_without_a_right_signature_stops_nothing(page: World) -> None:
    """Otherwise anybody with a link could stop somebody's passkey."""
    device = await made(page, await cared(page))
    assert isinstance(await shows(page, await opened(page), device), Proven)
    lies = Lies(count=0, break_signature=True)
    assert await shows(page, await opened(page), device, lies) == Refused()
    assert await page.exceptions() == []
    assert isinstance(await shows(page, await opened(page), device), Proven)


async def test_an_authenticator_that_never_counts_is_fine(page: World) -> None:
    device = await made(page, await cared(page), synced=True, counts=False)
    for _ in range(3):
        assert isinstance(await shows(page, await opened(page), device), Proven)


async def test_asking_again_and_again_ends_with_the_link(page: World) -> None:
    await made(page, await cared(page))
    visitor = await opened(page)
    asked = [await page.passkeys.ask(visitor) for _ in range(MOST_CHALLENGES + 1)]
    assert [each is None for each in asked] == [False] * MOST_CHALLENGES + [True]
    assert await page.passkeys.ask(await opened(page)) is not None


async def test_a_browser_without_its_cookie_gets_no_challenge(page: World) -> None:
    await made(page, await cared(page))
    assert await page.passkeys.ask(replace(await opened(page), form_cookie="")) is None


MADE_WRONG = {
    key: WRONG[key] for key in ("wrong origin", "wrong rp id", "no user verification", "nobody there")
} | {
    "in a frame": Lies(cross_origin=True),
    "the other ceremony": Lies(kind="webauthn.get"),
    "an algorithm that was not offered": Lies(alg=ES512),
    "an id that is not its own": Lies(credential=b"x" * 32),
    "a challenge of their own": Lies(challenge="A" * 43),
}


@pytest.mark.parametrize("lies", MADE_WRONG.values(), ids=MADE_WRONG)
async def test_a_passkey_made_wrongly_is_not_kept(page: World, lies: Lies) -> None:
    visitor = await cared(page)
    options = await page.adding.ask_passkey(visitor)
    assert options is not None
    device = Authenticator(origin=ORIGIN)
    told = await page.told()
    assert await page.adding.add_passkey(visitor, device.make(options, lies), "") == NotYet(reason=NOT_MADE)
    assert await page.rows(Passkey) == []
    assert await page.told() == told


async def test_a_registration_is_made_once(page: World) -> None:
    visitor = await cared(page)
    options = await page.adding.ask_passkey(visitor)
    assert options is not None
    answer = Authenticator(origin=ORIGIN).make(options)
    assert isinstance(await page.adding.add_passkey(visitor, answer, ""), Made)
    assert await page.adding.add_passkey(visitor, answer, "") == NotYet(reason=NOT_MADE)
    assert len(await page.rows(Passkey)) == 1


async def test_nobody_makes_a_passkey_by_a_link_alone(page: World) -> None:
    visitor = await cared(page)
    options = await page.adding.ask_passkey(visitor)
    assert options is not None
    thief = replace(visitor, session="")
    assert await page.adding.ask_passkey(thief) is None
    assert await page.adding.add_passkey(thief, Authenticator(origin=ORIGIN).make(options), "") == Over()


NONSENSE = {
    "nothing": "",
    "no json": "{",
    "a list": "[]",
    "deep": "[" * 6000,
    "numbers": json.dumps({"id": 1, "rawId": 2, "type": 3, "response": 4}),
    "no response": json.dumps({"id": "AA", "rawId": "AA", "type": "public-key"}),
    "no base64": json.dumps(
        {
            "id": "é", "rawId": "é", "type": "public-key",
            "response": {"clientDataJSON": "é", "authenticatorData": "é", "signature": "é", "attestationObject": "é"},
        }
    ),
    "client data of a list": json.dumps(
        {
            "id": "AA", "rawId": "AA", "type": "public-key",
            "response": {
                "clientDataJSON": "W10", "authenticatorData": "AA", "signature": "AA", "attestationObject": "AA",
            },
        }
    ),
    "too long": json.dumps({"id": "A" * 13_000}),
    "half a character": "\ud800",
}  # fmt: skip


@pytest.mark.parametrize("text", NONSENSE.values(), ids=NONSENSE)
async def test_nonsense_is_refused_without_harm(page: World, text: str) -> None:
    visitor = await cared(page)
    await made(page, visitor)
    assert await page.passkeys.show(await opened(page), text) == Refused()
    assert await page.adding.add_passkey(visitor, text, "") == NotYet(reason=NOT_MADE)
