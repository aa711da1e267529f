"""Pure decisions: facts in, a decision out.

Nothing here reads a clock, a file, a socket or a database.
"""
