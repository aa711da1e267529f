"""Questions about one's own access and what became of it, answered from live facts.

They change nothing.
"""
