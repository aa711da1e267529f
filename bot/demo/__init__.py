"""The demo: the pretend Slack workspace, its page, the sample company and the tour.

It runs the real bot over Slack's protocols; it never imports how the bot speaks, and nothing real depends on it.
"""
