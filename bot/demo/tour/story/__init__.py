"""The story of the tour: chapters of steps, each a function whose docstring is the promise that it shows.

They act and look; how it is told and what becomes of a failure stand elsewhere.
"""
