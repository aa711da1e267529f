"""Slack: listeners and forms in, messages out, and who is speaking.

It translates; it never decides who may do what, and never trusts a payload about who somebody is.
"""
