"""What an auditor takes home: who asked, who decided and why, what was given and when it ended, with the proof.

It reads the audit log and writes files; it decides nothing and changes nothing.
"""
