"""What a help desk does for somebody else (R-6): unlock, a reset begun, access checked again.

The desk never sees a password or a proof.
"""
