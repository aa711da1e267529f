"""The outbox, delivered: one courier for each way out.

A courier renders the state as it is when it delivers, and decides nothing.
"""
