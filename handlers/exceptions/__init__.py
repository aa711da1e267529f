"""What security must see: raised, worked on by people, and carried outside Slack where nobody acts.

Nothing here is dropped without a record.
"""
