"""Stories: what the audit log says, entry by entry, as sentences for people.

Nothing here reads the store or knows where it is shown.
"""
