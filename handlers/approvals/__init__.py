"""Deciding a request: who may, what their click does, and policy asked again before access exists.

It never changes a directory.
"""
