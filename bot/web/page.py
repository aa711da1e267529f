"""The secure page: shows the step a browser has reached, takes one form at a time, and carries it to its handler.

A GET changes and spends nothing; what was typed is never kept, and nothing it answers tells who exists (P-9).
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from aiohttp import web

from bot.metrics import Metrics
from bot.texts import template
from bot.web import endings
from bot.web.addresses import Hourly
from bot.web.caring import CaringForms, PasskeyOptions, answer_in
from bot.web.deeds import (
    FORMS_AN_HOUR,
    NEED_SIX,
    TOO_MUCH,
    Again,
    Answer,
    Deed,
    Onward,
    Sent,
    digits,
    six_digits,
)
from bot.web.forms import FormPages, read_form
from bot.web.front_door import NEED_LOGIN, NOT_FROM_HERE, WAIT, DoorWidth, FrontDoorPage
from bot.web.regaining import NEED_MAILED, NEED_PASSWORD, RegainingForms
from bot.web.rendering import qr_code
from bot.web.signing_in import RETURN_PATH, SigningIn, brought_back
from bot.web.stepping import ending_of
from bot.web.vouching import NOT_YET, WAY, Shown, VouchingForms
from handlers.people.linking import Linking
from handlers.secure_page.adding import Adding
from handlers.secure_page.ceremonies import relying_party
from handlers.secure_page.enrolment import Codes, Enrolment
from handlers.secure_page.looking import Look, Looking, Step
from handlers.secure_page.passkeys import Passkeys
from handlers.secure_page.passwords import NOT_THE_SAME, Passwords
from handlers.secure_page.proving import MAIL_DIGITS, RECOVERY_LENGTH, Proving, plain_recovery_code
from handlers.secure_page.recovering import Pass, Recovering
from handlers.secure_page.regaining import Regaining
from handlers.secure_page.signing_in import SignIns
from handlers.secure_page.visits import NotYet, PageGround, Proven, Refused, Visitor
from handlers.vouching.being_vouched import BeingVouched
from storage.states import Purpose

NEED_RECOVERY = template("Type one recovery code: thirteen letters and digits.")
DID_NOT_WORK = template(
    "That did not work. Check what you typed and try again; a code works once. "
    "If it keeps failing, begin again with a new link."
)
PASSKEY_REFUSED = template(
    "That passkey was not accepted. Try again, or use another way below. "
    "If it keeps failing, ask me in Slack for a new link."
)
SIGN_IN_FAILED = template(
    "That sign-in did not count. Sign in anew as yourself, in the way your company asks for; it works once. "
    "If it keeps failing, show it another way or tell your IT team."
)
RECOVERY = "recovery"
# Each takes its time, whatever the cause (P-9).
_UNIFORM = frozenset({DID_NOT_WORK, PASSKEY_REFUSED, SIGN_IN_FAILED, NOT_YET})

_TEMPLATES: Mapping[Step, str] = {
    Step.PROVE: "prove",
    Step.PROVE_OLD: "prove",
    Step.SIGN_IN: "sign-in",
    Step.LINK: "link",
    Step.CHOOSE: "choose",
    Step.RECOVER: "recover",
    Step.UNLOCK: "unlock",
    Step.NEW_KEY: "new-key",
    Step.REGAIN: "regain",
    Step.NEW_PROOFS: "new-proofs",
    Step.CARE: "care",
}


class SecurePage:
    """public_url: says whether cookies are of the secure kind. floor: seconds that a refusal takes at least (P-9).

    front_door: None keeps it shut.
    """

    def __init__(
        self,
        ground: PageGround,
        *,
        public_url: str,
        metrics: Metrics,
        floor: float = 0.5,
        front_door: DoorWidth | None = None,
    ) -> None:
        self._forms = FormPages(ground.vault, public_url=public_url)
        self._cookies, self._pages = self._forms.cookies, self._forms.pages
        self._metrics, self._floor = metrics, floor
        self._limit = Hourly(FORMS_AN_HOUR, ground.now)
        self._proving = Proving(ground)
        self._passwords = Passwords(ground)
        self._recovering = Recovering(ground)
        self._enrolment = Enrolment(ground)
        self._linking = Linking(ground)
        party = relying_party(public_url)
        self._passkeys, adding = Passkeys(ground, party), Adding(ground, party)
        self._regaining = Regaining(ground, party)
        self._passkey_options = PasskeyOptions(self._passkeys, adding, self._regaining)
        self._looking = Looking(ground, self._enrolment, self._passkeys)
        caring = CaringForms(ground, self._pages, adding=adding, enrolment=self._enrolment, address=_address)
        self._sign_ins = SignIns(ground, self._linking)
        self._signing_in = SigningIn(self._sign_ins, self._forms)
        self._vouching = VouchingForms(BeingVouched(ground), floor=floor)
        self._code_minutes = int(ground.vouching.code_life.total_seconds() // 60) if ground.vouching else 0
        self._start = (
            []
            if front_door is None
            else FrontDoorPage(ground, front_door, forms=self._forms, metrics=metrics, floor=floor).routes()
        )
        self._deeds: Mapping[str, Deed] = {
            "totp": self._give_totp,
            "recovery": self._give_recovery,
            "mail-code": self._send_mail_code,
            "sign-in": self._sign_in,
            "go-to-sign-in": self._go_to_sign_in,
            "signed-in": self._signed_in,
            "link": self._link,
            "choose": self._choose,
            "recover": self._recover,
            "unlock": self._unlock,
            "confirm": self._confirm,
            "passkey": self._give_passkey,
            "vouched": self._give_vouched,
            **self._vouching.table,
            **caring.table,
            **RegainingForms(
                self._regaining, self._proving, self._pages, floor=floor, refused=DID_NOT_WORK
            ).table,
        }

    def routes(self) -> list[web.AbstractRouteDef]:
        """The routes of the page."""
        return [
            web.get(r"/p/{text:[^/]{1,128}}", self.show),
            web.post(r"/p/{text:[^/]{1,128}}", self.take),
            web.post(r"/p/{text:[^/]{1,128}}/passkey", self.ask_passkey),
            web.get(RETURN_PATH, self._signing_in.returned),
            *self._start,
        ]

    async def show(self, request: web.Request) -> web.Response:
        """GET: the step that this browser has reached."""
        visitor = self._visitor(request)
        look, way = await self._looking.look(visitor), _way(request.query.get("way", ""))
        shown = await self._vouching.shown(visitor, look, way)
        return self._render(request, visitor, look, way, shown, query=request.query)

    async def take(self, request: web.Request) -> web.StreamResponse:
        """POST: one form. Answers 303 to the next step, or the same step with what was wrong."""
        until = asyncio.get_running_loop().time() + self._floor
        visitor, fields = self._visitor(request), await read_form(request)
        way = _way(fields.get("way", ""))
        deed = self._deeds.get(fields.get("do", ""))
        if deed is None or not self._forms.is_ours(request, visitor.text, fields):
            self._metrics.request("page", "refused")
            return await self._again(request, visitor, way, Again(errors={"": NOT_FROM_HERE}, kept={}), 403)
        if not self._limit.allows(visitor.text):
            return self._too_much()
        answer = await deed(Sent(visitor=visitor, fields=fields))
        self._metrics.request("page", "refused" if isinstance(answer, Again) else "done")
        if isinstance(answer, web.Response):
            return answer
        if isinstance(answer, Onward):
            return self._onward(visitor, answer)
        if answer.errors.get("") in _UNIFORM:
            await asyncio.sleep(max(0.0, until - asyncio.get_running_loop().time()))
        return await self._again(request, visitor, way, answer, 422)

    async def ask_passkey(self, request: web.Request) -> web.Response:
        """POST, by the script of the page: what its authenticator is to be asked, once for each asking."""
        visitor, fields = self._visitor(request), await read_form(request)
        if not self._forms.is_ours(request, visitor.text, fields):
            self._metrics.request("page", "refused")
            raise web.HTTPForbidden(text=f"{NOT_FROM_HERE}\n")
        if not self._limit.allows(visitor.text):
            return self._too_much()
        return await self._passkey_options.answer(visitor, fields.get("kind", ""))

    # The deeds: each carries one form to its handler.

    async def _give_passkey(self, sent: Sent) -> Answer:
        answer = await self._passkeys.show(sent.visitor, answer_in(sent))
        return await self._proven(sent, answer, refused=PASSKEY_REFUSED)

    async def _give_totp(self, sent: Sent) -> Answer:
        code = six_digits(sent["code"])
        if code is None:
            return Again(errors={"code": NEED_SIX}, kept={})
        return await self._proven(sent, await self._proving.give_totp(sent.visitor, code))

    async def _give_recovery(self, sent: Sent) -> Answer:
        recovery, mailed = sent["recovery"], digits(sent["mailed"], MAIL_DIGITS)
        errors = {}
        if len(plain_recovery_code(recovery)) != RECOVERY_LENGTH:
            errors["recovery"] = NEED_RECOVERY
        if mailed is None:
            errors["mailed"] = NEED_MAILED
        if errors or mailed is None:
            return Again(errors=errors, kept={})
        return await self._proven(sent, await self._proving.give_recovery(sent.visitor, recovery, mailed))

    async def _send_mail_code(self, sent: Sent) -> Answer:
        until = asyncio.get_running_loop().time() + self._floor
        await self._proving.send_mail_code(sent.visitor)
        await asyncio.sleep(max(0.0, until - asyncio.get_running_loop().time()))
        return Onward(query=f"?way={_way(sent['way']) or RECOVERY}&sent=1")

    async def _give_vouched(self, sent: Sent) -> Answer:
        answer = await self._vouching.give(sent)
        return answer if isinstance(answer, Again) else await self._proven(sent, answer, refused=NOT_YET)

    async def _sign_in(self, sent: Sent) -> Answer:
        if not sent["password"]:
            return Again(errors={"password": NEED_PASSWORD}, kept={})
        return await self._proven(sent, await self._enrolment.sign_in(sent.visitor, sent["password"]))

    async def _go_to_sign_in(self, sent: Sent) -> Answer:
        leaving = await self._signing_in.leave(sent.visitor)
        return leaving or Again(errors={"": SIGN_IN_FAILED}, kept={})

    async def _signed_in(self, sent: Sent) -> Answer:
        answer = await self._sign_ins.finish(sent.visitor, brought_back(sent.fields))
        if isinstance(answer, Refused):
            return Again(errors={"": SIGN_IN_FAILED}, kept={})
        return await self._proven(sent, answer)

    async def _link(self, sent: Sent) -> Answer:
        kept = {"login": sent["login"]}
        errors = {} if sent["login"].strip() else {"login": NEED_LOGIN}
        if not sent["password"]:
            errors["password"] = NEED_PASSWORD
        if errors:
            return Again(errors=errors, kept=kept)
        answer = await self._linking.sign_in(sent.visitor, sent["login"], sent["password"])
        if isinstance(answer, Refused):
            return Again(errors={"": DID_NOT_WORK}, kept=kept)
        return Onward(session=answer.session)

    async def _choose(self, sent: Sent) -> Answer:
        answer = await self._passwords.choose(sent.visitor, sent["password"], sent["repeated"])
        if isinstance(answer, NotYet):
            field = "repeated" if answer.reason == NOT_THE_SAME else "password"
            return Again(errors={field: answer.reason}, kept={})
        return Onward()

    async def _recover(self, sent: Sent) -> Answer:
        answer = await self._recovering.recover(sent.visitor)
        if isinstance(answer, NotYet):
            return Again(errors={"": answer.reason}, kept={})
        if isinstance(answer, Pass):
            return self._pages.page("pass", text=answer.text, minutes=answer.minutes)
        return Onward()

    async def _unlock(self, sent: Sent) -> Answer:
        answer = await self._passwords.unlock(sent.visitor)
        return Again(errors={"": answer.reason}, kept={}) if isinstance(answer, NotYet) else Onward()

    async def _confirm(self, sent: Sent) -> Answer:
        code = six_digits(sent["code"])
        if code is None:
            return Again(errors={"code": NEED_SIX}, kept={})
        answer = await self._enrolment.confirm(sent.visitor, code)
        if isinstance(answer, NotYet):
            return Again(errors={"code": answer.reason}, kept={})
        if isinstance(answer, Codes):
            return self._pages.page("codes", codes=answer.codes)
        return Onward()

    async def _proven(self, sent: Sent, answer: Proven | Refused, *, refused: str = DID_NOT_WORK) -> Answer:
        """Proofs were judged: what follows by itself is done at once, an unlock or the making of a new key."""
        if isinstance(answer, Refused):
            return Again(errors={"": refused}, kept={})
        visitor = replace(sent.visitor, session=answer.session)
        look = await self._looking.look(visitor)
        if look.step == Step.UNLOCK:
            await self._passwords.unlock(visitor)
        elif look.purpose == Purpose.ENROL:
            await self._enrolment.offer_key(visitor)
        elif look.step == Step.NEW_PROOFS:
            await self._regaining.offer_key(visitor, session=answer.session)
        return Onward(session=answer.session)

    # The answers.

    def _visitor(self, request: web.Request) -> Visitor:
        cookies = self._cookies
        return Visitor(
            text=request.match_info["text"],
            session=cookies.session(request),
            form_cookie=cookies.form(request),
            browser=cookies.sign_in(request),
        )

    def _onward(self, visitor: Visitor, answer: Onward) -> web.Response:
        # Only ever to the page itself: an address typed by somebody is never followed.
        response = web.Response(status=303, headers={"Location": _address(visitor.text) + answer.query})
        if answer.session:
            self._cookies.set_session(response, answer.session)
        return response

    async def _again(
        self, request: web.Request, visitor: Visitor, way: str, again: Again, status: int
    ) -> web.Response:
        look = await self._looking.look(visitor)
        shown = await self._vouching.shown(visitor, look, way)
        return self._render(request, visitor, look, way, shown, again=again, status=status)

    def _render(
        self,
        request: web.Request,
        visitor: Visitor,
        look: Look,
        way: str,
        shown: Shown,
        *,
        again: Again | None = None,
        status: int = 200,
        query: Mapping[str, str] | None = None,
    ) -> web.Response:
        template = _TEMPLATES.get(look.step)
        if template is None:
            return self._ended(look)
        again = again or Again(errors={}, kept={})
        words: dict[str, Any] = {
            "here": _address(visitor.text),
            "look": look,
            "errors": again.errors,
            "kept": again.kept,
            "way": way,
            "sent": bool(query and query.get("sent")),
            "done": query.get("done", "") if query else "",
            "recovery": self._recovering.way(look.directory),
            "sign_in": self._sign_ins.offered(look.purpose, look.step),
            "vouching": shown,
            "vouching_minutes": self._code_minutes,
        }
        if look.key is not None:
            words["qr"] = qr_code(look.key.uri)
        if way == RECOVERY and template == "prove" and look.recovery:
            template = "recovery"
        elif way == WAY and shown.offered:
            template = "vouch"
        return self._forms.page(request, template, visitor.text, status=status, **words)

    def _too_much(self) -> web.Response:
        self._metrics.request("page", "limited")
        response = self._pages.ended("⌛", *TOO_MUCH, status=429)
        response.headers["Retry-After"] = WAIT
        return response

    def _ended(self, look: Look) -> web.Response:
        if look.step == Step.CHANGING:
            end = endings.CHANGING
        elif look.step == Step.DONE and look.stepped is not None:
            end = ending_of(look.stepped)
        elif look.step == Step.DONE:
            end = endings.ending(look.purpose, look.result)
        else:
            end = endings.OVER
        return self._pages.ended(end.symbol, end.title, *end.sentences)


def _way(typed: str) -> str:
    return typed if typed in (RECOVERY, WAY) else ""


def _address(text: str) -> str:
    return f"/p/{quote(text, safe='')}"
