"""“This wasn't me”: raised by the person, released by security.

An alarm never ends by itself.
"""
