"""Drift: directories compared with what was granted and declared, and what people decide about the difference.

Nothing is removed unasked.
"""
