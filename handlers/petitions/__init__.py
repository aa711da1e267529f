"""Petitions: somebody who lost every proof is let in again by two people who know them.

No proof of theirs is ever seen here.
"""
