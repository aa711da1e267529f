"""A request and the grant it leads to, as people meet it: asked, foreseen, shown, passed on, reminded of, extended.

It decides nothing: that is `approvals`, and what is done in directories is `grants`.
"""
