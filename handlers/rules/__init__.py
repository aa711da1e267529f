"""The rules that hold, their changes, approved or told, and the record put to another set.

A bad set never replaces a good one.
"""
