"""The audit store that proves itself: entries, the Merkle tree over them, signed checkpoints.

Entries are added and read; nothing here changes or deletes one.
"""
