"""The running program: settings, composition root, Slack, the web server, the schedule, the command line.

It translates between people and handlers; it never decides who may do what.
"""
