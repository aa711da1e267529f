"""What somebody hears when their proofs changed: which, when, and what to do if it was another."""

import pytest

from bot.slack.messages.proof_news import proofs_changed_message
from storage.states import Changed
from tests.bot.slack.stories import NOW, clumsy, hears, problems, reads


@pytest.mark.parametrize("what", Changed)
def test_every_change_is_told_with_what_to_do(what: Changed) -> None:
    """P-6."""
    message = proofs_changed_message(what, "work laptop", NOW, handle="h-1")
    assert (clumsy(hears(message)), problems(message)) == ([], [])
    assert "Was this not you? One click stops it." in hears(message)
    assert "[It wasn't me]" in reads(message)
    assert ("work laptop" in hears(message)) == what.startswith("passkey-")


def test_a_name_comes_alive_nowhere() -> None:
    """SL-9."""
    message = proofs_changed_message(Changed.PASSKEY_ADDED, "<!channel> *✅ Approved*", NOW, handle="h-1")
    sent = [message.text, *(str(block.to_dict()) for block in message.blocks)]
    assert not any("<!channel>" in each or "*✅" in each for each in sent)
