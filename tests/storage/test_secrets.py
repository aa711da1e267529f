"""Keys at work: what is sealed opens again, what is derived is recognised, and no key is ever repeated."""

import hashlib

import pytest

from storage.faults import SettingsFault
from storage.secrets import CodeHash, SealBroken, Vault, generate_key, new_salt, salt_of


def test_what_was_sealed_opens_again() -> None:
    vault = Vault([generate_key()])
    assert vault.open(vault.seal("JBSWY3DPEHPK3PXP é")) == "JBSWY3DPEHPK3PXP é"


def test_the_same_text_never_looks_the_same_twice() -> None:
    vault = Vault([generate_key()])
    assert vault.seal("seed") != vault.seal("seed")
    assert "seed" not in vault.seal("seed")


def test_an_older_key_still_opens_and_recognises() -> None:
    old, new = generate_key(), generate_key()
    before, after = Vault([old]), Vault([new, old])
    assert after.open(before.seal("kept")) == "kept"
    assert before.derive("handle", "h-1") in list(after.derive_all("handle", "h-1"))
    assert after.derive("handle", "h-1") == Vault([new]).derive("handle", "h-1")


def test_a_key_that_was_dropped_opens_nothing() -> None:
    sealed = Vault([generate_key()]).seal("kept")
    with pytest.raises(SealBroken):
        Vault([generate_key()]).open(sealed)


@pytest.mark.parametrize("broken", ["", "gAAAA", "é", "A" * 200])
def test_a_changed_seal_is_a_fault_of_ours(broken: str) -> None:
    with pytest.raises(SealBroken):
        Vault([generate_key()]).open(broken)


def test_each_purpose_and_each_name_derives_something_else() -> None:
    vault = Vault([generate_key()])
    derived = {vault.derive(purpose, name) for purpose in ("handle", "mail-code") for name in ("h-1", "h-2")}
    assert len(derived) == 4


@pytest.mark.parametrize("key", ["", "short", "é" * 44, "!" * 44, "A" * 40])
def test_a_misshapen_key_is_refused_without_repeating_it(key: str) -> None:
    with pytest.raises(SettingsFault) as refused:
        Vault([key])
    assert not key or key not in str(refused.value)


def test_without_a_key_there_is_no_vault() -> None:
    with pytest.raises(SettingsFault):
        Vault([])


def test_a_recovery_code_is_kept_salted_and_slow() -> None:
    """Every installation has codes that were hashed at this cost: another would let nobody in by one."""
    salt, made = new_salt(), CodeHash()
    hashed = made.of("abcd", salt)
    assert (
        hashed
        == f"scrypt${salt.hex()}${hashlib.scrypt(b'abcd', salt=salt, n=4096, r=8, p=1, dklen=32).hex()}"
    )
    assert hashed == made.of("abcd", salt_of(hashed))
    assert hashed != made.of("abcd", new_salt())
    assert "abcd" not in hashed
