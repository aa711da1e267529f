"""Forms: what is asked in a modal, and its answer read back as checked values.

They are pure functions and do nothing with what was typed.
"""
