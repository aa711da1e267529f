"""The audit log as a SIEM reads it: its events in OCSF, and the ways by which they leave.

Nothing here decides what is recorded, and nothing that is sent changes the log.
"""
