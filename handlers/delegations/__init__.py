"""Approvals delegated for a time and within limits (R-5), and the scopes that the catalogue gives.

Nobody lends what they do not hold.
"""
