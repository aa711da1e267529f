"""The week's digest in the security channel: numbers, and what stands out with the rule by which it does.

It shows ids, names and numbers, and no free text of a person; a quiet week is one line.
"""

from collections.abc import Mapping
from datetime import timedelta

from slack_sdk.models.blocks import Block

from bot.slack.messages.parts import Message, facts, heading, note, said, section
from bot.slack.words import day, first, inert, listed, number, span, together
from bot.texts import say, say_counted, template
from handlers.audit.digests import AUTOMATIC, BY_DELEGATION, BY_PEOPLE, Broken, Digest
from handlers.decisions.outliers import QUICK, SLOW, Outlier, StandsOut
from handlers.exceptions.strange import Kind

# Of the kinds of exceptions, so many are named.
_KINDS_SHOWN = 12
# And so many of those who broke the glass.
_BROKEN_SHOWN = 10


def digest_message(digest: Digest) -> Message:
    """The week that is over."""
    since, until = day(digest.since), day(digest.until)
    entries = say_counted("{number} entry", "{number} entries", digest.entries, number=number(digest.entries))
    if digest.is_quiet:
        return said(
            say(
                "A quiet week, {since} to {until}: nobody asked for anything, nothing ended, and nothing was strange "
                "({entries} on record).",
                since=since, until=until, entries=entries,
            )
        )  # fmt: skip
    title = say("The week in numbers")
    when = say("{since} to {until}, {entries} on record.", since=since, until=until, entries=entries)
    rows = [(label, value) for label, value in _rows(digest) if value]
    strange, apart = _exceptions(digest), [_outlier(one, digest.names) for one in digest.outliers]
    blocks: list[Block] = [heading(title), note(when), *([facts(rows)] if rows else []), section(strange)]
    if apart:
        blocks.append(section("\n".join([f"*{say('What stands out')}*", *(f"• {one}" for one in apart)])))
    broken = [_broken(one) for one in digest.broken]
    if broken:
        lines = [f"• {one}" for one in first(broken, _BROKEN_SHOWN)]
        blocks.append(section("\n".join([f"*{say('Breaking the glass')}*", *lines])))
    blocks.append(
        note(say("Each counts what was recorded in that week; what is not settled yet is told as it is now."))
    )
    numbers = "; ".join(f"{label}: {value}" for label, value in rows)
    told = f"{numbers}." if numbers else ""
    return Message(text=together(f"{title}: {when}", told, strange, *apart, *broken), blocks=tuple(blocks))


def _rows(digest: Digest) -> list[tuple[str, str]]:
    count = digest.counts
    ended = count["grant.expired"] + count["grant.ended_early"] + count["grant.given_back"]
    return [
        (say("Requests"), _told(_requests(count))),
        (say("Grants"), _told(_ends(ended, digest.late))),
        (say("Accounts"), _told(_accounts(count))),
        (say("Delegations"), _told(_delegations(count))),
        (say("The record"), _told(_record(count))),
    ]


def _requests(count: Mapping[str, int]) -> list[tuple[int, str]]:
    at_once, people = count[AUTOMATIC], count[BY_PEOPLE]
    denied, refused = count["approval.denied"], count["grant.refused"]
    lapsed, withdrawn = count["grant.lapsed"], count["grant.withdrawn"]
    return [
        (
            at_once,
            say_counted("{count} granted at once by policy", "{count} granted at once by policy", at_once),
        ),
        (people, say_counted("{count} approved by people", "{count} approved by people", people)),
        (denied, say_counted("{count} denied", "{count} denied", denied)),
        (refused, say_counted("{count} refused by policy", "{count} refused by policy", refused)),
        (lapsed, say_counted("{count} lapsed", "{count} lapsed", lapsed)),
        (withdrawn, say_counted("{count} withdrawn", "{count} withdrawn", withdrawn)),
    ]


def _ends(ended: int, late: int) -> list[tuple[int, str]]:
    none = say("none of them late")
    some = say_counted("{count} late by more than a minute", "{count} late by more than a minute", late)
    return [
        (ended, say_counted("{count} ended", "{count} ended", ended)),
        (ended or late, some if late else none),
    ]


def _accounts(count: Mapping[str, int]) -> list[tuple[int, str]]:
    reset, unlocked = count["password.changed"], count["account.unlocked"]
    petitions, used = count["petition.asked"], count["petition.used"]
    vouched, reported = count["vouching.given"], count["account.reported"]
    return [
        (reset, say_counted("{count} password reset", "{count} passwords reset", reset)),
        (unlocked, say_counted("{count} unlock", "{count} unlocks", unlocked)),
        (petitions, say_counted("{count} petition asked", "{count} petitions asked", petitions)),
        (used, say_counted("{count} petition used", "{count} petitions used", used)),
        (vouched, say_counted("{count} person vouched for", "{count} people vouched for", vouched)),
        (
            reported,
            say_counted("{count} report of “it wasn't me”", "{count} reports of “it wasn't me”", reported),
        ),
    ]


def _delegations(count: Mapping[str, int]) -> list[tuple[int, str]]:
    made, used = count["delegation.made"], count[BY_DELEGATION]
    return [
        (made, say_counted("{count} made", "{count} made", made)),
        (
            used,
            say_counted("{count} decision by delegation", "{count} decisions by delegation", used),
        ),
    ]


def _record(count: Mapping[str, int]) -> list[tuple[int, str]]:
    """What an operator did to it: whoever has the key and the tables does nothing of it unseen."""
    erased, archived, rebuilt = count["text.erased"], count["log.archived"], count["log.tiles_rebuilt"]
    back, signed = count["log.unarchived"], count["log.archives_signed"]
    given_up = count["stream.given_up"]
    return [
        (erased, say_counted("{count} text erased", "{count} texts erased", erased)),
        (archived, say_counted("{count} archive written", "{count} archives written", archived)),
        (back, say_counted("{count} archive brought back", "{count} archives brought back", back)),
        (signed, say_counted("{count} archive signed anew", "{count} archives signed anew", signed)),
        (
            rebuilt,
            say_counted("the tree rebuilt {count} time", "the tree rebuilt {count} times", rebuilt),
        ),
        (
            given_up,
            say_counted("the SIEM given up {count} time", "the SIEM given up {count} times", given_up),
        ),
    ]


def _told(counted: list[tuple[int, str]]) -> str:
    return listed([words for count, words in counted if count])


def _exceptions(digest: Digest) -> str:
    """The kinds, the most frequent first, and how many of them wait for somebody."""
    found = digest.exceptions
    if not found:
        return say("No exceptions.")
    total, undecided = (sum(pair[at] for pair in found.values()) for at in (0, 1))
    kinds = sorted(found, key=lambda kind: (-found[kind][0], kind))
    named = [say("{kind} ({count})", kind=kind_words(kind), count=found[kind][0]) for kind in kinds]
    counted = say_counted("{count} exception", "{count} exceptions", total)
    if undecided:
        waits = say_counted(
            "{count} of them is not settled yet.",
            "{count} of them are not settled yet.",
            undecided,
        )
    else:
        waits = say("All of them are settled.")
    return together(
        say("{exceptions}: {kinds}.", exceptions=counted, kinds=listed(first(named, _KINDS_SHOWN))), waits
    )


def kind_words(kind: str) -> str:
    """What an exception of this kind is, in the middle of a sentence."""
    return say(KINDS[Kind(kind)]) if kind in list(Kind) else inert(kind)


def _broken(one: Broken) -> str:
    """How often somebody took something in an emergency; what was practised says so."""
    who, what = inert(one.who[:150]), f"*{inert(one.what[:150])}*"
    week, month = number(one.times), number(one.in_month)
    if one.drill:
        return say(
            "DRILL: {who}, {what}: {week} in this week, {month} in 30 days.",
            who=who, what=what, week=week, month=month,
        )  # fmt: skip
    return say(
        "{who}, {what}: {week} in this week, {month} in 30 days.", who=who, what=what, week=week, month=month
    )


def _outlier(one: StandsOut, names: Mapping[str, str]) -> str:
    """What stands out, and by which rule."""
    who, what = inert(names.get(one.who, one.who)[:150]), f"*{inert(one.what[:150])}*"
    took = span(int(one.took / timedelta(seconds=1)))
    story = say("Story {id}.", id=inert(one.story)) if one.story else ""
    match one.why:
        case Outlier.LATEST_END:
            told = say(
                "Ended late: {what} of {name}, by {time}, the longest of the week.",
                what=what,
                name=who,
                time=took,
            )
        case Outlier.QUICKEST:
            told = say(
                "Decided at once: {name} decided about {what} {time} after it was asked. Less than {rule} is hardly "
                "enough to read it.",
                name=who, what=what, time=took, rule=span(int(QUICK.total_seconds())),
            )  # fmt: skip
        case Outlier.MOST_REFUSED:
            told = say_counted(
                "Most refusals: {name}, {count} time. Policy refused what they asked for.",
                "Most refusals: {name}, {count} times. Policy refused what they asked for.",
                one.times, name=who,
            )  # fmt: skip
        case Outlier.SLOWEST:
            told = say(
                "Slowest decision: {what}, {time} after it was asked, by {name}. Named from {rule} on.",
                what=what, time=took, name=who, rule=span(int(SLOW.total_seconds())),
            )  # fmt: skip
        case Outlier.MOST_ASKED:
            told = say_counted(
                "Most asked for: {what}, {count} of {all} request.",
                "Most asked for: {what}, {count} of {all} requests.",
                one.times, what=what, all=one.of,
            )  # fmt: skip
    return together(told, story)


KINDS: Mapping[Kind, str] = {
    Kind.REFUSED_REQUEST: template("refused request"),
    Kind.REFUSED_SELF_SERVICE: template("refused self-service"),
    Kind.WRONG_APPROVER: template("decision by somebody who may not"),
    Kind.POLICY_ERROR: template("policy that could not be evaluated"),
    Kind.REVOCATION_OVERDUE: template("overdue removal"),
    Kind.EFFECT_FAILED: template("change that the directory does not follow"),
    Kind.TARGET_GONE: template("account or group that went"),
    Kind.DIRECTORY_MISSING: template("directory out of the settings"),
    Kind.CHANGE_UNSURE: template("change of an account that is not certain"),
    Kind.PAGE_LOCKOUT: template("too many wrong proofs"),
    Kind.IDENTITY_MISMATCH: template("identity that does not fit"),
    Kind.AMBIGUOUS_IDENTITY: template("identity that is not certain"),
    Kind.NOT_A_PERSON: template("somebody turned away"),
    Kind.AUTHORITY_LOST: template("authority lost before the access"),
    Kind.TAMPERED: template("click or form that was never made"),
    Kind.UNDELIVERABLE: template("message that could not be delivered"),
    Kind.UNEXPLAINED: template("membership that nothing explains"),
    Kind.VANISHED: template("membership taken away by other hands"),
    Kind.FOUND_STANDING: template("first look at a group"),
    Kind.REVIEW_DUE: template("review due"),
    Kind.GROUP_GONE: template("group that is gone"),
    Kind.NOT_DISCOVERED: template("description of a group that cannot be used"),
    Kind.NOT_COMPARED: template("directory not compared"),
    Kind.LEFT: template("person who left"),
    Kind.MANY_LEFT: template("too many gone at once"),
    Kind.ACCESS_STOPPED: template("stop of new access or resets"),
    Kind.OWNER_UNREACHABLE: template("owner who cannot be reached"),
    Kind.CLONED_PASSKEY: template("copied passkey"),
    Kind.ADDRESS_CHANGED: template("change of address before a reset"),
    Kind.NOT_ME: template("“it wasn't me”"),
    Kind.PETITION: template("petition"),
    Kind.VOUCHING: template("vouching"),
    Kind.EMERGENCY_REFUSED: template("refused break-glass"),
    Kind.HELP_DESK: template("act of the help desk for others"),
    Kind.UNPROVEN: template("decision without the proof it needs"),
    Kind.NOT_STREAMED: template("record not taken by the SIEM"),
    Kind.ROW_CHANGED: template("row changed past Wicket"),
    Kind.RECORD_CHANGED: template("place in the record changed past Wicket"),
    Kind.UNCHECKED: template("records that could not be checked"),
    Kind.NOT_LOOKED_OVER: template("lookout over the record that stood still"),
    Kind.CLOCK_AHEAD: template("clock that was set back"),
    Kind.LEFT_CATALOGUE: template("entitlement out of the catalogue that people have"),
    Kind.ROWS_UNSIGNED: template("rows of an older version without signatures"),
    Kind.MANY_REFUSALS: template("burst of refusals"),
    Kind.MANY_RESETS: template("burst of resets"),
    Kind.APPROVING_EACH_OTHER: template("two people approving each other"),
    Kind.APPROVED_AT_ONCE: template("approvals within seconds"),
    Kind.DORMANT: template("privileged request after a long silence"),
    Kind.MANY_ASKED: template("many different things asked for at once"),
    Kind.DETECTOR_FAILED: template("detector that failed"),
    Kind.RULES_CHANGED: template("change of the rules"),
    Kind.RULES_INVALID: template("files of the rules that cannot be used"),
    Kind.RULES_DIFFER: template("replica with other rules"),
    Kind.EMERGENCY_REVIEW: template("emergency to review"),
    Kind.EMERGENCY_UNJUSTIFIED: template("emergency that was not justified"),
    Kind.EMERGENCY_LOST: template("person whose emergencies were lost from the records"),
    Kind.DRILL_MISSED: template("drill that is missing"),
    Kind.RULES_PROPOSED: template("change of the rules to approve"),
}
