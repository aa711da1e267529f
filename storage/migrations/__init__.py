"""The migrations: how a database comes from any earlier version of the tables to this one.

Nothing here runs by itself; storage.engine.migrating runs it.
"""
