"""What the security channel reads of exceptions: the message of one, and the words of each kind.

They are pure functions of facts.
"""
