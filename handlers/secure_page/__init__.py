"""The secure page's verbs: a visit, the proofs that are shown and kept, and what a proven visit may do.

None of them knows HTML, and none puts a secret into Slack.
"""
