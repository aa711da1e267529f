"""The authoritative identity stores: one port, one file a connector.

A directory that fails is "unknown", never "none" (promise 7).
"""
