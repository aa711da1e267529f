"""Detectors: each a small file that says which entries it looks at, when they are strange, and how that is told.

They read nothing themselves and raise nothing; handlers.detectors.detecting hands them windows of the record.
"""
