"""The one web server: the secure page, health, metrics, and Slack's signed HTTP mode.

No page gives access by its address alone, and no GET changes anything.
"""
