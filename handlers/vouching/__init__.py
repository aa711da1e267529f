"""One colleague vouching for another as one half of a proof (P-13).

Its word alone lets nobody in.
"""
