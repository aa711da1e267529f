"""What every directory connector must promise, asked of each of them."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage.directories.base import Account, Directory, Membership, Pair, PasswordRejected
from storage.directories.listing import Listing
from storage.faults import DirectoryUnavailable
from tests.directories.reading import members_of
from tests.storage.directories.stages import GOOD, STAGES, Stage

_LETTERS = 50
NEW = "a wholly different sentence 7"


@pytest.fixture(params=sorted(STAGES))
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    async with STAGES[request.param](tmp_path) as made:
        yield made


@pytest.fixture
def directory(stage: Stage) -> Directory:
    return stage.directory


async def test_an_account_is_found_by_its_id_and_says_when_it_was_read(stage: Stage) -> None:
    ada = await stage.person("ada", mail="Ada@Example.com")
    found = await stage.directory.account(ada)
    assert found is not None
    assert (found.id, found.login, found.mail, found.directory) == (
        ada, "ada", "Ada@Example.com", stage.directory.name,
    )  # fmt: skip
    assert (found.active, found.locked, found.privileged) == (True, False, False)
    assert found.read_at.tzinfo is UTC
    assert abs(datetime.now(UTC) - found.read_at) < timedelta(minutes=1)


async def test_an_account_that_does_not_exist_is_none(stage: Stage) -> None:
    assert await stage.directory.account("nobody") is None


async def test_the_id_outlives_a_new_login(stage: Stage) -> None:
    ada = await stage.person("ada")
    await stage.rename(ada, "countess")
    found = await stage.directory.account(ada)
    assert found is not None
    assert found.login == "countess"


async def test_a_login_is_compared_without_case_and_is_the_newest_one(stage: Stage) -> None:
    ada = await stage.person("ada")
    await stage.rename(ada, "countess")
    found = await stage.directory.account_by_login("Countess")
    assert found is not None
    assert found.id == ada
    assert await stage.directory.account_by_login("ada") is None
    assert await stage.directory.account_by_login("count%") is None


async def test_mail_is_compared_without_case_and_every_match_is_given(stage: Stage) -> None:
    ada = await stage.person("ada", mail="Shared@Example.com")
    eve = await stage.person("eve", mail="shared@example.COM")
    await stage.person("bob", mail="bob@example.com")
    found = await stage.directory.accounts_by_mail("SHARED@example.com")
    assert {account.id for account in found} == {ada, eve}
    assert await stage.directory.accounts_by_mail("unknown@example.com") == []


async def test_a_mail_search_takes_no_patterns(stage: Stage) -> None:
    """A person's address goes into LDAP filters and SQL: it must stay a text there."""
    await stage.person("ada", mail="ada@example.com")
    for pattern in ("*", "%", "ada*", "ada@example.com)(mail=*", "' OR 1=1 --", ""):
        assert await stage.directory.accounts_by_mail(pattern) == []


async def test_members_of_nested_groups_count_and_circles_come_to_an_end(stage: Stage) -> None:
    ada, bob = await stage.person("ada"), await stage.person("bob")
    for name in ("outer", "middle", "inner"):
        await stage.group(name)
    await stage.put("inner", ada)
    await stage.put("middle", bob, groups=("inner",))
    await stage.put("outer", groups=("middle",))
    await stage.put("inner", groups=("outer",))
    assert await members_of(stage.directory, "outer") == {ada, bob}
    account = await stage.directory.account(ada)
    assert account is not None
    assert account.groups == {"inner", "middle", "outer"}


async def test_membership_through_another_group_is_not_direct(stage: Stage) -> None:
    ada = await stage.person("ada")
    await stage.group("outer")
    await stage.group("inner")
    await stage.put("outer", groups=("inner",))
    await stage.put("inner", ada)
    assert (await stage.directory.membership(ada, "inner")).present
    assert not (await stage.directory.membership(ada, "outer")).present


async def test_an_empty_group_is_empty_and_a_missing_one_is_none(stage: Stage) -> None:
    await stage.group("empty")
    assert await members_of(stage.directory, "empty") == frozenset()
    assert await members_of(stage.directory, "missing") is None
    assert not (await stage.directory.membership("nobody", "missing")).present


async def test_adding_and_removing_twice_is_as_once(stage: Stage) -> None:
    ada = await stage.person("ada")
    await stage.group("vpn")
    await stage.directory.add_member(ada, "vpn")
    await stage.directory.add_member(ada, "vpn")
    assert await members_of(stage.directory, "vpn") == {ada}
    await stage.directory.remove_member(ada, "vpn")
    assert not (await stage.directory.membership(ada, "vpn")).present
    await stage.directory.remove_member(ada, "vpn")
    assert await members_of(stage.directory, "vpn") == frozenset()


async def test_many_memberships_are_read_and_ended_as_each_alone(stage: Stage) -> None:
    """Promise 7: an answer for each, in the order that was asked, be there such an account or group or not."""
    directory = stage.directory
    ada, bob, eve = [await stage.person(login) for login in ("ada", "bob", "eve")]
    for name in ("vpn", "wiki", "inner"):
        await stage.group(name)
    await stage.put("inner", eve)
    await stage.put("wiki", ada, groups=("inner",))
    await stage.put("vpn", ada, bob)
    pairs = [(bob, "vpn"), (ada, "wiki"), (ada, "vpn"), (eve, "wiki"), ("nobody", "vpn"), (ada, "missing")]
    assert await answers(directory, pairs) == [True, True, True, False, False, False]
    ended = [(ada, "vpn"), (eve, "wiki"), ("nobody", "missing")]
    for _ in range(2):  # it may be repeated
        assert list(await directory.remove_members(ended)) == [None, None, None]
    assert await answers(directory, pairs) == [True, True, False, False, False, False]
    assert await members_of(directory, "wiki") == {ada, eve}
    assert list(await directory.memberships_of([])) == list(await directory.remove_members([])) == []


async def answers(directory: Directory, pairs: Sequence[Pair]) -> list[bool]:
    """Whether each is there; every one of them must have been answered."""
    found = await directory.memberships_of(pairs)
    assert [one for one in found if not isinstance(one, Membership)] == []
    return [isinstance(one, Membership) and one.present for one in found]


async def test_a_connector_takes_at_least_one_at_once(directory: Directory) -> None:
    assert directory.capabilities.at_once >= 1


async def test_many_that_cannot_be_answered_are_unknown(stage: Stage) -> None:
    """Promise 7: of a store that is away, no membership is none, and none has ended."""
    ada = await stage.person("ada")
    await stage.group("vpn")
    await stage.put("vpn", ada)
    await stage.break_down()
    for question in (stage.directory.memberships_of, stage.directory.remove_members):
        try:
            found = await question([(ada, "vpn"), (ada, "vpn")])
        except DirectoryUnavailable:
            continue  # as a whole
        assert [isinstance(one, DirectoryUnavailable) for one in found] == [True, True]


async def test_removal_ends_the_direct_membership_alone(stage: Stage) -> None:
    ada = await stage.person("ada")
    await stage.group("outer")
    await stage.group("inner")
    await stage.put("outer", ada, groups=("inner",))
    await stage.put("inner", ada)
    await stage.directory.remove_member(ada, "outer")
    assert not (await stage.directory.membership(ada, "outer")).present
    assert await members_of(stage.directory, "outer") == {ada}


async def test_an_add_that_cannot_be_done_is_a_fault_and_never_silence(stage: Stage) -> None:
    """Promise 7: an add that returned is an add that happened."""
    ada = await stage.person("ada")
    await stage.group("vpn")
    with pytest.raises(DirectoryUnavailable):
        await stage.directory.add_member(ada, "missing")
    with pytest.raises(DirectoryUnavailable):
        await stage.directory.add_member("nobody", "vpn")
    await stage.directory.remove_member("nobody", "missing")


async def test_administrators_are_privileged_also_through_nested_groups(stage: Stage) -> None:
    """P-4: membership is what makes an account privileged, read live."""
    alan, ada = await stage.person("alan"), await stage.person("ada")
    await stage.group("administrators", admin=True)
    await stage.group("directory-team")
    await stage.put("administrators", groups=("directory-team",))
    await stage.put("directory-team", alan)
    found = [await stage.directory.account(account) for account in (alan, ada)]
    assert [account.privileged for account in found if account] == [True, False]


async def test_only_the_current_password_signs_in(directory: Directory, stage: Stage) -> None:
    ada = await stage.person("ada")
    assert await directory.verify_password(ada, GOOD)
    assert not await directory.verify_password(ada, GOOD.upper())
    assert not await directory.verify_password(ada, "")
    assert not await directory.verify_password("nobody", GOOD)


async def test_a_new_password_replaces_the_old_one(directory: Directory, stage: Stage) -> None:
    ada = await stage.person("ada")
    assert await directory.set_password(ada, NEW) is None
    assert await directory.verify_password(ada, NEW)
    assert not await directory.verify_password(ada, GOOD)


async def test_long_passwords_in_any_script_are_kept_whole(directory: Directory, stage: Stage) -> None:
    """SP 800-63B-4, 3.1.1.2: at least 64 code points, and none of them cut off."""
    ada = await stage.person("ada")
    long = "пароль-密碼-" * 12
    assert await directory.set_password(ada, long) is None
    assert await directory.verify_password(ada, long)
    assert not await directory.verify_password(ada, long[:-1])


async def test_a_refused_password_says_why_and_changes_nothing(directory: Directory, stage: Stage) -> None:
    ada = await stage.person("ada")
    refused = await directory.set_password(ada, "x")
    assert isinstance(refused, PasswordRejected)
    assert refused.reason
    assert await directory.verify_password(ada, GOOD)


async def test_the_same_password_again_is_refused(directory: Directory, stage: Stage) -> None:
    ada = await stage.person("ada")
    assert isinstance(await directory.set_password(ada, GOOD), PasswordRejected)


async def test_wrong_sign_ins_lock_and_unlock_lifts_it(directory: Directory, stage: Stage) -> None:
    """AC-7: what the directory itself counts."""
    ada = await stage.person("ada")
    for _ in range(5):
        assert not await directory.verify_password(ada, "wrong")
    locked = await directory.account(ada)
    assert locked is not None
    assert locked.locked
    assert not await directory.verify_password(ada, GOOD)
    await directory.unlock(ada)
    await directory.unlock(ada)
    assert await directory.verify_password(ada, GOOD)


async def test_a_good_sign_in_forgets_the_wrong_ones(directory: Directory, stage: Stage) -> None:
    ada = await stage.person("ada")
    for _ in range(3):
        for _ in range(4):
            await directory.verify_password(ada, "wrong")
        assert await directory.verify_password(ada, GOOD)


async def test_who_is_switched_off_does_not_sign_in(directory: Directory, stage: Stage) -> None:
    ada = await stage.person("ada")
    await stage.deactivate(ada)
    found = await directory.account(ada)
    assert found is not None
    assert not found.active
    assert not await directory.verify_password(ada, GOOD)


async def test_ending_sessions_and_unlocking_may_be_repeated(directory: Directory, stage: Stage) -> None:
    ada = await stage.person("ada")
    for account in (ada, ada, "nobody"):
        await directory.end_sessions(account)
        await directory.unlock(account)


async def test_a_store_that_cannot_answer_is_unknown_and_never_empty(
    directory: Directory, stage: Stage
) -> None:
    """Promise 7: every question raises; none answers "none"."""
    ada = await stage.person("ada")
    await stage.group("vpn")
    await directory.health()
    await stage.break_down()
    for question in (
        lambda: directory.account(ada), lambda: directory.accounts_by_mail("ada@example.com"),
        lambda: directory.group("vpn"), lambda: directory.membership(ada, "vpn"),
        lambda: directory.add_member(ada, "vpn"), lambda: directory.remove_member(ada, "vpn"),
        lambda: directory.verify_password(ada, GOOD), lambda: directory.set_password(ada, NEW),
        lambda: directory.unlock(ada), lambda: directory.end_sessions(ada), directory.health,
        lambda: directory.accounts_of("1815"), directory.group_names, lambda: directory.switch(ada, active=True),
    ):  # fmt: skip
        with pytest.raises(DirectoryUnavailable):
            await question()


async def test_faults_do_not_repeat_passwords(directory: Directory, stage: Stage) -> None:
    """N-2: no secret in exception texts."""
    ada = await stage.person("ada")
    await stage.break_down()
    for call in (directory.verify_password(ada, "canary-7f3a"), directory.set_password(ada, "canary-7f3a")):
        with pytest.raises(DirectoryUnavailable) as caught:
            await call
        assert "canary" not in f"{caught.value!r} {caught.value.__cause__!r}"


def test_a_connector_says_when_a_removal_takes_effect(directory: Directory) -> None:
    """Promise 8: the message repeats these words."""
    assert directory.name
    assert directory.capabilities.removal_takes_effect


async def test_a_connector_keeps_to_what_it_says_it_can_do(directory: Directory, stage: Stage) -> None:
    ada = await stage.person("ada")
    able = directory.capabilities
    assert (await directory.set_password(ada, NEW) is None) is able.set_password
    if able.unlock:
        await directory.unlock(ada)
    if able.switch:
        await directory.switch(ada, active=False)
    await stage.group("vpn")
    await directory.add_member(ada, "vpn", until=datetime.now(UTC) + timedelta(hours=1))
    membership = await directory.membership(ada, "vpn")
    assert membership.present
    assert (membership.until is not None) is able.ends_memberships


async def test_a_group_names_its_members_its_inner_groups_and_its_owner(stage: Stage) -> None:
    ada, bob, mary = [await stage.person(login) for login in ("ada", "bob", "mary")]
    await stage.group("outer", owner=mary)
    await stage.group("inner")
    await stage.put("inner", bob)
    await stage.put("outer", ada, groups=("inner",))
    outer, inner = await stage.directory.group("outer"), await stage.directory.group("inner")
    assert outer is not None
    assert inner is not None
    assert (outer.name, outer.owner, outer.direct, outer.inner, outer.members) == (
        "outer", mary, {ada}, {"inner"}, {ada, bob},
    )  # fmt: skip
    assert (inner.owner, inner.direct, inner.inner, inner.members) == (None, {bob}, frozenset(), {bob})
    assert outer.id
    assert outer.id != inner.id


async def test_an_account_tells_its_own_groups_from_those_around_them(stage: Stage) -> None:
    ada = await stage.person("ada")
    await stage.group("outer")
    await stage.group("inner")
    await stage.put("inner", ada)
    await stage.put("outer", groups=("inner",))
    found = await stage.directory.account(ada)
    assert found is not None
    assert (found.direct_groups, found.groups) == ({"inner"}, {"inner", "outer"})


async def test_every_answer_says_when_it_was_read(stage: Stage) -> None:
    ada = await stage.person("ada")
    await stage.group("vpn")
    before = datetime.now(UTC)
    answers = (
        await stage.directory.account(ada),
        await stage.directory.group("vpn"),
        await stage.directory.membership(ada, "vpn"),
    )
    after = datetime.now(UTC)
    assert all(answer is not None and before <= answer.read_at <= after for answer in answers)


async def test_the_names_of_all_groups_are_given(stage: Stage) -> None:
    for name in ("vpn", "wiki"):
        await stage.group(name)
    assert {"vpn", "wiki"} <= await stage.directory.group_names()


async def test_a_directory_that_lists_its_people_names_everybody_once(stage: Stage) -> None:
    """In order, and by the ids that accounts are found by; when it cannot answer in full, it does not answer."""
    made = {await stage.person(login) for login in ("ada", "bob", "eve")}
    assert isinstance(stage.directory, Listing)
    found = await stage.directory.people()
    assert found == sorted(set(found))
    assert made <= set(found)
    await stage.break_down()
    with pytest.raises(DirectoryUnavailable):
        await stage.directory.people()


async def test_one_person_s_accounts_are_found_by_the_company_s_number(stage: Stage) -> None:
    """SL-3: never by name."""
    ada = await stage.person("ada", person="1815")
    second = await stage.person("ada-admin", person="1815")
    bob = await stage.person("bob")
    assert {account.id for account in await stage.directory.accounts_of("1815")} == {ada, second}
    for nobody in ("", "*", "181", "1815)(uid=*"):
        assert await stage.directory.accounts_of(nobody) == []
    found = [await stage.directory.account(account) for account in (ada, bob)]
    assert [account.person for account in found if account] == ["1815", ""]


async def test_an_account_is_switched_off_and_on_again(directory: Directory, stage: Stage) -> None:
    """AC-2(3): and only the switch says so, not a lockout."""
    ada = await stage.person("ada")
    for active in (False, False, True, True):
        await directory.switch(ada, active=active)
        found = await directory.account(ada)
        assert found is not None
        assert (found.active, found.locked) == (active, False)
        assert await directory.verify_password(ada, GOOD) is active
    with pytest.raises(DirectoryUnavailable):
        await directory.switch("nobody", active=False)


async def test_the_age_of_a_password_is_known(directory: Directory, stage: Stage) -> None:
    ada = await stage.person("ada")
    before = datetime.now(UTC) - timedelta(seconds=2)
    assert await directory.set_password(ada, NEW) is None
    found = await directory.account(ada)
    assert found is not None
    assert found.password_changed_at is not None
    assert before < found.password_changed_at < datetime.now(UTC) + timedelta(seconds=2)
    assert found.password_expires_at is not None
    assert found.password_expires_at > found.password_changed_at


async def test_a_password_that_must_be_changed_is_no_proof(directory: Directory, stage: Stage) -> None:
    """IA-5(1): whoever gave it out knows it too. A new one of the person's own choice is one."""
    ada = await stage.person("ada")
    await stage.demand_new_password(ada)
    found = await directory.account(ada)
    assert found is not None
    assert found.must_change_password
    assert not await directory.verify_password(ada, GOOD)
    assert await directory.set_password(ada, NEW) is None
    changed = await directory.account(ada)
    assert changed is not None
    assert not changed.must_change_password
    assert await directory.verify_password(ada, NEW)


async def test_an_examination_names_the_groups_that_are_missing(directory: Directory, stage: Stage) -> None:
    await stage.group("vpn")
    found = await directory.examine(["vpn", "missing"])
    levels = {finding.about: finding.level for finding in found}
    assert levels["group vpn"] == "ok"
    assert levels["group missing"] == "failed"
    assert all(finding.advice for finding in found if finding.level != "ok")


async def test_an_examination_of_what_is_away_is_a_finding(directory: Directory, stage: Stage) -> None:
    await stage.break_down()
    assert "failed" in {finding.level for finding in await directory.examine(["vpn"])}


async def test_what_is_taken_for_the_name_of_a_group_is_one_to_it(stage: Stage) -> None:
    """All letters that are passed over: were one of them told apart there, its group would not be found."""
    ada = await stage.person("ada")
    key = (await _read(stage.directory, ada)).group_key
    letters = "".join(letter for letter in map(chr, range(0x41, 0x3000)) if key(letter) != letter)
    for start in range(0, len(letters), _LETTERS):  # a name of all of them would be too long
        name = f"G{letters[start : start + _LETTERS]}"
        await stage.group(name)
        await stage.put(name, ada)
        assert (await _read(stage.directory, ada)).is_in(key(name))
        assert (await stage.directory.membership(ada, key(name))).present


async def test_a_name_in_other_capitals_is_a_group_wherever_it_is_one_to_the_directory(stage: Stage) -> None:
    ada = await stage.person("ada")
    await stage.group("Wiki-Editors")
    await stage.put("Wiki-Editors", ada)
    account = await _read(stage.directory, ada)
    for name in ("Wiki-Editors", "wiki-EDITORS", "wiki-edit", ""):
        assert account.is_in(name) == (await stage.directory.group(name) is not None)


async def _read(directory: Directory, account_id: str) -> Account:
    found = await directory.account(account_id)
    assert found is not None
    return found
