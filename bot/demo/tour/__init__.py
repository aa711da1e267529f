"""`wicket demo --tour`: the whole story over the wire, without a browser, as a readable transcript.

It plays against the same running demo that people open in a browser, and replaces nothing of it but the clock.
"""
