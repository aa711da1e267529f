"""Signing in at the provider as a proof (P-1): right once, for this visit and this browser, and no lie is believed."""

import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey, RSAKey
from sqlalchemy import text
from sqlmodel import Session

from handlers.intents import Where
from handlers.secure_page.enrolment import Codes
from handlers.secure_page.looking import Step
from handlers.secure_page.signing_in import MOST, Back, forget_subject
from handlers.secure_page.visits import Done, Over, Proven, Refused, Visitor
from storage.faults import ProviderUnavailable
from storage.handles import close_all
from storage.oidc.provider import Provider
from storage.records import ExceptionRecord, Failures, Link, Subject
from storage.states import Purpose
from tests.handlers.page_ground import NEW_PASSWORD
from tests.oidc.provider import Lies, StandIn, Who, hmac_with_public, new_key, unsigned
from tests.oidc.visits import COOKIE, Visits, client_of, visits


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Visits]:
    """The page, and a provider that tells the truth."""
    async with visits(tmp_path) as made:
        yield made


async def test_a_sign_in_just_now_lets_choose_a_new_password(page: Visits) -> None:
    """P-1."""
    visitor, address = await page.gone()
    proven = await page.back(visitor, address)
    assert isinstance(proven, Proven)
    there = Visitor(text=visitor.text, session=proven.session)
    assert isinstance(await page.world.passwords.choose(there, NEW_PASSWORD, NEW_PASSWORD), Done)
    given = [entry for entry in await page.world.audit() if entry["action"] == "proof.given"][-1]
    assert given["facts"]["proofs"] == ["sign_in", "sign_in_apart"]


async def test_where_the_provider_checks_the_same_password_it_resets_nothing(tmp_path: Path) -> None:
    """It is not offered, and a form that asks for it all the same is refused."""
    async with visits(tmp_path, apart=False) as page:
        assert page.sign_ins.offered(Purpose.RESET, Step.PROVE) == ""
        assert page.sign_ins.offered(Purpose.UNLOCK, Step.PROVE) == "Example sign-in"
        assert await page.sign_ins.begin(await page.world.opened(Purpose.RESET), COOKIE) is None
        assert await page.world.audited("sign_in.begun") == [("refused", "not_offered")]


async def test_the_link_and_the_proofs_can_be_set_up_by_it(page: Visits) -> None:
    bob, address = await page.gone(Purpose.ENROL, "bob")
    page.provider.who = Who(sub="s-bob", claims={"employee": "bob"})
    proven = await page.back(bob, address)
    assert isinstance(proven, Proven)
    there = Visitor(text=bob.text, session=proven.session)
    await page.world.enrolment.offer_key(there)
    assert (await page.world.looking.look(there)).key is not None


async def test_ones_proofs_are_looked_after_by_it_as_by_the_password(page: Visits) -> None:
    """P-1: whoever has proofs shows one of them besides."""
    for account, step in (("bob", Step.CARE), ("ada", Step.PROVE_OLD)):
        page.provider.who = Who(sub=f"s-{account}", claims={"employee": account})
        visitor, address = await page.gone(Purpose.CARE, account)
        proven = await page.back(visitor, address)
        assert isinstance(proven, Proven)
        there = Visitor(text=visitor.text, session=proven.session)
        assert (await page.world.looking.look(there)).step == step
        assert isinstance(await page.world.adding.new_codes(there), Codes if account == "bob" else Over)


async def test_a_slack_account_is_linked_by_it(page: Visits) -> None:
    await page.world.local.add_account("cy", login="cyr", name="Cy", mail="cy@example.com", password="x" * 20)
    page.provider.who = Who(sub="s-cy", claims={"employee": "cy"})
    assert isinstance(await page.signs_in(Purpose.LINK, "cy"), Proven)
    assert "cy" in [link.account for link in await page.world.rows(Link)]


LIES: dict[str, tuple[str, Lies]] = {
    "other issuer": ("iss", Lies(claims={"iss": "https://evil.example.com"})),
    "issuer with a slash": ("iss", Lies(claims={"iss": "http://127.0.0.1/"})),
    "for somebody else": ("aud", Lies(claims={"aud": "another-app"})),
    "for others as well": ("aud", Lies(claims={"aud": ["wicket", "another-app"], "azp": "wicket"})),
    "for nobody": ("aud", Lies(claims={"aud": None})),
    "given to another": ("azp", Lies(claims={"azp": "another-app"})),
    "over": ("exp", Lies(claims={"exp": 1_000})),
    "without an end": ("exp", Lies(claims={"exp": None})),
    "an end that is no time": ("exp", Lies(claims={"exp": True})),
    "an endless end": ("exp", Lies(claims={"exp": float("inf")})),
    "made long ago": ("iat", Lies(claims={"iat": 1_000})),
    "made in the future": ("iat", Lies(claims={"iat": 4_000_000_000})),
    "not yet": ("nbf", Lies(claims={"nbf": 4_000_000_000})),
    "of another visit": ("nonce", Lies(claims={"nonce": "x" * 43})),
    "of no visit": ("nonce", Lies(claims={"nonce": None})),
    "of nobody": ("sub", Lies(claims={"sub": None})),
    "an empty subject": ("sub", Lies(claims={"sub": ""})),
    "a long subject": ("sub", Lies(claims={"sub": "s" * 256})),
    "a subject that is a list": ("sub", Lies(claims={"sub": ["s-ada"]})),
    "without saying how": ("acr", Lies(claims={"acr": None})),
    "by a password alone": ("acr", Lies(claims={"acr": "pwd"})),
    "in both ways": ("acr", Lies(claims={"acr": ["phr", "pwd"]})),
    "without saying when": ("auth_time", Lies(claims={"auth_time": None})),
    "hours ago": ("auth_time", Lies(claims={"auth_time": 1_000})),
    "in the future": ("auth_time", Lies(claims={"auth_time": 4_000_000_000})),
    "unsigned": ("signature", Lies(token=unsigned)),
    "changed after signing": ("signature", Lies(token=lambda token: token[:-6] + "AAAAAA")),
    "signed by a stranger": ("signature", Lies(signed_by=lambda: new_key("one"))),
    "not a token": ("signature", Lies(token=lambda _: "not a token")),
    "no token": ("malformed", Lies(token=lambda _: "é")),
    "a huge token": ("malformed", Lies(token=lambda token: token + "A" * 20_000)),
    "a token of another kind": ("typ", Lies(header={"typ": "logout+jwt"})),
    "a critical header": ("signature", Lies(header={"crit": ["b64"], "b64": True})),
    "an unknown key": ("key", Lies(signed_by=lambda: new_key("two"))),
    "not json": ("malformed", Lies(body={"token": b"{"})),
}  # fmt: skip


@pytest.mark.parametrize("about", sorted({why for why, _ in LIES.values()}))
async def test_no_lie_of_a_token_is_believed(page: Visits, about: str) -> None:
    """P-1; each is refused in the same way, and the record says which it was."""
    lies = {name: lies for name, (why, lies) in LIES.items() if why == about}
    for name, page.provider.lies in lies.items():
        before = len(await page.world.audited("proof.given"))
        assert isinstance(await page.signs_in(), Refused), name
        assert len(await page.world.audited("proof.given")) > before, name
        assert await page.why() == about, name
    assert await page.world.rows(Subject) == []


async def test_a_public_key_is_no_secret_to_sign_with(page: Visits) -> None:
    """HS256 with what is published, where RS256 is expected."""
    key = page.provider.keys[0]
    assert isinstance(key, RSAKey)
    page.provider.lies = Lies(token=lambda token: hmac_with_public(key, token))
    assert isinstance(await page.signs_in(), Refused)
    assert await page.why() == "signature"


async def test_a_short_key_is_no_key(page: Visits) -> None:
    with pytest.warns(UserWarning, match="2048"):
        page.provider.keys = [RSAKey.generate_key(1024, {"kid": "short"})]
    with pytest.raises(ProviderUnavailable):
        await page.signs_in()


async def test_a_private_key_that_is_published_is_no_key(page: Visits) -> None:
    """Whoever read it can sign what they like."""
    published = {"keys": [page.provider.keys[0].as_dict(private=True)]}
    page.provider.lies = Lies(body={"keys": json.dumps(published).encode()})
    with pytest.raises(ProviderUnavailable):
        await page.signs_in()


async def test_an_elliptic_key_serves_as_well(page: Visits) -> None:
    page.provider.keys = [ECKey.generate_key("P-256", {"kid": "ec"})]
    assert isinstance(await page.signs_in(), Proven)


@pytest.mark.parametrize(("ago", "believed"), [(0, True), (50, True), (70, False), (290, False)])
async def test_who_signed_in_before_they_were_asked_to_did_not_sign_in_anew(
    page: Visits, ago: int, believed: bool
) -> None:
    """P-1: `max_age=0` is asked for, and a minute of the clocks' difference is all that is let pass."""
    page.provider.who.ago = ago
    assert isinstance(await page.signs_in(), Proven) == believed


async def test_five_minutes_are_reckoned_from_the_sign_in_itself(page: Visits) -> None:
    """P-1: the minute of the clocks' difference before the asking makes them no longer."""
    visitor, address = await page.gone()
    page.provider.who.ago = 330
    brought = page.brought(address)
    page.world.clock.forward(seconds=290)
    assert isinstance(await page.sign_ins.finish(visitor, brought), Refused)
    assert await page.why() == "auth_time"


async def test_a_sign_in_counts_for_five_minutes(page: Visits) -> None:
    visitor, address = await page.gone()
    brought = page.brought(address)
    page.world.clock.forward(minutes=5)
    assert isinstance(await page.sign_ins.finish(visitor, brought), Refused)
    assert await page.world.audited("sign_in.returned") == [("refused", "late")]


async def _by_hand(page: Visits, statement: str) -> None:
    await page.world.ground.database.write(lambda tx: tx.connection().execute(text(statement)) and None)


async def test_a_sign_in_that_was_made_younger_in_the_database_is_none(page: Visits) -> None:
    """T-9."""
    visitor, address = await page.gone()
    brought = page.brought(address)
    page.world.clock.forward(minutes=5)
    await _by_hand(page, "UPDATE sign_ins SET expires_at = expires_at * 2")
    assert isinstance(await page.sign_ins.finish(visitor, brought), Refused)
    assert await page.world.audited("sign_in.returned") == [("refused", "other_state")]


async def test_a_subject_that_was_given_to_another_in_the_database_proves_nothing(page: Visits) -> None:
    """T-9: they are found pinned so, but not by us."""
    assert isinstance(await page.signs_in(), Proven)
    await _by_hand(page, "UPDATE subjects SET account = 'bob'")
    page.provider.who.claims = {"employee": "bob"}
    assert isinstance(await page.signs_in(Purpose.RESET, "bob"), Refused)
    assert await page.why() == "other_subject"


async def test_the_subject_is_pinned_and_another_one_refuses_and_alerts(page: Visits) -> None:
    """P-1: an account that was deleted and made anew under the same staff number is not the same person."""
    assert isinstance(await page.signs_in(), Proven)
    page.provider.who = replace(page.provider.who, sub="s-new")
    assert isinstance(await page.signs_in(), Refused)
    assert await page.why() == "other_subject"
    alerts = await page.world.rows(ExceptionRecord)
    assert [(each.kind, each.severity) for each in alerts] == [("identity-mismatch", "high")]


async def test_an_operator_lets_a_person_be_known_there_anew(page: Visits) -> None:
    assert isinstance(await page.signs_in(), Proven)
    here = page.world.ground.database

    def forget(tx: Session) -> bool:
        return forget_subject(
            tx, at=page.world.clock(), directory="staff", account="ada", where=Where(transport="cli")
        )

    assert await here.write(forget)
    assert not await here.write(forget)
    assert await page.world.audited("sign_in.forgotten") == [("done", None)]
    page.provider.who = replace(page.provider.who, sub="s-new")
    assert isinstance(await page.signs_in(), Proven)


async def test_a_subject_is_nobody_elses(page: Visits) -> None:
    assert isinstance(await page.signs_in(), Proven)
    page.provider.who.claims = {"employee": "bob"}
    assert isinstance(await page.signs_in(Purpose.RESET, "bob"), Refused)
    assert await page.why() == "other_subject"


@pytest.mark.parametrize(
    "claims", [{"employee": "bob"}, {"employee": "Ada"}, {"employee": ""}, {"employee": 7}, {}]
)
async def test_somebody_else_who_signs_in_proves_nothing(page: Visits, claims: dict[str, Any]) -> None:
    """Compared letter by letter; security hears of it."""
    page.provider.who = Who(sub="s-x", claims=claims)
    assert isinstance(await page.signs_in(), Refused)
    assert await page.why() == "other_person"
    assert await page.world.exceptions() == ["identity-mismatch"]
    assert await page.world.rows(Subject) == []


@pytest.mark.parametrize(
    ("verified", "believed"), [(True, True), (False, False), ("true", False), (None, False)]
)
async def test_a_mail_address_counts_only_where_it_is_verified(
    tmp_path: Path, verified: object, believed: bool
) -> None:
    async with visits(tmp_path, claim="email", matches="mail", scopes="openid email") as page:
        page.provider.who.claims = {"email": "ada@example.com", "email_verified": verified}
        assert isinstance(await page.signs_in(), Proven) == believed


async def test_a_state_works_once(page: Visits) -> None:
    visitor, address = await page.gone()
    brought = page.brought(address)
    assert isinstance(await page.sign_ins.finish(visitor, brought), Proven)
    assert isinstance(await page.sign_ins.finish(visitor, brought), Refused)
    assert (await page.world.audited("sign_in.returned"))[-1] == ("refused", "used_before")
    assert page.provider.asked["token"] == 1


async def test_a_code_of_another_visit_does_not_fit(page: Visits) -> None:
    """An attacker's code put beside the victim's state: the verifier is another one."""
    _, theirs = await page.gone()
    visitor, address = await page.gone()
    stolen = page.provider.signs_in(theirs)["code"]
    assert isinstance(await page.back(visitor, address, code=stolen), Refused)
    assert await page.why() == "code"


async def test_a_state_is_for_its_own_visit(page: Visits) -> None:
    _, theirs = await page.gone()
    visitor, _ = await page.gone()
    assert isinstance(await page.sign_ins.finish(visitor, page.brought(theirs)), Refused)
    assert await page.world.audited("sign_in.returned") == [("refused", "other_state")]


@pytest.mark.parametrize("cookie", ["", "c" * 43])
async def test_a_state_is_for_the_browser_that_went(page: Visits, cookie: str) -> None:
    """Also a login CSRF: the attacker's state and code in the victim's browser."""
    visitor, address = await page.gone()
    brought = page.brought(address)
    assert await page.sign_ins.link_of(brought.state, cookie) is None
    assert isinstance(await page.sign_ins.finish(replace(visitor, browser=cookie), brought), Refused)
    assert await page.world.audited("sign_in.returned") == [("refused", "other_browser")]
    assert "token" not in page.provider.asked


@pytest.mark.parametrize("state", ["", "x", "s-000000000-00000000." + "A" * 43, "é", "s" * 5000])
async def test_a_state_that_we_did_not_make_is_none(page: Visits, state: str) -> None:
    visitor, _ = await page.gone()
    assert await page.sign_ins.link_of(state, COOKIE) is None
    assert isinstance(await page.sign_ins.finish(visitor, Back(state=state, code="x")), Refused)


@pytest.mark.parametrize("issuer", ["https://evil.example.com", ""])
async def test_an_answer_of_another_provider_is_not_taken_to_ours(page: Visits, issuer: str) -> None:
    """Mix-up (RFC 9207): the code is not even sent to our provider."""
    page.provider.lies = Lies(issuer_back=issuer)
    assert isinstance(await page.signs_in(), Refused)
    assert await page.why() == "other_issuer"
    assert "token" not in page.provider.asked


async def test_another_providers_answer_is_not_taken_to_ours_though_ours_need_not_name_itself(
    page: Visits,
) -> None:
    page.provider.lies = Lies(
        issuer_back="https://evil.example.com",
        discovery={"authorization_response_iss_parameter_supported": None},
    )
    assert isinstance(await page.signs_in(), Refused)
    assert await page.why() == "other_issuer"
    assert "token" not in page.provider.asked


async def test_a_provider_that_does_not_name_itself_need_not(page: Visits) -> None:
    page.provider.lies = Lies(
        issuer_back="", discovery={"authorization_response_iss_parameter_supported": None}
    )
    assert isinstance(await page.signs_in(), Proven)


async def test_who_turns_back_at_the_provider_is_counted_for_nothing(page: Visits) -> None:
    visitor, address = await page.gone()
    before = [(row.account, row.count) for row in await page.world.rows(Failures)]
    assert isinstance(await page.back(visitor, address, code="", error="access_denied"), Refused)
    assert await page.world.audited("sign_in.returned") == [("refused", "provider_refused")]
    assert [(row.account, row.count) for row in await page.world.rows(Failures)] == before


async def test_a_sign_in_buys_no_guesses_at_codes(page: Visits) -> None:
    """P-7: nine wrong codes, a right sign-in, and the next wrong code is the tenth."""
    for _ in range(9):
        await page.world.proving.give_totp(await page.world.opened(Purpose.RESET), page.world.wrong_code())
    assert isinstance(await page.signs_in(), Proven)
    await page.world.proving.give_totp(await page.world.opened(Purpose.RESET), page.world.wrong_code())
    assert await page.world.exceptions() == ["page-lockout"]
    assert isinstance(await page.signs_in(), Refused)
    assert await page.why() == "locked"


async def test_a_visit_has_a_few_trips_and_no_more(page: Visits) -> None:
    visitor = await page.world.opened(Purpose.RESET)
    for _ in range(MOST):
        assert await page.sign_ins.begin(visitor, COOKIE) is not None
    assert await page.sign_ins.begin(visitor, COOKIE) is None
    assert (await page.world.audited("sign_in.begun"))[-1] == ("refused", "too_many")


async def test_a_link_whose_time_is_over_sends_nobody_there(page: Visits) -> None:
    visitor = await page.world.opened(Purpose.RESET)
    page.world.clock.forward(hours=24)
    assert await page.sign_ins.begin(visitor, COOKIE) is None
    assert await page.world.audited("sign_in.begun") == [("refused", "link_over")]


async def test_a_stranger_is_sent_there_like_everybody_and_gains_nothing(page: Visits) -> None:
    """P-9: a link of somebody who fits nobody goes the same way."""
    visitor, address = await page.gone(Purpose.RESET, "nobody")
    assert isinstance(await page.back(visitor, address), Refused)
    assert await page.why() == "unknown"


async def test_where_a_stranger_is_sent_does_not_tell_that_somebody_proved_something(page: Visits) -> None:
    """P-9: a visit that was overtaken leads there like any other, and to nothing."""
    visitor = await page.world.opened(Purpose.RESET)
    await page.world.ground.database.write(
        lambda tx: close_all(tx, directory="staff", account="ada", at=page.world.clock())
    )
    there = replace(visitor, browser=COOKIE)
    address = await page.sign_ins.begin(there, COOKIE)
    assert address is not None
    assert isinstance(await page.back(there, address), Refused)
    assert await page.why() == "link_over"


async def test_privileged_people_reset_nothing_by_it(page: Visits) -> None:
    """P-4."""
    await page.world.local.change_account("ada", privileged=True)
    assert isinstance(await page.signs_in(), Refused)
    assert await page.why() == "policy"


# The provider away.


@pytest.mark.parametrize("where", ["discovery", "keys", "token"])
@pytest.mark.parametrize("how", ["hangs", "breaks", "sends elsewhere", "floods"])
async def test_a_provider_that_does_not_answer_is_unknown_and_locks_nobody(
    page: Visits, where: str, how: str
) -> None:
    """Promise 7: within its time, and nobody's fault."""
    page.provider.lies = {
        "hangs": Lies(hangs=frozenset({where})),
        "breaks": Lies(status={where: 500}),
        "sends elsewhere": Lies(redirects=frozenset({where})),
        "floods": Lies(body={where: b'{"a":"' + b"x" * 70_000 + b'"}'}),
    }[how]
    before = [(row.account, row.count) for row in await page.world.rows(Failures)]
    started = time.monotonic()
    with pytest.raises(ProviderUnavailable):
        await page.signs_in()
    assert time.monotonic() - started < 3
    assert [(row.account, row.count) for row in await page.world.rows(Failures)] == before
    if where != "discovery":
        assert await page.world.audited("sign_in.returned") == [("failed", "provider_silent")]


async def test_credentials_that_the_provider_refuses_are_nobodys_fault(page: Visits) -> None:
    page.provider.lies = Lies(status={"token": 401}, body={})
    with pytest.raises(ProviderUnavailable):
        await page.signs_in()


async def test_new_keys_are_asked_for_when_they_are_needed_and_not_more_often(page: Visits) -> None:
    assert isinstance(await page.signs_in(), Proven)
    page.provider.keys.append(new_key("two"))
    page.world.clock.forward(seconds=61)
    assert isinstance(await page.signs_in(), Proven)
    assert page.provider.asked["keys"] == 2
    page.provider.lies = Lies(signed_by=lambda: new_key("three"))
    for _ in range(3):
        assert isinstance(await page.signs_in(), Refused)
    assert page.provider.asked["keys"] == 2


async def test_the_keys_that_are_known_serve_while_no_new_ones_are_to_be_had(page: Visits) -> None:
    assert isinstance(await page.signs_in(), Proven)
    page.world.clock.forward(hours=2)
    page.provider.lies = Lies(status={"keys": 500})
    assert isinstance(await page.signs_in(), Proven)
    page.world.clock.forward(hours=23)
    with pytest.raises(ProviderUnavailable):
        await page.signs_in()


async def test_a_withdrawn_key_signs_nothing_any_more(page: Visits) -> None:
    assert isinstance(await page.signs_in(), Proven)
    withdrawn, page.provider.keys = page.provider.keys[0], [new_key("two")]
    page.world.clock.forward(hours=1, seconds=1)
    page.provider.lies = Lies(signed_by=lambda: withdrawn)
    assert isinstance(await page.signs_in(), Refused)
    assert await page.why() == "key"


async def test_wicket_signs_for_itself_where_it_has_a_key(page: Visits) -> None:
    """private_key_jwt."""
    key = RSAKey.generate_key(2048)
    page.provider.client_key = key
    client = client_of(
        page.provider, auth_method="private_key_jwt", secret=key.as_pem(private=True).decode("ascii")
    )
    page.world.ground = replace(page.world.ground, provider=(provider := Provider(client, page.world.clock)))
    page.sign_ins._ground = page.world.ground
    assert isinstance(await page.signs_in(), Proven)
    await provider.close()


MISFITS: dict[str, dict[str, Any]] = {
    "another name": {"issuer": "https://login.example.com"},
    "a slash more": {"issuer": None},
    "an endpoint elsewhere": {"token_endpoint": "http://127.0.0.2:1/token"},
    "keys elsewhere": {"jwks_uri": "http://127.0.0.2:1/keys"},
    "an endpoint of another kind": {"token_endpoint": "ftp://127.0.0.1/token"},
    "a sign-in elsewhere": {"authorization_endpoint": "http://evil.example.com/authorize"},
    "an address that is none": {"jwks_uri": "http://[x"},
    "no PKCE": {"code_challenge_methods_supported": ["plain"]},
    "no way for us": {"token_endpoint_auth_methods_supported": ["client_secret_post"]},
    "no signature of ours": {"id_token_signing_alg_values_supported": ["HS256", "none"]},
}


@pytest.mark.parametrize("name", MISFITS)
async def test_a_provider_that_does_not_fit_is_not_gone_to(page: Visits, name: str) -> None:
    """Nobody is sent anywhere but to the hosts that the operator wrote down."""
    page.provider.lies = Lies(discovery=MISFITS[name])
    with pytest.raises(ProviderUnavailable):
        await page.gone()


def test_the_secret_is_in_no_repr() -> None:
    stand_in = StandIn(time.time)
    assert "secret" not in repr(client_of(stand_in)).replace("client_secret", "")
