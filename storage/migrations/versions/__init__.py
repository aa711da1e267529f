"""One module a revision, in the order of their numbers.

A revision that was released is never edited, and none alters an audit table in batch: that drops its triggers.
"""
