"""What Wicket says, as pure functions from facts to Block Kit: all texts live here.

Nothing here looks anything up or sends anything.
"""
