"""Deciding a request: who may, what their click does, the proof it rests on, and policy asked again before access exists.

It never changes a directory.
"""
