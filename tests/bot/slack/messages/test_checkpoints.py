"""The checkpoint that stands in the security channel is the one that was signed, to the last character."""

from datetime import UTC, datetime
from typing import Any

from bot.demo.workspace.text import plain
from bot.slack.messages.checkpoints import checkpoint_message
from storage.audit.checkpoint import Checkpoint, Signer, sign, verify_note
from storage.audit.merkle import Frontier

AT = datetime(2026, 11, 23, 14, 2, tzinfo=UTC)
SIGNER = Signer.from_seed("wicket.example/audit", bytes(range(32)))
TREE = Frontier().append(bytes(32))


def shown(size: int) -> tuple[str, list[dict[str, Any]], Checkpoint]:
    """Text and blocks of the message about a checkpoint over `size` entries, and the checkpoint."""
    checkpoint = Checkpoint(origin=SIGNER.name, size=size, root=TREE.root)
    body = checkpoint_message(at=AT, size=size, signed=sign(checkpoint, SIGNER)).body()
    return body["text"], body["blocks"], checkpoint


def test_what_is_copied_from_the_message_is_the_checkpoint_that_was_signed():
    _, blocks, checkpoint = shown(12345)
    (copied,) = (
        part["elements"][0]["text"]
        for block in blocks
        if block["type"] == "rich_text"
        for part in block["elements"]
        if part["type"] == "rich_text_preformatted"
    )
    assert verify_note(copied, SIGNER.verifier) == checkpoint


def test_the_text_says_how_many_entries_when_and_which_root():
    text = plain(shown(12345)[0], {})
    root = sign(Checkpoint(origin=SIGNER.name, size=1, root=TREE.root), SIGNER).split("\n")[2]
    assert text == (f"Audit checkpoint over 12,345 entries, taken 23 Nov 14:02 UTC. Root of the tree: {root}")


def test_one_entry_is_not_called_entries():
    text, _, _ = shown(1)
    assert "over 1 entry, taken" in text
