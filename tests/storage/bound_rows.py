"""One row of each kind that carries authority, made as Wicket does, with what it gives and a change of it by hand."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlmodel import Session

from storage import (
    alarms,
    announcements,
    approvals,
    bulletins,
    delegations,
    emergencies,
    exceptions,
    freezes,
    grants,
    handles,
    holdings,
    inquiries,
    lift_words,
    links,
    passkeys,
    petitions,
    proofs,
    rule_sets,
    sign_ins,
    standings,
    step_ups,
    streams,
    vouchings,
    walks,
)
from storage.alarms import Effect
from storage.delegations import Party
from storage.macs import DETECTORS, SENDING
from storage.ours import with_what_is_ours
from storage.passkeys import Ceremony, NewPasskey
from storage.records import Attestation, Emergency, LiftWord, Petition, RestoreWord
from storage.states import (
    EmergencyState,
    FreezeKind,
    GrantState,
    PetitionState,
    Purpose,
    Result,
    RuleSetState,
)
from storage.step_ups import About, Whose
from tests.storage.rows import keep, recorded

HOUR = timedelta(hours=1)
ADA = {"directory": "local", "account": "p-ada"}
WHOSE = Whose(**ADA, slack_team="T1", slack_user="U0ADA")


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of row. make: as Wicket does. counts: whether it gives what it gives. change: by hand, in SQL."""

    table: str
    make: Callable[[Session, datetime], str]
    counts: Callable[[Session, datetime], bool]
    change: str


def a_handle(tx: Session, at: datetime, purpose: Purpose = Purpose.RESET) -> str:
    return handles.make_handle(
        tx, at=at, expires_at=at + HOUR, purpose=purpose, **ADA, slack_team="T1", slack_user="U0ADA"
    ).id


def a_link(tx: Session, at: datetime) -> str:
    return links.make_link(
        tx, at=at, slack_team="T1", slack_user="U0ADA", **ADA, mail="ada@example.com", made_by="sign-in"
    ).id


def an_approval(tx: Session, at: datetime) -> str:
    grant = keep(tx, at, GrantState.PENDING, id="g-1", expires_at=None, lapses_at=at + HOUR)
    approvals.add_approval(
        tx, grant, at=at, approver="p-bob", approver_name="Bob", slack_user="U0BOB", role="owner", approved=True,
        rationale="",
    )  # fmt: skip
    return approvals.approvals_of(tx, "g-1")[0].id


def _seed(tx: Session, at: datetime) -> str:
    handle = a_handle(tx, at)
    proofs.keep_pending_seed(tx, handle=handle, **ADA, sealed="sealed", at=at)
    assert proofs.replace_seed(tx, handle=handle, **ADA, step=1)
    found = proofs.seed_of(tx, **ADA)
    assert found is not None
    return found.id


def _code(tx: Session, at: datetime) -> str:
    proofs.replace_recovery_codes(tx, **ADA, hashed_codes=["scrypt$00$00"], at=at)
    return proofs.recovery_codes(tx, **ADA)[0].id


def _passkey(tx: Session, at: datetime) -> str:
    new = NewPasskey(
        credential="c1", public_key="k1", user_handle="u1", sign_count=1, aaguid="", transports=(),
        backup_eligible=False, backed_up=False, name="",
    )  # fmt: skip
    made = passkeys.keep_passkey(tx, **ADA, at=at, new=new, name="Key")
    assert made is not None
    return made


def _challenge(tx: Session, at: datetime) -> str:
    assert passkeys.new_challenge(
        tx, handle=a_handle(tx, at), kind=Ceremony.SHOW, browser="b", value="v", user_handle="u", at=at,
        expires_at=at + HOUR, most=9,
    )  # fmt: skip
    return str(tx.connection().execute(text("SELECT id FROM challenges")).scalar_one())


def _takes_challenge(tx: Session, at: datetime) -> bool:
    handle = str(tx.connection().execute(text("SELECT handle FROM challenges")).scalars().first())
    taken = passkeys.take_challenge(tx, handle=handle, kind=Ceremony.SHOW, browser="b", value="v", at=at)
    return taken is not None


def _subject(tx: Session, at: datetime) -> str:
    assert sign_ins.pin(tx, issuer="https://idp", sub="s1", **ADA, at=at)
    return "s1"


def _step_up(tx: Session, at: datetime) -> str:
    handle = handles.handle_by_id(tx, a_handle(tx, at, Purpose.STEP_UP))
    assert handle is not None
    step_ups.ask_for(tx, handle, about="g-1", kind=About.APPROVAL, thing="", whom="")
    assert handles.bind(tx, handle.id, proven=["totp"], session="s", was="", at=at)
    assert handles.move(tx, handle.id, was=Result.OPEN, now=Result.DONE, at=at)
    return handle.id


def _is_proven(tx: Session, at: datetime) -> bool:
    return step_ups.proven_since(tx, WHOSE, "g-1", at - HOUR, until=at) is not None


def _petition(tx: Session, at: datetime) -> str:
    handle = a_handle(tx, at, Purpose.REGAIN)
    assert petitions.add(
        tx,
        Petition(
            id=handle, kind="proofs", **ADA, name="Ada", login="ada", team="", employment="employee", manager="",
            privileged=True, slack_team="T1", slack_user="U0ADA", explanation="", state=PetitionState.ASKED,
            missing={}, asked_at=at, lapses_at=at + HOUR, next_at=at,
        ),
    )  # fmt: skip
    return handle


def _attestation(tx: Session, at: datetime) -> str:
    petition = _petition(tx, at)
    assert petitions.attest(
        tx,
        Attestation(
            petition=petition, directory="local", account="p-bob", name="Bob", slack_user="U0BOB", role="owner",
            rationale="", proof="h-9", proven_at=at, at=at,
        ),
    )  # fmt: skip
    return petition


def _is_attested(tx: Session, _: datetime) -> bool:
    petition = str(tx.connection().execute(text("SELECT id FROM petitions")).scalars().first())
    return bool(petitions.attestations(tx, petition))


def _vouching(tx: Session, at: datetime) -> str:
    made = vouchings.ask(
        tx, handle=a_handle(tx, at), **ADA, counted="c", browser="b", idle="", at=at, expires_at=at + HOUR
    )
    word = vouchings.Word(
        whom="Ada", voucher="p-bob", name="Bob", slack_user="U0BOB", role="manager", spoken="phone", ticket="",
        proof="h-9",
    )  # fmt: skip
    assert vouchings.vouch(tx, made.id, word, at=at, counts_from=at, counts_until=at + HOUR)
    return made.id


def _emergency(tx: Session, at: datetime) -> str:
    asked = Emergency(
        id="b-1", state=EmergencyState.ASKED, **ADA, login="ada", name="Ada", slack_team="T1", slack_user="U0ADA",
        entitlement="prod-db", incident="INC-1", reason="", minutes=30, handle="h-9", asked_at=at, ask_by=at + HOUR,
    )  # fmt: skip
    assert emergencies.add(tx, asked)
    return "b-1"


def _has_asked(tx: Session, _: datetime) -> bool:
    return bool(emergencies.under_way(tx))


def _holding(tx: Session, at: datetime) -> str:
    grant = keep(tx, at, GrantState.ENDING)
    held = holdings.follow_grant(tx, grant, at=at, due_at=at)
    assert holdings.note_stood_before(tx, held, stood=True)
    return held.id


def stood_before(tx: Session, _: datetime) -> bool:
    held = holdings.of_account(tx, **ADA, group="prod-db-rw")
    assert held is not None
    covering = grants.covering_holding(tx, held)
    return with_what_is_ours(tx, held, covering).stood_before is not False


def _freeze(tx: Session, at: datetime) -> str:
    freeze = freezes.begin(tx, at=at, kind=FreezeKind.RESTORED, by="cli", lost_from=None, facts={})
    freezes.lift(tx, freeze, at=at, by="Ina", rationale="")
    return freeze.id


def an_exception(tx: Session, at: datetime) -> str:
    return exceptions.raise_exception(
        tx, at=at, kind="access-stopped", cause="access-stopped:z-1", severity="high", who="Ina", correlation="z-1",
        facts={"freeze": "z-1"},
    ).id  # fmt: skip


def _is_told(tx: Session, _: datetime) -> bool:
    return bool(exceptions.open_of(tx, "access-stopped:z-1"))


def _inquiry(tx: Session, at: datetime) -> str:
    keep(tx, at, GrantState.PENDING, id="g-1", expires_at=None, lapses_at=at + HOUR)
    made = inquiries.ask(
        tx, at=at, grant="g-1", asker="p-bob", asker_name="Bob", slack_user="U0BOB", question="Why?"
    )
    inquiries.answer(tx, made, at=at, text="INC-1")
    return made.id


def _is_shown(tx: Session, _: datetime) -> bool:
    return bool(inquiries.about(tx, "g-1"))


def _bulletin(tx: Session, at: datetime) -> str:
    assert bulletins.begin(tx, "checkpoint", "2026-11-23", since=at, until=at, at=at)
    bulletins.signed(tx, "2026-11-23", number=7, week_of=at)
    return "checkpoint"


def _was_told(tx: Session, _: datetime) -> bool:
    told = bulletins.of(tx, "checkpoint", "2026-11-23")
    one, any_one = bulletins.has_begun(tx, "checkpoint", "2026-11-23"), bulletins.any_yet(tx, "checkpoint")
    assert one == any_one == (told is not None)
    return one


def _rule_set(tx: Session, at: datetime) -> str:
    rules = rule_sets.Loaded(policy_set="s1", content="c1", composition={"x": "y"}, sources={}, catalogue={})
    made = rule_sets.add(tx, rules, RuleSetState.ACTIVE, at=at)
    assert made is not None
    return made.id


def _holds(tx: Session, _: datetime) -> bool:
    return rule_sets.holding(tx) is not None


def _lift_word(tx: Session, at: datetime) -> str:
    freeze = freezes.begin(tx, at=at, kind=FreezeKind.EMERGENCY, by="cli", lost_from=None, facts={})
    word = LiftWord(freeze=freeze.id, **ADA, name="Ada", rationale="", at=at)
    assert lift_words.say_so(tx, word)
    return freeze.id


def _restore_word(tx: Session, at: datetime) -> str:
    word = RestoreWord(emergency="b-1", **ADA, name="Ada", rationale="", settles=True, at=at)
    lift_words.keep_each(tx, [word])
    return "b-1"


def _is_settled(tx: Session, _: datetime) -> bool:
    return any(one.settles for one in lift_words.of_lost(tx, ["b-1", "b-2"]))


def _log_walk(tx: Session, at: datetime) -> str:
    assert walks.move(tx, None, walks.Stand(round=1, began_at=at))
    return walks.AUDIT


def _is_walked(tx: Session, _: datetime) -> bool:
    return walks.stand(tx) is not None


def _detectors(tx: Session, at: datetime) -> str:
    _have_something_to_follow(tx, at)
    streams.take(tx, DETECTORS, sender="one", at=at, until=at + HOUR, begins=lambda _: 3)
    return DETECTORS


def _have_come_far(tx: Session, _: datetime) -> bool:
    return streams.position(tx, DETECTORS) > 0


def _siem(tx: Session, at: datetime) -> str:
    _have_something_to_follow(tx, at)
    streams.take(tx, SENDING, sender="one", at=at, until=at + HOUR, begins=lambda _: 3)
    return SENDING


def _have_something_to_follow(tx: Session, at: datetime) -> None:
    """More than any place here, so that it is not taken for one behind the log's end."""
    for number in range(9):
        recorded(tx, at, "grant.requested", f"g-{number}")


def _has_taken_much(tx: Session, _: datetime) -> bool:
    return streams.position(tx, SENDING) > 0


def _has_said(tx: Session, _: datetime) -> bool:
    freeze = str(tx.connection().execute(text("SELECT id FROM freezes")).scalars().first())
    return bool(lift_words.said_of(tx, freeze))


def _alarm(tx: Session, at: datetime) -> str:
    handle = a_handle(tx, at)
    assert alarms.sound(tx, handle=handle, **ADA, name="Ada", door="mail", disabled=Effect.WANTED, at=at)
    alarm = alarms.get(tx, handle)
    assert alarm is not None
    alarms.lift(tx, alarm, at=at, by="Ina", rationale="")
    return handle


def _announcement(tx: Session, at: datetime) -> str:
    handle = a_handle(tx, at)
    assert announcements.begin(tx, handle, at)
    announcements.mailed(tx, handle, at)
    return handle


def _is_mailed(tx: Session, _: datetime) -> bool:
    handle = handles.handle_by_id(
        tx, str(tx.connection().execute(text("SELECT id FROM handles")).scalar_one())
    )
    assert handle is not None
    return "mail" not in announcements.missing(tx, handle, kind="password-changed")


def _delegation(tx: Session, at: datetime) -> str:
    by, to = (Party(account=one, name=one, slack_user=f"U{one.upper()}") for one in ("p-grace", "p-ada"))
    return delegations.make(
        tx, at=at, expires_at=at + HOUR, directory="local", owner="data", by=by, role="owner", to=to, group="",
        entitlements=["prod-db"], max_risk=3, max_minutes=60,
    ).id  # fmt: skip


def _is_delegated(tx: Session, at: datetime) -> bool:
    return bool(delegations.of_owner(tx, "local", "data", at))


def _visit(tx: Session, _: datetime) -> bool:
    ids = tx.connection().execute(text("SELECT id FROM handles")).scalars().all()
    return any(handles.handle_by_id(tx, str(one)) is not None for one in ids)


def covers(tx: Session, _: datetime) -> bool:
    return bool(grants.covering(tx, **ADA, group="prod-db-rw"))


def _has_link(tx: Session, _: datetime) -> bool:
    return links.link_of(tx, "T1", "U0ADA") is not None


def _is_approved(tx: Session, _: datetime) -> bool:
    return bool(approvals.counting_of(tx, "g-1"))


def _has_seed(tx: Session, _: datetime) -> bool:
    return proofs.seed_of(tx, **ADA) is not None


def _has_code(tx: Session, _: datetime) -> bool:
    return bool(proofs.recovery_codes(tx, **ADA))


def _has_passkey(tx: Session, _: datetime) -> bool:
    return bool(passkeys.working_passkeys(tx, **ADA))


def _is_subject(tx: Session, at: datetime) -> bool:
    return sign_ins.pin(tx, issuer="https://idp", sub="s1", **ADA, at=at)


def _has_petition(tx: Session, _: datetime) -> bool:
    return petitions.open_of(tx, **ADA) is not None


def _is_vouched(tx: Session, at: datetime) -> bool:
    return vouchings.standing_of(tx, **ADA, at=at) is not None


def _is_lifted(tx: Session, _: datetime) -> bool:
    return not freezes.open_ones(tx)


def _is_released(tx: Session, _: datetime) -> bool:
    return not alarms.reported(tx)


def _standing(tx: Session, at: datetime) -> str:
    standings.declare(
        tx, at=at, directory="local", group="prod-db-rw", entitlement="prod-db", members=[("account", "p-ada")],
        owner="data", declared_by="p-grace", rationale="", review_at=at + HOUR,
    )  # fmt: skip
    return standings.of_group(tx, "local", "prod-db-rw")[0].id


def _stands(tx: Session, _: datetime) -> bool:
    return bool(standings.of_group(tx, "local", "prod-db-rw"))


def _grant(tx: Session, at: datetime) -> str:
    return keep(tx, at).id


KINDS = (
    Kind(table="links", make=a_link, change="account = 'p-eve'", counts=_has_link),
    Kind(table="grants", make=_grant, change="expires_at = expires_at + 1", counts=covers),
    Kind(table="approvals", make=an_approval, change="role = 'security'", counts=_is_approved),
    Kind(table="proofs", make=_seed, change="secret = 'another'", counts=_has_seed),
    Kind(table="proofs", make=_code, change="secret = 'another'", counts=_has_code),
    Kind(table="passkeys", make=_passkey, change="public_key = 'k2'", counts=_has_passkey),
    Kind(table="challenges", make=_challenge, change="user_handle = 'u2'", counts=_takes_challenge),
    Kind(table="subjects", make=_subject, change="pinned_at = 1", counts=_is_subject),
    Kind(table="handles", make=a_handle, change="proven = '[\"totp\"]'", counts=_visit),
    Kind(table="step_ups", make=_step_up, change="kind = 'petition'", counts=_is_proven),
    Kind(table="petitions", make=_petition, change="privileged = NOT privileged", counts=_has_petition),
    Kind(table="attestations", make=_attestation, change="role = 'security'", counts=_is_attested),
    Kind(table="vouchings", make=_vouching, change="voucher = 'p-eve'", counts=_is_vouched),
    Kind(table="emergencies", make=_emergency, change="minutes = 600", counts=_has_asked),
    Kind(table="holdings", make=_holding, change="account = account || ''", counts=stood_before),
    Kind(table="freezes", make=_freeze, change="lifted_by = 'Eve'", counts=_is_lifted),
    Kind(table="exceptions", make=an_exception, change="facts = '{\"freeze\": \"z-2\"}'", counts=_is_told),
    Kind(table="rule_sets", make=_rule_set, change="composition = '{\"x\": \"z\"}'", counts=_holds),
    Kind(table="inquiries", make=_inquiry, change="answer = 'The CTO ordered it'", counts=_is_shown),
    Kind(table="grants", make=_grant, change="requester_name = 'Grace Hopper'", counts=covers),
    Kind(table="petitions", make=_petition, change="explanation = 'I am the CTO'", counts=_has_petition),
    Kind(table="emergencies", make=_emergency, change="name = 'Grace Hopper'", counts=_has_asked),
    Kind(table="freezes", make=_freeze, change="facts = '{\"lost\": 0}'", counts=_is_lifted),
    Kind(table="bulletins", make=_bulletin, change="first = 6", counts=_was_told),
    Kind(table="lift_words", make=_lift_word, change="account = 'p-eve'", counts=_has_said),
    Kind(table="restore_words", make=_restore_word, change="emergency = 'b-2'", counts=_is_settled),
    Kind(table="delegations", make=_delegation, change="entitlements = '[\"prod-admin\"]'", counts=_is_delegated),
    Kind(table="announcements", make=_announcement, change="mailed_at = mailed_at + 1", counts=_is_mailed),
    Kind(table="log_walks", make=_log_walk, change="position = 7", counts=_is_walked),
    Kind(table="streams", make=_detectors, change="position = 7", counts=_have_come_far),
    Kind(table="streams", make=_siem, change="position = 7", counts=_has_taken_much),
    Kind(table="standings", make=_standing, change="member = 'p-eve'", counts=_stands),
    Kind(table="alarms", make=_alarm, change="lifted_by = 'Eve'", counts=_is_released),
)  # fmt: skip
"""What each gives, and one change by hand. Of freezes and alarms it is their being lifted that gives something."""
