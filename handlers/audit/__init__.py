"""The verbs of the audit log: sealed, signed, walked through, watched, streamed and told of.

They never write an entry for somebody else; that is `recording`.
"""
