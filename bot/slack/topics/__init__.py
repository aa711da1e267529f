"""Clicks and submitted forms, a module for each topic: an intent to a handler, and its outcome in words.

They decide nothing and keep nothing.
"""
